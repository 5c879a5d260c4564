"""Mailgun as a way out: whatever it answers, the account adds up and nobody has two; its own log is the truth."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from email.utils import formatdate
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.config import SettingsError, load
from newsletter.delivery import account, control, witnessing
from newsletter.delivery.models import Attempt, MailingState, State
from newsletter.mail import Later, Message, Reply, SendError
from newsletter.transports.mailgun import MailgunAccount, MailgunTransport
from newsletter.wiring import make_transport
from tests.newsletter.conftest import NOW, Newsroom
from tests.newsletter.mailgun_server import DOMAIN, KEY, Act, Mailgun, playing, refusal

BAD_ADDRESS = refusal(400, "'to' parameter is not a valid address. please check documentation")
TAKEN_BUT_503 = Act(503, "Service Unavailable")
LOST = Act(answers=False, takes=False)

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Answers of a provider are no matter of SQL."""


def transport(url: str, **options: Any) -> MailgunTransport:
    """One request at a time, so that scripts are followed in order; rests are short."""
    usual: dict[str, Any] = {"connections": 1, "patience": 10, "rest": 0.01}
    return MailgunTransport(replace(MailgunAccount.from_url(url), **(usual | options)))


def ask(newsroom: Newsroom, url: str) -> int:
    return witnessing.ask(newsroom.office, transport(url), Event())


def standing(newsroom: Newsroom, mailing: int) -> tuple[MailingState, str]:
    with newsroom.office.database.read() as session:
        found = control.find(session, mailing)
        return found.state, found.note


def adds_up(newsroom: Newsroom, mailing: int, mailgun: Mailgun) -> bool:
    """Everyone is somewhere, nobody has two, and who is said to have it has it."""
    found = newsroom.account(mailing)
    copies = Counter(mailgun.recipients)
    return (
        sum(found.by_state.values()) == found.people
        and max(copies.values(), default=0) <= 1
        and found.outcomes[State.ACCEPTED] <= len(copies)
        and len(copies) <= found.outcomes[State.ACCEPTED] + found.outcomes[State.IN_DOUBT]
    )


def test_everyone_gets_one_mail_and_nothing_is_tracked(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben", "cam", "dan", "eva", "fay", "gus", "hal")
    mailing = newsroom.schedule()
    with playing() as (mailgun, url):
        newsroom.send(transport(url, connections=3))
    assert sorted(name[:3] for name in mailgun.recipients) == ["ana", "ben", "cam", "dan", "eva", "fay", "gus", "hal"]
    assert all(f"<{recipient}>\r\n".encode() in data for recipient, data in mailgun.accepted)
    assert [set(form.items()) for form in mailgun.forms] == 8 * [
        {("o:tracking", "no"), ("o:tracking-clicks", "no"), ("o:tracking-opens", "no")}
    ]
    assert newsroom.account(mailing).outcomes[State.ACCEPTED] == 8
    assert standing(newsroom, mailing) == (MailingState.FINISHED, "")
    assert mailgun.connections <= 3


@one_database
@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (BAD_ADDRESS, State.REFUSED),
        (refusal(413, "Request Entity Too Large"), State.REFUSED),
        (refusal(429, "Too many requests", Retry_After="0"), State.PENDING),
        (refusal(503, "Service Unavailable"), State.IN_DOUBT),
        (refusal(500, "Internal Server Error"), State.IN_DOUBT),
        (TAKEN_BUT_503, State.IN_DOUBT),
        (LOST, State.IN_DOUBT),
        (Act(answers=False), State.IN_DOUBT),
        (Act(cut=3), State.IN_DOUBT),
        (Act(short=3), State.IN_DOUBT),
    ],
)
def test_each_answer_has_its_outcome_and_the_others_go_on(newsroom: Newsroom, act: Act, outcome: State) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    with playing(act) as (mailgun, url):
        newsroom.send(transport(url))
        assert newsroom.states(mailing) == [outcome, State.ACCEPTED]
        assert adds_up(newsroom, mailing, mailgun)
        newsroom.later(hours=1)
        newsroom.send(transport(url))
        assert adds_up(newsroom, mailing, mailgun)
    assert newsroom.account(mailing).waiting == 0  # who was told "later" has it now


