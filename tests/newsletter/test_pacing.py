"""The pace: how fast messages leave, whoever sends them, and when none do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from newsletter.db import Database
from newsletter.delivery import control, pacing
from newsletter.delivery.models import MailingState, PaceMinute, State
from newsletter.delivery.pacing import Gate
from newsletter.delivery.sender import send_due
from newsletter.mail import Later, Message, Reply, Transport
from newsletter.notices import outbox
from newsletter.notices.outbox import Postroom
from newsletter.pace import Pace, Quiet, Rate, WarmUp
from newsletter.transports.maildir import MaildirTransport
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from tests.newsletter.conftest import NOW, Clock, Newsroom
from tests.newsletter.smtp_server import Script, ScriptedServer, serving

NEW_YORK = ZoneInfo("America/New_York")
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TICK = timedelta(milliseconds=10)


def _pace(rate: str = "", warm_up: str = "", quiet: str = "", zone: ZoneInfo = NEW_YORK) -> Pace:
    grows = WarmUp.parse(warm_up) if warm_up else None
    return Pace(Rate.parse(rate), grows, Quiet.parse(quiet) if quiet else None, zone)


class _Senders:
    """Some processes that send as fast as the pace lets them, and when each message left, by a clock made up here."""

    def __init__(self, database: Database, *paces: Pace) -> None:
        self.clock = Clock()
        self.left: list[datetime] = []
        self.gates = [Gate(database, pace, self.clock) for pace in paces]

    def go_on(self, time: timedelta, tick: timedelta = TICK) -> None:
        end = self.clock.now + time
        while self.clock.now < end:
            for gate in self.gates:
                while not gate.wait(500):
                    gate.use()
                    self.left.append(self.clock.now)
            self.clock.now += tick

    def most_within(self, span: timedelta) -> int:
        """The most that ever left in so long a time, wherever it begins."""
        return max(sum(begin <= moment < begin + span for moment in self.left) for begin in self.left)


def test_two_processes_together_keep_to_the_second(database: Database) -> None:
    senders = _Senders(database, *[_pace("14/second")] * 2)
    senders.go_on(timedelta(seconds=4))
    assert senders.most_within(timedelta(seconds=1) - TICK) <= 14
    assert len(senders.left) == 4 * 14
    assert senders.most_within(TICK) == 1


def test_two_processes_together_keep_to_any_hour_and_any_day(database: Database) -> None:
    senders = _Senders(database, *[_pace("30/hour, 100/day")] * 2)
    senders.go_on(timedelta(hours=5), tick=timedelta(minutes=17))
    assert senders.most_within(timedelta(hours=1)) == 30
    senders.go_on(timedelta(hours=25), tick=timedelta(hours=1, minutes=1))
    assert senders.most_within(timedelta(days=1)) == 100
    assert len(senders.left) == 200
    with database.read() as session:
        assert session.scalars(select(func.min(PaceMinute.begins))).one() > senders.clock.now - timedelta(hours=25)


def test_a_process_that_dies_loses_a_quarter_of_a_second(database: Database) -> None:
    senders = _Senders(database, *[_pace("40/second, 100/hour")] * 2)
    senders.go_on(TICK)
    senders.gates.pop()
    senders.go_on(timedelta(seconds=4), tick=timedelta(milliseconds=100))
    assert 100 - 10 <= len(senders.left) < 100


@ON_SQLITE
def test_permits_that_nobody_used_are_given_back(database: Database) -> None:
    first, second = (_Senders(database, _pace("100/hour")) for _ in range(2))
    for senders, most in ((first, 60), (second, 500)):
        assert not senders.gates[0].wait(most)
        senders.gates[0].use()
    assert _taken(database) == 100
    first.gates[0].close()
    second.gates[0].close()
    assert _taken(database) == 2


@ON_SQLITE
def test_a_slower_pace_holds_from_the_next_permit_on(database: Database) -> None:
    senders = _Senders(database, _pace("200/second, 1000/hour"))
    senders.go_on(timedelta(seconds=1))
    senders.gates = [Gate(database, _pace("2/second, 1000/hour"), senders.clock)]
    before = len(senders.left)
    senders.go_on(timedelta(seconds=5))
    assert 9 <= len(senders.left) - before <= 10
    senders.gates = [Gate(database, _pace("2/second, 150/hour"), senders.clock)]
    assert senders.gates[0].wait(1) > timedelta(minutes=59)


@ON_SQLITE
@pytest.mark.parametrize("jump", [timedelta(days=1), -timedelta(days=1)])
def test_a_clock_that_jumps_stops_nobody(database: Database, jump: timedelta) -> None:
    senders = _Senders(database, _pace("10/second, 1000/hour"))
    senders.go_on(timedelta(seconds=3))
    senders.clock.now += jump
    senders.gates = [Gate(database, _pace("10/second, 1000/hour"), senders.clock)]
    senders.go_on(timedelta(seconds=3))
    assert len(senders.left) == 60


@ON_SQLITE
def test_single_mails_never_wait_and_mailings_are_the_slower_for_them(database: Database) -> None:
    pace, senders = _pace("10/second, 20/hour"), _Senders(database, _pace("10/second, 20/hour"))
    with database.write() as session:
        pacing.count_singles(pace, session, 5, NOW)
    senders.go_on(timedelta(seconds=2) + TICK)
    assert senders.left[0] == NOW + timedelta(seconds=0.5)
    assert len(senders.left) == 15
    with database.write() as session:
        pacing.count_singles(pace, session, 1, senders.clock.now)
    assert _taken(database) == 21


@ON_SQLITE
def test_who_waits_is_told_why_and_until_when(database: Database) -> None:
    senders = _Senders(database, _pace("5/day"))
    senders.go_on(TICK)
    assert _outlook(database, _pace("5/day")) == (
        "5 messages went out within a day, as many as the settings allow (RATE); "
        "it goes on by itself on Wed 1 Dec 2021, 04:01 (America/New_York)."
    )
    assert "on Wed 1 Dec 2021, 08:00 (" in _outlook(database, _pace("5/day", quiet="21:00-08:00"))
    assert "the settings allow (WARM_UP); it goes on by itself on Wed 1 Dec 2021, 00:00 (" in _outlook(
        database, _pace("9/day", warm_up="2021-11-30 5")
    )
    assert _outlook(database, _pace("6/day")) == ""


def test_quiet_hours_end_by_the_clock_on_the_wall_also_when_it_changes() -> None:
    quiet = Quiet.parse("21:00-08:00")
    nights = {  # begins, and how long it is
        datetime(2021, 11, 6, 21, tzinfo=NEW_YORK): 12,  # the clocks go back
        datetime(2022, 3, 12, 21, tzinfo=NEW_YORK): 10,  # and forward
        datetime(2022, 6, 1, 21, tzinfo=NEW_YORK): 11,
    }
    for begins, hours in nights.items():
        begin = begins.astimezone(UTC)
        end = begin + timedelta(hours=hours)
        assert quiet.until(begin - TICK, NEW_YORK) is None
        assert {quiet.until(begin + timedelta(hours=hour), NEW_YORK) for hour in range(hours)} == {end}
        assert quiet.until(end, NEW_YORK) is None


@pytest.mark.parametrize(
    ("hours", "changes", "minutes"),
    [
        ("01:15-01:45", datetime(2021, 11, 7, 6, tzinfo=UTC), 90),  # both times come twice: it is quiet in between, too
        ("02:15-02:45", datetime(2022, 3, 13, 7, tzinfo=UTC), 90),  # neither comes
        ("01:30-02:30", datetime(2022, 3, 13, 7, tzinfo=UTC), 60),
    ],
)
def test_quiet_hours_within_a_change_of_the_clocks_are_one_time_and_not_too_short(
    hours: str, changes: datetime, minutes: int
) -> None:
    quiet = Quiet.parse(hours)
    around = [changes + timedelta(minutes=minute) for minute in range(-180, 180)]
    silent = [moment for moment in around if quiet.until(moment, NEW_YORK)]
    assert len(silent) == minutes
    assert silent[-1] - silent[0] == timedelta(minutes=minutes - 1)


def test_a_new_sender_may_send_twice_as_much_each_day_up_to_the_rate() -> None:
    pace = _pace("1000/day", warm_up="2021-11-01 50")
    days = [datetime(2021, 11, day, 12, tzinfo=UTC) for day in (1, 2, 5, 6, 7)]
    assert [limit.messages for day in days for limit in pace.limits(day)] == [50, 100, 800, 1000, 1000]
    assert WarmUp.parse("2021-11-01 50").limit(date(2021, 10, 1)) == 50
    assert WarmUp.parse("2021-11-01 50").limit(date(2021, 11, 21)) is None
    midnight = datetime(2021, 11, 2, tzinfo=NEW_YORK)
    assert [limit.messages for when in (midnight - TICK, midnight) for limit in pace.limits(when)] == [50, 100]


def test_how_long_it_takes_knows_of_the_pace() -> None:
    limited = _pace("10/second, 100/hour")
    assert pacing.time_left(_pace("10/second"), 600, 0, NOW) == timedelta(minutes=1)
    assert pacing.time_left(limited, 600, 20, NOW) == timedelta(hours=5)
    assert pacing.time_left(limited, 60, 0.1, NOW) == timedelta(minutes=10)
    assert pacing.time_left(_pace("600/day"), 60_000, 0, NOW) == timedelta(days=99)
    assert pacing.time_left(_pace("600/day", warm_up="2021-11-30 50"), 1500, 0, NOW) == timedelta(days=5)
    assert pacing.time_left(_pace(quiet="21:00-08:00"), 600, 0, NOW) is None


def _taken(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.sum(PaceMinute.taken))) or 0


def _outlook(database: Database, pace: Pace) -> str:
    with database.read() as session:
        wait = pacing.outlook(session, pace, NOW)
    return wait.sentence if wait else ""


# What transports do with it


def _message(number: int) -> Message:
    return Message(number, "news@example.org", f"reader{number}@example.org", b"Subject: News\r\n\r\nNews.\r\n")


def _run(transport: Transport, *given: Message | Later) -> list[int]:
    """Who was accepted, in this order, of messages given one after the other."""
    waiting, accepted = list(given), list[int]()

    def barrier(replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        accepted.extend(reply.delivery for reply in replies if reply.accepted)
        return frozenset(departing)

    transport.run(lambda: waiting.pop(0) if waiting else None, barrier)
    return accepted


GIVEN = (_message(1), Later(0.02), Later(0.02), _message(2))


def test_a_line_stays_open_while_there_is_nothing_to_send_yet() -> None:
    with serving() as (server, port):
        assert _run(_smtp(port), *GIVEN) == [1, 2]
    assert server.connections == 1


def test_a_maildir_waits_as_well(tmp_path: Path) -> None:
    assert _run(MaildirTransport(tmp_path / "out"), *GIVEN) == [1, 2]
    assert len(list((tmp_path / "out" / "new").iterdir())) == 2


def _smtp(port: int) -> SmtpTransport:
    return SmtpTransport(SmtpServer("127.0.0.1", port, "none", connections=1, timeout=5))


# What mailings do with it


def _paced(newsroom: Newsroom, pace: Pace) -> Newsroom:
    return replace(newsroom, office=replace(newsroom.office, pace=pace, makes_room=outbox.is_turned_away))


def test_two_workers_send_what_the_hour_allows_and_go_on_in_the_next(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom = _paced(newsroom, _pace("7/hour"))
    newsroom.add(*(f"reader{number}" for number in range(10)))
    mailing = newsroom.schedule()
    with serving() as (server, port):
        workers = [Thread(target=newsroom.send, args=[_smtp(port)]) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len(server.recipients) == 7
    assert _state(newsroom, mailing) is MailingState.SENDING
    newsroom.later(minutes=30)
    newsroom.send(MaildirTransport(tmp_path / "out"))
    assert newsroom.account(mailing).outcomes[State.ACCEPTED] == 7
    newsroom.later(minutes=31)
    newsroom.send(MaildirTransport(tmp_path / "out"))
    assert newsroom.account(mailing).outcomes[State.ACCEPTED] == len({*server.recipients}) + 3 == 10
    assert _state(newsroom, mailing) is MailingState.FINISHED


@ON_SQLITE
def test_a_mailing_of_many_days_gives_up_nobody_early(newsroom: Newsroom) -> None:
    newsroom = _paced(newsroom, _pace("1/day"))
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    with serving(Script({"rcpt": ["250 fine", "450 later"]})) as (_server, port):
        newsroom.send_to(port)
        newsroom.later(hours=24, minutes=2)
        newsroom.send_to(port)
        assert newsroom.states(mailing) == [State.ACCEPTED, State.PENDING]
        newsroom.later(hours=24, minutes=2)
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.ACCEPTED] * 2


def test_who_is_tried_again_and_who_never_was_go_in_turns(newsroom: Newsroom) -> None:
    newsroom = _paced(newsroom, _pace("3/hour"))
    newsroom.add(*"abcdef")
    mailing = newsroom.schedule()
    with serving(Script({"rcpt": ["450 later"] * 3})) as (_server, port):
        newsroom.send_to(port)
        newsroom.later(hours=1, minutes=1)
        newsroom.send_to(port)
    assert sorted(newsroom.states(mailing)[:3]) == [State.ACCEPTED, State.PENDING, State.PENDING]
    assert sorted(newsroom.states(mailing)[3:]) == [State.ACCEPTED, State.ACCEPTED, State.PENDING]


@ON_SQLITE
def test_in_quiet_hours_a_mailing_waits_without_being_paused(newsroom: Newsroom) -> None:
    newsroom = _paced(newsroom, _pace(quiet="03:30-08:00"))
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with serving() as (server, port):
        newsroom.send_to(port)
        newsroom.later(hours=3)
        newsroom.send_to(port)
        assert (server.recipients, _state(newsroom, mailing)) == ([], MailingState.SENDING)
        newsroom.later(hours=1)
        newsroom.send_to(port)
    assert _state(newsroom, mailing) is MailingState.FINISHED


@ON_SQLITE
def test_a_single_mail_leaves_while_a_mailing_waits_for_its_pace(newsroom: Newsroom) -> None:
    newsroom = _paced(newsroom, _pace("100/second"))
    with serving() as (server, port), _a_mailing_under_way(newsroom, server, port) as ended:
        _write_to_eva(newsroom)
        outbox.send_waiting(_postroom(newsroom), _smtp(port), Event())
        assert server.recipients == ["reader0@example.org", "eva@example.org"]
        assert not ended.is_set()
    assert _taken(newsroom.office.database) == 2


@ON_SQLITE
def test_a_single_mail_that_finds_no_line_gets_the_mailings(newsroom: Newsroom) -> None:
    script = Script({"banner": ["220 welcome", "421 4.7.0 too many connections"]})
    newsroom = _paced(newsroom, _pace("100/second"))
    with serving(script) as (server, port), _a_mailing_under_way(newsroom, server, port) as ended:
        _write_to_eva(newsroom)
        outbox.send_waiting(_postroom(newsroom), _smtp(port), Event())
        assert "eva@example.org" not in server.recipients
        newsroom.later(seconds=3)
        assert ended.wait(10)
        before = len(server.recipients)
        quick = replace(newsroom, office=replace(newsroom.office, pace=None))
        quick.send_to(port)  # it leaves the line to the single mail
        outbox.send_waiting(_postroom(newsroom), _smtp(port), Event())
        assert server.recipients[before:] == ["eva@example.org"]
        quick.send_to(port)
    assert len(server.recipients) == 10 + 1


@contextmanager
def _a_mailing_under_way(newsroom: Newsroom, server: ScriptedServer, port: int) -> Iterator[Event]:
    """It waits for its pace after the first, for the clock stands still; the event says that its run ended."""
    newsroom.add(*(f"reader{number}" for number in range(10)))
    newsroom.schedule()
    stopping, ended = Event(), Event()

    def send() -> None:
        send_due(newsroom.office, _smtp(port), stopping)
        ended.set()

    thread = Thread(target=send)
    thread.start()
    assert server.on_accept.wait(10)
    try:
        yield ended
    finally:
        stopping.set()
        thread.join()


def _postroom(newsroom: Newsroom) -> Postroom:
    office, sender = newsroom.office, "The Network <news@example.org>"
    assert office.pace
    count = partial(pacing.count_singles, office.pace)
    return Postroom(office.database, office.vault, sender, "", office.clock, office.journal, count)


def _write_to_eva(newsroom: Newsroom) -> None:
    values = {
        "name": "Rosa",
        "brand": "Ours",
        "link": "https://news.example.org/x",
        "leave_link": "https://example.org",
    }
    with newsroom.office.database.write() as session:
        outbox.queue(session, newsroom.office.vault, "eva@example.org", "invite", values, newsroom.clock())


def _state(newsroom: Newsroom, mailing: int) -> MailingState:
    with newsroom.office.database.read() as session:
        return control.find(session, mailing).state
