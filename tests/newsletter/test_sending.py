"""The account is exact: whatever a server does, everyone counted ends as exactly one of five."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from mailbox import Maildir
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from newsletter.delivery import account, control
from newsletter.delivery.models import Attempt, Delivery, Generation, Mailing, MailingState, State
from newsletter.mail import Barrier, Message, Reply, SendError, Take
from newsletter.transports.maildir import MaildirTransport
from subscribers import leaving
from subscribers.keys import Keys
from subscribers.models import Subscriber
from subscribers.vault import Vault
from tests.journals import journal
from tests.newsletter.conftest import NOW, Newsroom, messages
from tests.newsletter.smtp_server import DROP, Script, serving


def state(newsroom: Newsroom, mailing: int) -> tuple[MailingState, str]:
    with newsroom.office.database.read() as session:
        found = control.find(session, mailing)
        return found.state, found.note


def test_everyone_gets_one_mail_in_their_language(newsroom: Newsroom) -> None:
    newsroom.add("ana", languages="es-mx,en")
    newsroom.add("ben", languages="")
    newsroom.add("cam", languages="vi")
    mailing = newsroom.schedule()
    with serving() as (server, port):
        newsroom.send_to(port)
    assert sorted(server.recipients) == ["ana@example.org", "ben@example.org", "cam@example.org"]
    subjects = {who: b"Subject: News in es" in data for who, data in server.accepted}
    assert subjects == {"ana@example.org": True, "ben@example.org": False, "cam@example.org": False}
    found = newsroom.account(mailing)
    assert found.sentence == "3 accepted + 0 refused + 0 given up + 0 skipped + 0 in doubt = 3 people"
    assert {language: sum(states.values()) for language, states in found.by_language.items()} == {"en": 2, "es": 1}
    assert state(newsroom, mailing)[0] is MailingState.FINISHED


def test_who_chose_plain_text_gets_it(newsroom: Newsroom) -> None:
    ana, _ben = newsroom.add("ana", "ben")
    with newsroom.office.database.write() as session:
        session.get_one(Subscriber, ana).plain_text = True
    newsroom.schedule()
    with serving() as (server, port):
        newsroom.send_to(port)
    assert [b"<p" in data for _, data in sorted(server.accepted)] == [False, True]


def test_a_second_pass_sends_nothing(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben")
    newsroom.schedule()
    with serving() as (server, port):
        newsroom.send_to(port)
        newsroom.send_to(port)
    assert len(server.accepted) == 2


def test_nothing_leaves_before_its_time(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule(due_at=NOW + timedelta(hours=1))
    with serving() as (server, port):
        newsroom.send_to(port)
        assert server.accepted == []
        newsroom.later(hours=1)
        newsroom.send_to(port)
    assert server.recipients == ["ana@example.org"]
    assert newsroom.account(mailing).people == 1


def test_a_mailing_that_is_too_late_asks_instead(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    newsroom.later(hours=25)
    with serving() as (server, port):
        newsroom.send_to(port)
        held, note = state(newsroom, mailing)
        assert (held, server.accepted) == (MailingState.HELD, [])
        assert "resume or cancel" in note
        with newsroom.office.database.write() as session:
            control.resume(session, mailing, newsroom.clock())
        newsroom.send_to(port)
    assert server.recipients == ["ana@example.org"]


def test_what_failed_for_now_is_tried_again_later_and_then_accepted(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with serving(Script({"rcpt": ["450 later", "450 later"]})) as (server, port):
        for _ in range(3):
            newsroom.send_to(port)
            assert state(newsroom, mailing)[0] is MailingState.SENDING or server.accepted
            newsroom.later(minutes=10)
    assert newsroom.states(mailing) == [State.ACCEPTED]
    with newsroom.office.database.read() as session:
        attempts = session.scalars(select(Attempt).order_by(Attempt.id)).all()
        assert [a.code for a in attempts] == [450, 450, 250]
        assert session.scalars(select(Delivery.tries)).one() == 3


def test_a_pass_writes_nothing_while_everybody_waits_for_another_try(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    newsroom.schedule()

    def generations() -> int:
        with newsroom.office.database.read() as session:
            return session.scalar(select(func.count()).select_from(Generation)) or 0

    with serving(Script({"rcpt": ["450 later"]})) as (server, port):
        newsroom.send_to(port)
        before = generations()
        newsroom.send_to(port)
        assert generations() == before
        newsroom.later(minutes=2)
        newsroom.send_to(port)
    assert server.recipients == ["ana@example.org"]


def test_who_cannot_be_reached_for_a_day_is_given_up(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with serving(Script({"rcpt": ["450 later"] * 50})) as (server, port):
        for _ in range(30):
            newsroom.send_to(port)
            newsroom.later(hours=1)
    assert newsroom.states(mailing) == [State.GIVEN_UP]
    assert (server.accepted, state(newsroom, mailing)[0]) == ([], MailingState.FINISHED)


def test_sending_again_later_than_a_day_is_tried_for_a_day_again(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with serving(Script({"after": [DROP], "rcpt": ["250 ok", "450 later"]})) as (server, port):
        newsroom.send_to(port)
        newsroom.later(days=3)
        with newsroom.office.database.write() as session:
            control.settle_doubts(session, mailing, send_again=True, now=newsroom.clock())
        newsroom.send_to(port)
        assert newsroom.states(mailing) == [State.PENDING]
        newsroom.later(hours=1)
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.ACCEPTED]
    assert len(server.accepted) == 2


def test_a_doubt_is_sent_again_only_by_a_person(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    database = newsroom.office.database
    with serving(Script({"after": [DROP]})) as (server, port):
        for _ in range(3):
            newsroom.send_to(port)
            newsroom.later(minutes=30)
        assert len(server.accepted) == 2
        with database.read() as session:
            assert len(account.doubts(session, mailing)) == 1
        with database.write() as session:
            assert control.settle_doubts(session, mailing, send_again=True, now=NOW) == 1
        newsroom.send_to(port)
    assert len(server.accepted) == 3
    assert newsroom.account(mailing).outcomes[State.ACCEPTED] == 2


def test_a_doubt_left_stays_in_the_account(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with serving(Script({"after": [DROP]})) as (_server, port):
        newsroom.send_to(port)
    with newsroom.office.database.write() as session:
        assert control.settle_doubts(session, mailing, send_again=False, now=NOW) == 1
        assert control.settle_doubts(session, mailing, send_again=False, now=NOW) == 0
        assert account.doubts(session, mailing) == []
    assert newsroom.account(mailing).outcomes[State.IN_DOUBT] == 1


def test_a_server_that_is_not_there_loses_nothing_and_is_named(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    newsroom.send_to(1)
    found, note = state(newsroom, mailing)
    assert found is MailingState.SENDING
    assert "127.0.0.1:1 does not answer" in note
    assert newsroom.states(mailing) == [State.PENDING]
    with serving() as (server, port):
        newsroom.send_to(port)
    assert server.recipients == ["ana@example.org"]
    assert state(newsroom, mailing) == (MailingState.FINISHED, "")


class _Paper:
    """A way out in ten lines: it lets a test act between the ledger's word and the message's leaving."""

    def __init__(self, before: object = None) -> None:
        self.left: list[int] = []
        self._before = before

    def run(self, take: Take, barrier: Barrier) -> None:
        for message in messages(take):
            if callable(self._before):
                self._before(message)
            for delivery in barrier([], [message.delivery]):
                self.left.append(delivery)
                barrier([Reply(delivery, 250, "kept", complete=True)], [])


def test_who_leaves_in_the_last_moment_is_skipped(newsroom: Newsroom) -> None:
    (ana,) = newsroom.add("ana")
    newsroom.add("ben")
    mailing = newsroom.schedule()

    def leave(_message: object) -> None:
        with newsroom.office.database.write() as session:
            leaving.leave(session, journal(), ana, newsroom.clock())

    newsroom.send(_Paper(leave))
    assert newsroom.states(mailing) == [State.SKIPPED, State.ACCEPTED]


def test_someone_erased_keeps_the_books_whole(newsroom: Newsroom) -> None:
    (ana, _ben) = newsroom.add("ana", "ben")
    mailing = newsroom.schedule(due_at=NOW)
    with serving(Script({"rcpt": ["450 later", "450 later"]})) as (_server, port):
        newsroom.send_to(port)
        with newsroom.office.database.write() as session:
            session.execute(delete(Subscriber).where(Subscriber.id == ana))
        newsroom.later(hours=1)
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.SKIPPED, State.ACCEPTED]
    assert newsroom.account(mailing).people == 2


@pytest.mark.parametrize(
    ("act", "rest"), [(control.pause, State.PENDING), (lambda s, m: control.cancel(s, m, NOW), State.SKIPPED)]
)
def test_pausing_and_cancelling_take_effect_at_once(newsroom: Newsroom, act: object, rest: State) -> None:
    newsroom.add("ana", "ben", "cam")
    mailing = newsroom.schedule()
    seen: list[object] = []

    def stop_at_the_second(message: object) -> None:
        seen.append(message)
        if len(seen) == 2:
            with newsroom.office.database.write() as session:
                assert callable(act)
                act(session, mailing)

    newsroom.send(_Paper(stop_at_the_second))
    assert newsroom.states(mailing) == [State.ACCEPTED, rest, rest]


def test_a_paused_mailing_goes_on_where_it_was(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    database = newsroom.office.database
    with database.write() as session:
        control.pause(session, mailing)
    paper = _Paper()
    newsroom.send(paper)
    assert paper.left == []
    with database.write() as session:
        control.resume(session, mailing, NOW)
    newsroom.send(paper)
    assert len(paper.left) == 1


def test_what_cannot_be_done_to_a_mailing_is_said(newsroom: Newsroom) -> None:
    mailing = newsroom.schedule()
    database = newsroom.office.database
    with database.write() as session:
        control.cancel(session, mailing, NOW)
    with pytest.raises(control.MailingError, match=f"Mailing {mailing} is cancelled"), database.write() as session:
        control.resume(session, mailing, NOW)
    with pytest.raises(control.MailingError, match="no mailing 99"), database.write() as session:
        control.pause(session, 99)


class _Breaks:
    """A way out that breaks after the ledger let a message depart."""

    def run(self, take: Take, barrier: Barrier) -> None:
        message = take()
        assert isinstance(message, Message)
        take()
        barrier([], [message.delivery])
        raise SendError("The way out broke.", permanent=False)


def test_what_departed_and_was_never_answered_for_is_in_doubt(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    newsroom.send(_Breaks())
    assert newsroom.states(mailing) == [State.IN_DOUBT, State.PENDING]


def test_a_wrong_setting_pauses_the_mailing_and_costs_nobody_theirs(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    newsroom.office = replace(newsroom.office, base_url="https://nachrichten.exämple.org")
    newsroom.send(_Paper())
    found, note = state(newsroom, mailing)
    assert (found, newsroom.states(mailing)) == (MailingState.PAUSED, [State.PENDING, State.PENDING])
    assert "check the settings" in note


def test_keys_that_do_not_fit_pause_the_mailing_at_the_first_person(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    fitting = newsroom.office
    newsroom.office = replace(fitting, vault=Vault(Keys.fresh()))
    newsroom.send(_Paper())
    found, note = state(newsroom, mailing)
    assert (found, newsroom.states(mailing)) == (MailingState.PAUSED, [State.GIVEN_UP, State.PENDING])
    assert "Look at the keys" in note


def test_a_maildir_holds_each_message_once(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    newsroom.send(MaildirTransport(tmp_path / "box"))
    assert newsroom.states(mailing) == [State.ACCEPTED, State.ACCEPTED]
    kept = sorted(mail["Delivered-To"] for mail in Maildir(tmp_path / "box"))
    assert kept == ["ana@example.org", "ben@example.org"]
    assert list((tmp_path / "box" / "tmp").iterdir()) == []


def test_a_maildir_that_cannot_be_written_leaves_nobody_in_doubt(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    (tmp_path / "box").write_text("a file where a folder should be")
    newsroom.send(MaildirTransport(tmp_path / "box"))
    assert newsroom.states(mailing) == [State.PENDING, State.PENDING]
    assert "Maildir cannot be written" in state(newsroom, mailing)[1]


def test_a_server_that_echoes_addresses_leaves_none_in_the_books(newsroom: Newsroom) -> None:
    newsroom.add("maria.delgado", "ben")
    newsroom.schedule()
    with serving(Script({"rcpt": ["550 5.1.1 unknown: maria.delgado (at) home"]}, echo=True)) as (_server, port):
        newsroom.send_to(port)
    with newsroom.office.database.read() as session:
        kept: Sequence[str] = [*session.scalars(select(Attempt.text)), *session.scalars(select(Delivery.reason))]
        kept = [*kept, *session.scalars(select(Mailing.note))]
    assert any("unknown" in text for text in kept)
    assert not any("maria" in text.lower() or "@" in text for text in kept)