@one_database
def test_what_a_provider_says_of_our_rate_is_about_no_mail_domain(newsroom: Newsroom) -> None:
    newsroom.add("ana@example.com", "ben@example.net", "cam@example.org")
    mailing = newsroom.schedule()
    with playing(*[refusal(429, "Account rate limit exceeded", Retry_After="0")] * 3) as (_mailgun, url):
        newsroom.send(transport(url))
        assert standing(newsroom, mailing)[0] is MailingState.SENDING
        newsroom.later(hours=1)
        newsroom.send(transport(url))
    assert newsroom.states(mailing) == [State.ACCEPTED] * 3


@one_database
@pytest.mark.parametrize(
    ("act", "mend"),
    [
        (refusal(401, "Forbidden"), "mend the key"),
        (refusal(403, "Domain is not allowed to send: ask <boss@example.org>"), "mend the key"),
        (refusal(404, "Domain not found"), "look at that domain"),
        (refusal(402, "Payment required"), "look at that domain"),
        (refusal(400, "from parameter is not a valid address"), "look at FROM"),
        (refusal(302, "Found", Location="https://example.com/"), "look at FROM and TRANSPORT"),
    ],
)
def test_what_is_the_matter_with_us_pauses_the_mailing_and_says_what_to_mend(
    newsroom: Newsroom, act: Act, mend: str
) -> None:
    newsroom.add("ana", "ben", "cam")
    mailing = newsroom.schedule()
    with playing(act) as (mailgun, url):
        newsroom.send(transport(url, connections=5))
        state, note = standing(newsroom, mailing)
        assert (state, mailgun.requests) == (MailingState.PAUSED, 1)
        assert mend in note
        assert KEY not in note
        assert "boss" not in note
        with newsroom.office.database.write() as session:
            control.resume(session, mailing, newsroom.clock())
        newsroom.later(hours=1)
        newsroom.send(transport(url))
    assert newsroom.states(mailing) == [State.ACCEPTED] * 3


def messages(*names: str, size: int = 10) -> list[Message]:
    data = b"Message-ID: <mark@news.example.org>\r\n\r\n" + b"x" * size + b"\r\n"
    return [Message(number, "news@example.org", f"{name}@example.org", data) for number, name in enumerate(names)]


