"""Several lines at once, with TLS or without: each mail leaves once. What servers may do stands in test_faults.py."""

import ssl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from smtplib import SMTP
from threading import Event, Thread, current_thread

import pytest

from newsletter.delivery import control
from newsletter.delivery.models import MailingState, State
from newsletter.mail import Barrier, Later, Message, Reply, SendError, Take
from newsletter.transports.exchange import Exchange, Line
from newsletter.transports.smtp import SmtpServer, SmtpTransport, connect
from tests.newsletter.certificates import Certificates
from tests.newsletter.conftest import Newsroom
from tests.newsletter.smtp_server import DROP, Script, serving

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no SQL of its own


MANY = [f"reader{number}" for number in range(40)]


def test_many_lines_at_once_send_each_mail_once(newsroom: Newsroom) -> None:
    newsroom.add(*MANY)
    mailing = newsroom.schedule()
    with serving() as (server, port):
        newsroom.send_to(port, connections=4)
    assert Counter(server.recipients) == Counter(f"{name}@example.org" for name in MANY)
    assert server.connections <= 4
    assert newsroom.account(mailing).outcomes[State.ACCEPTED] == len(MANY)


@ON_SQLITE
def test_a_server_that_allows_two_lines_gets_two(newsroom: Newsroom) -> None:
    newsroom.add(*MANY)
    mailing = newsroom.schedule()
    script = {"banner": ["220 welcome"] * 2 + ["421 4.7.0 too many connections"] * 20}
    with serving(Script(script)) as (server, port):
        newsroom.send_to(port, connections=5)
    assert newsroom.account(mailing).outcomes[State.ACCEPTED] == len(MANY)
    assert server.connections <= 5


@ON_SQLITE
def test_a_mailing_paused_under_way_opens_no_line_after_the_other(newsroom: Newsroom) -> None:
    newsroom.add(*MANY)
    mailing = newsroom.schedule()
    with serving() as (server, port):
        transport = SmtpTransport(SmtpServer("127.0.0.1", port, "none", connections=2, timeout=5))
        newsroom.send(_Pausing(newsroom, mailing, transport, after=3))
    account = newsroom.account(mailing)
    assert account.outcomes[State.ACCEPTED] == len(server.accepted) < len(MANY)
    assert (account.waiting, account.outcomes[State.IN_DOUBT]) == (len(MANY) - len(server.accepted), 0)
    assert server.connections <= 4


