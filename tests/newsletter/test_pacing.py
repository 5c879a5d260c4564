"""The pace: how fast messages leave, and when none do."""

from collections.abc import Sequence
from pathlib import Path

from newsletter.mail import Later, Message, Reply, Transport
from newsletter.transports.maildir import MaildirTransport
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from tests.newsletter.smtp_server import serving


def _message(number: int) -> Message:
    return Message(number, "news@example.org", f"reader{number}@example.org", b"Subject: News\r\n\r\nNews.\r\n")


def _run(transport: Transport, *given: Message | Later) -> list[int]:
    """Who was accepted, in this order, of messages given one after the other."""
    waiting, accepted = list(given), []

    def barrier(replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        accepted.extend(reply.delivery for reply in replies if reply.accepted)
        return frozenset(departing)

    transport.run(lambda: waiting.pop(0) if waiting else None, barrier)
    return accepted


GIVEN = (_message(1), Later(0.02), Later(0.02), _message(2))


def test_a_line_stays_open_while_there_is_nothing_to_send_yet() -> None:
    with serving() as (server, port):
        transport = SmtpTransport(SmtpServer("127.0.0.1", port, "none", connections=1, timeout=5))
        assert _run(transport, *GIVEN) == [1, 2]
    assert server.connections == 1


def test_a_maildir_waits_as_well(tmp_path: Path) -> None:
    assert _run(MaildirTransport(tmp_path / "out"), *GIVEN) == [1, 2]
    assert len(list((tmp_path / "out" / "new").iterdir())) == 2