class Books:
    """A ledger that remembers; `gone` may not depart, and `full` breaks it."""

    def __init__(self, mailgun: Mailgun, gone: int | None = None, full: bool = False) -> None:
        self.mailgun, self.gone, self.full = mailgun, gone, full
        self.replies: list[Reply] = []
        self.departed: set[int] = set()
        self.commits = 0

    def barrier(self, replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        if self.full:
            raise OSError("the disk is full")
        time.sleep(0.005)
        self.commits += 1
        self.replies += replies
        assert not self.departed & set(departing)
        assert self.mailgun.requests <= len(self.departed)  # no request before its barrier
        self.departed |= {number for number in departing if number != self.gone}
        return frozenset(self.departed)


def test_no_request_leaves_before_it_may_and_replies_share_commits_with_departures() -> None:
    waiting = iter(messages(*(f"reader{number}" for number in range(40))))
    with playing(*[Act(seconds=0.01)] * 40) as (mailgun, url):
        books = Books(mailgun)
        transport(url, connections=8).run(lambda: next(waiting, None), books.barrier)
    assert len(books.replies) == mailgun.requests == 40
    assert mailgun.most_at_once <= 8
    assert books.commits < 40


def test_who_may_not_be_written_to_any_more_is_never_told_to_the_provider() -> None:
    ana, ben, cam = messages("ana", "ben", "cam")
    waiting = iter([ana, ben, cam])
    with playing() as (mailgun, url):
        books = Books(mailgun, gone=ben.delivery)
        transport(url).run(lambda: next(waiting, None), books.barrier)
    assert mailgun.accepted == [(ana.recipient, ana.data), (cam.recipient, cam.data)]
    assert [reply.delivery for reply in books.replies] == [0, 2]


def test_where_the_books_cannot_be_written_nothing_leaves() -> None:
    waiting = iter(messages("ana", "ben"))
    with playing() as (mailgun, url):
        with pytest.raises(OSError, match="disk is full"):
            transport(url, connections=3).run(lambda: next(waiting, None), Books(mailgun, full=True).barrier)
        assert mailgun.requests == 0


def test_where_no_more_can_be_made_what_was_answered_is_written_down() -> None:
    waiting = messages("ana")

    def take() -> Message:
        if not waiting:
            raise SendError("These are the wrong keys.", permanent=True)
        return waiting.pop()

    with playing() as (mailgun, url):
        books = Books(mailgun)
        with pytest.raises(SendError, match="wrong keys"):
            transport(url).run(take, books.barrier)
    assert [reply.accepted for reply in books.replies] == [True]


def test_asked_to_come_again_later_it_does() -> None:
    ana, ben = messages("ana", "ben")
    said = iter([ana, Later(0.01), Later(0.01), ben, None])
    with playing() as (mailgun, url):
        transport(url).run(lambda: next(said), Books(mailgun).barrier)
    assert mailgun.recipients == ["ana@example.org", "ben@example.org"]


def test_a_line_that_is_reset_before_the_last_byte_leaves_no_doubt() -> None:
    waiting = iter(messages("ana", size=12_000_000))
    with playing(Act(reads=False)) as (mailgun, url):
        books = Books(mailgun)
        transport(url).run(lambda: next(waiting, None), books.barrier)
    assert [(reply.code, reply.complete) for reply in books.replies] == [(None, False)]


def test_an_answer_that_does_not_come_is_a_doubt() -> None:
    waiting = iter(messages("ana"))
    with playing(Act(seconds=0.6)) as (mailgun, url):
        books = Books(mailgun)
        transport(url, patience=0.2).run(lambda: next(waiting, None), books.barrier)
    assert [(reply.code, reply.complete) for reply in books.replies] == [(None, True)]


def test_a_provider_that_is_not_there_leaves_no_doubt() -> None:
    with playing() as (mailgun, url):
        books = Books(mailgun)
    waiting = iter(messages("ana", "ben"))
    with pytest.raises(SendError, match="does not answer") as raised:
        transport(url, connections=5, rest=20).run(lambda: next(waiting, None), books.barrier)
    assert not raised.value.permanent
    assert [(reply.code, reply.complete) for reply in books.replies] == [(None, False)]


@one_database
@pytest.mark.parametrize("as_moment", [False, True])
def test_asked_to_wait_it_waits(newsroom: Newsroom, as_moment: bool) -> None:
    asked = formatdate(time.time() + 60, usegmt=True) if as_moment else "60"
    newsroom.add("ana", "ben", "cam")
    mailing = newsroom.schedule()
    with playing(refusal(429, "Too many requests", Retry_After=asked)) as (mailgun, url):
        way_out = transport(url, connections=5)
        for _ in range(2):
            newsroom.send(way_out)
        assert mailgun.requests == 1
    assert standing(newsroom, mailing) == (MailingState.SENDING, "Mailgun asks us to wait; it goes on by itself.")
    assert newsroom.states(mailing) == [State.PENDING] * 3


@one_database
def test_a_provider_that_is_down_puts_one_person_in_doubt_for_each_time_we_try(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben", "cam", "dan", "eva")
    mailing = newsroom.schedule()
    with playing(*[refusal(502, "Bad Gateway")] * 9) as (mailgun, url):
        newsroom.send(transport(url, connections=5, rest=20))
    assert (mailgun.requests, newsroom.account(mailing).outcomes[State.IN_DOUBT]) == (1, 1)
    assert "it goes on" in standing(newsroom, mailing)[1]


def test_events_settle_doubts_and_what_they_do_not_know_stays_in_doubt(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben", "cam", "dan")
    mailing = newsroom.schedule()
    with playing(TAKEN_BUT_503, LOST, Act(503, "oh", event="rejected"), Act(answers=False, event="failed")) as (
        mailgun,
        url,
    ):
        newsroom.send(transport(url))
        assert newsroom.states(mailing) == [State.IN_DOUBT] * 4
        assert ask(newsroom, url) == 0  # a moment later nothing is asked: events take a while
        assert mailgun.asked == []
        mailgun.shows_events = False
        newsroom.later(minutes=3)
        assert ask(newsroom, url) == 0
        assert newsroom.states(mailing) == [State.IN_DOUBT] * 4
        mailgun.shows_events = True
        assert ask(newsroom, url) == 3
        assert ask(newsroom, url) == 0
        newsroom.send(transport(url))
        assert mailgun.requests == 4  # nothing was sent again
    assert newsroom.states(mailing) == [State.ACCEPTED, State.IN_DOUBT, State.REFUSED, State.ACCEPTED]
    assert adds_up(newsroom, mailing, mailgun)
    with newsroom.office.database.read() as session:
        assert [doubt.state for doubt in account.settled_by_events(session, mailing)] == [
            *(State.ACCEPTED, State.REFUSED, State.ACCEPTED)
        ]
        assert account.settled_by_events(session, mailing)[1].reason == (
            "rejected, say its events: not an authorized recipient: …"
        )
        assert len(account.doubts(session, mailing)) == 1
        told = session.scalars(select(Attempt.text).order_by(Attempt.delivery_id)).all()
    assert told[0] == "no answer after the last byte (503 Service Unavailable); accepted, say its events"


@one_database
def test_what_is_not_known_after_a_day_is_for_a_person(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with playing(LOST) as (mailgun, url):
        newsroom.send(transport(url))
        newsroom.later(hours=23)
        ask(newsroom, url)
        newsroom.later(hours=2)
        ask(newsroom, url)
    assert len(mailgun.asked) == 1
    assert newsroom.states(mailing) == [State.IN_DOUBT]


@one_database
def test_what_a_person_left_is_not_asked_about(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with playing(TAKEN_BUT_503) as (mailgun, url):
        newsroom.send(transport(url))
        with newsroom.office.database.write() as session:
            control.settle_doubts(session, mailing, send_again=False, now=NOW)
        newsroom.later(minutes=3)
        assert ask(newsroom, url) == 0
    assert mailgun.asked == []


@one_database
def test_events_of_another_message_prove_nothing(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    with playing(LOST) as (mailgun, url):
        newsroom.send(transport(url))
        mailgun.filters = False
        newsroom.later(minutes=3)
        assert ask(newsroom, url) == 0
    assert newsroom.states(mailing) == [State.IN_DOUBT, State.ACCEPTED]


@one_database
def test_a_key_that_may_only_send_settles_nothing_and_says_so(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with playing(TAKEN_BUT_503) as (mailgun, url):
        newsroom.send(transport(url))
        newsroom.later(minutes=3)
        mailgun.key = "key-for-events"
        with pytest.raises(SendError, match="a sending key may not"):
            ask(newsroom, url)
    assert newsroom.states(mailing) == [State.IN_DOUBT]


def test_the_setting_names_the_region_and_shows_no_key() -> None:
    account = MailgunAccount.from_url(f"mailgun://{KEY}@{DOMAIN}?region=eu&connections=9")
    assert (account.api, account.connections) == ("https://api.eu.mailgun.net", 9)
    assert account.url("events") == f"https://api.eu.mailgun.net/v3/{DOMAIN}/events"
    assert KEY not in repr(account)


@pytest.mark.parametrize(
    "url",
    [
        f"mailgun://{DOMAIN}",
        f"mailgun://{KEY}@",
        f"mailgun://user:{KEY}@{DOMAIN}",
        f"mailgun://{KEY}@{DOMAIN}/messages",
        f"mailgun://{KEY}@{DOMAIN}:443",
        f"mailgun://{KEY}@{DOMAIN}?region=moon",
        f"mailgun://{KEY}@{DOMAIN}?connections=0",
        f"mailgun://{KEY}@{DOMAIN}?speed=9",
        f"mailgun://{KEY}@{DOMAIN}?api=https://example.com",
        f"mailgun://{KEY}@{DOMAIN}?api=http://example.com",
        f"mailgun://key%0d%0aX@{DOMAIN}",
    ],
)
def test_a_setting_that_cannot_be_is_refused_without_showing_the_key(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        make_transport(load(transport=url).transport.get_secret_value())
    assert KEY not in str(refused.value)