@dataclass
class _Pausing:
    """A way out during which somebody pauses the mailing."""

    newsroom: Newsroom
    mailing: int
    transport: SmtpTransport
    after: int

    def run(self, take: Take, barrier: Barrier) -> None:
        counted: list[Reply] = []

        def pausing(replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
            counted.extend(replies)
            if len(counted) >= self.after:
                with suppress(control.MailingError), self.newsroom.office.database.write() as session:
                    control.pause(session, self.mailing)
            return barrier(replies, departing)

        self.transport.run(take, pausing)


@ON_SQLITE
def test_over_tls_every_byte_arrives(newsroom: Newsroom, certificates: Certificates) -> None:
    newsroom.add(*MANY[:10])
    mailing = newsroom.schedule(filling="<p>" + "x" * 70 + "</p>\n")
    with serving(tls=certificates.server("localhost")) as (server, port):
        newsroom.send_to(port, connections=2, host="localhost", security="tls")
    assert newsroom.account(mailing).outcomes[State.ACCEPTED] == 10
    assert min(len(data) for _, data in server.accepted) > 200_000


@ON_SQLITE
@pytest.mark.parametrize(("name", "days"), [("elsewhere.example.org", 1), ("localhost", -1)])
def test_tls_from_the_first_byte_looks_at_the_certificate_too(
    newsroom: Newsroom, certificates: Certificates, name: str, days: int
) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with serving(tls=certificates.server(name, days)) as (server, port):
        newsroom.send_to(port, host="localhost", security="tls", user="user", password="hunter2")
    with newsroom.office.database.read() as session:
        found = control.find(session, mailing)
    assert (found.state, server.accepted) == (MailingState.PAUSED, [])
    assert "certificate" in found.note


@ON_SQLITE
def test_one_whose_address_makes_the_server_hang_up_holds_nobody_up(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben", "cam")
    mailing = newsroom.schedule()
    with serving(Script({"rcpt": [DROP, "250 fine", DROP]})) as (_server, port):
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.PENDING, State.ACCEPTED, State.PENDING]


@pytest.mark.parametrize(
    ("answer", "permanent"), [("535 5.7.8 wrong", True), ("454 4.7.0 down for now", False), ("334 a", True)]
)
def test_a_sign_in_that_cannot_be_checked_now_is_tried_again(answer: str, permanent: bool) -> None:
    script = Script({"auth": [answer]}, extensions=["AUTH CRAM-MD5"])
    with serving(script) as (_server, port), pytest.raises(SendError) as error:
        connect(SmtpServer("127.0.0.1", port, "none", "user", "hunter2", timeout=5))
    assert error.value.permanent is permanent
    assert "hunter2" not in str(error.value)


def test_where_no_more_can_be_made_what_is_on_the_wire_is_answered_for() -> None:
    replies: list[Reply] = []
    departed: list[int] = []

    def take() -> Message | Later:
        if departed:
            raise SendError("These are the wrong keys.", permanent=True)
        return messages.pop() if messages else Later(0.01)

    def barrier(said: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        replies.extend(said)
        departed.extend(departing)
        return frozenset(departing)

    messages = [Message(1, "news@example.org", "ana@example.org", b"News.\r\n")]
    with serving(Script(delay=0.2)) as (_server, port), pytest.raises(SendError, match="wrong keys"):
        SmtpTransport(SmtpServer("127.0.0.1", port, "none", connections=1)).run(take, barrier)
    assert [reply.accepted for reply in replies] == [True]


def test_a_line_that_is_opened_too_late_is_closed() -> None:
    late: list[tuple[Thread, SMTP]] = []
    numbers, goes_on, is_opened = count(), Event(), Event()

    def dial() -> SMTP:
        if next(numbers) == 0:
            return connect(server)
        goes_on.wait(10)
        late.append((current_thread(), connect(server)))
        is_opened.set()
        return late[0][1]

    with serving() as (_server, port):
        server = SmtpServer("127.0.0.1", port, "none", timeout=5)
        waiting = [Message(number, "news@example.org", "ana@example.org", b"News.\r\n") for number in (1, 2)]
        exchange = Exchange(dial, server.name, 2, 5, 5)
        exchange.run(lambda: waiting.pop() if waiting else None, lambda _replies, departing: frozenset(departing))
        goes_on.set()
        assert is_opened.wait(10)
        late[0][0].join(10)
    assert late[0][1].sock is None


class _Breaks:
    """A socket that takes so many bytes, and then the server is gone."""

    def __init__(self, takes: int) -> None:
        self._takes = takes

    def sendmsg(self, pieces: Sequence[bytes | memoryview]) -> int:
        if not self._takes:
            raise ConnectionResetError
        taken = min(self._takes, sum(map(len, pieces)))
        self._takes -= taken
        return taken


@pytest.mark.parametrize(("behind", "complete"), [(0, True), (5, True), (-1, False)])
def test_a_line_that_breaks_behind_a_dot_leaves_a_doubt_and_before_it_none(behind: int, complete: bool) -> None:
    """The dot and the next offer leave in one go, of which the system may take a part."""
    first, second = (Message(number, "news@example.org", "ana@example.org", b"News.\r\n") for number in (1, 2))
    with serving() as (_server, port):
        line = Line(connect(SmtpServer("127.0.0.1", port, "none", timeout=5)))
        talk, real = line.conversation, line.socket
        talk.offer(first)
        line.flush()
        talk.receive(b"250 ok\r\n250 ok\r\n354 go on\r\n")
        talk.release()
        talk.offer(second)
        line.socket = _Breaks(len(b"News.\r\n.\r\n") + behind)  # type: ignore[assignment] # all that flushing asks of it
        with pytest.raises(ConnectionResetError):
            line.flush()
        reply, line.socket = talk.break_off(), real
        line.close()
    assert reply
    assert (reply.delivery, reply.code, reply.complete) == (1, None, complete)


class _OverTls(ssl.SSLSocket):
    """A socket that says something and is reset, and takes nothing for now."""

    def __init__(self) -> None:
        self._says = [b"250 kept\r\n"]
        self.offered: list[int] = []

    def recv(self, buflen: int = 0, flags: int = 0) -> bytes:  # noqa: ARG002 - as its kind has it
        if not self._says:
            raise ConnectionResetError
        return self._says.pop()

    def send(self, data: memoryview, flags: int = 0) -> int:  # type: ignore[override] # noqa: ARG002 - as its kind has it
        self.offered.append(len(data))
        raise ssl.SSLWantWriteError


@pytest.fixture
def tls_line() -> Iterator[Line]:
    with serving() as (_server, port):
        line = Line(connect(SmtpServer("127.0.0.1", port, "none", timeout=5)))
        real, line.socket = line.socket, _OverTls()
        yield line
        line.socket = real
        line.close()


def test_what_a_server_says_before_it_resets_the_line_counts(tls_line: Line) -> None:
    assert (tls_line.read(), tls_line.is_over) == (b"250 kept\r\n", True)


def test_a_piece_that_tls_did_not_take_is_offered_again_and_no_more_with_it(tls_line: Line) -> None:
    """OpenSSL has begun to send it: told more, it may send the first piece and say that nothing went, and then a dot
    would have left that we take for one that had not."""
    tls_line.conversation.offer(Message(1, "news@example.org", "ana@example.org", b"News.\r\n"))
    tls_line.flush()
    tls_line.conversation.quit()
    tls_line.flush()
    first, again = tls_line.socket.offered  # type: ignore[attr-defined] # ours
    assert first == again
