"""Two years later nothing is left of anybody but tombstones and counts; and nothing is forgotten before its time."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import time_machine
from sqlalchemy import LargeBinary, func, select, update
from sqlalchemy.orm import Session

import scheduler
from newsletter import forgetting, holdings
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.delivery import planning, reasons
from newsletter.delivery.models import Attempt, Delivery, State, WaitingDomain
from newsletter.delivery.reasons import Reason, kind
from newsletter.migrations import METADATA
from newsletter.notices import outbox
from newsletter.purposes import READERS
from newsletter.transports.maildir import MaildirTransport
from newsletter.wiring import Newsletter
from subscribers import groups, joining, leaving, mailed, preferences, suppression, topics
from subscribers.consent import Wording
from subscribers.journal import known as known_journals
from subscribers.journal_file import Kind as Deed
from subscribers.mailed import Kind
from subscribers.models import SignUp, Subscriber, Suppression, UnwantedTopic
from tests.journals import journal
from tests.newsletter.conftest import NOW, Newsroom
from tests.subscribers.importer import Importer

TOMBSTONES = "suppression.address_hash"
DAY = timedelta(days=1)


def count(session: Session, table: Any) -> int:
    return session.scalars(select(func.count()).select_from(table)).one()


def live(newsroom: Newsroom, outbox_folder: Path) -> int:
    """A mailing to three, of whom one bounced; others come in every way, or never confirm; then everybody leaves."""
    ids = newsroom.add("ana", "bo", "cho")
    mailing = newsroom.schedule()
    newsroom.send(MaildirTransport(outbox_folder))
    office = newsroom.office
    Importer(office.database, office.vault).take("email,name\nfay@example.org,Fay\ngus@example.org,Gus\n")
    with office.database.write() as session:
        refused = session.scalars(select(Delivery.id).where(Delivery.subscriber_id == ids[0])).one()
        said = {"reason": "5.1.1 there is no user here, says mx.example.org"}
        session.execute(update(Delivery).where(Delivery.id == refused).values(state=State.REFUSED, **said))
        for address in ("dee@example.org", "eva@example.org"):
            told = Wording("en", "Yes.")
            joining.ask(session, office.vault, address=address, languages="es", wording=told, now=NOW)
            outbox.queue(session, office.vault, address, Kind.SIGN_UP, {"brand": "Ours"}, NOW)
            mailed.may_mail(session, address.encode(), Kind.SIGN_UP, NOW.date())
        joining.confirm(session, session.scalars(select(SignUp.id)).first() or 0, NOW)
        groups.put_in(session, groups.make(session, "Press", "").id, ids)
        topic = topics.make(session, {"en": "Bail"}).id
        session.add_all(UnwantedTopic(topic_id=topic, subscriber_id=person) for person in ids)
        preferences.change(session, ids[1], languages="es", plain_text=True, pause=6, now=NOW)
        suppression.bounced(session, select(Subscriber.id).where(Subscriber.id == ids[0]), NOW.date())
        for person in session.scalars(select(Subscriber.id)).all():
            leaving.leave(session, journal(), person, NOW)
    return mailing


FORGETTING = ("notices", "pauses", "erase", "forget", "count", "beat")


def travel(newsroom: Newsroom, home: Path, jobs: Sequence[str] = FORGETTING, **time: float) -> None:
    """Every job that forgets runs once, so much later."""
    newsletter = Newsletter(Settings(home=home), newsroom.office.database)
    newsletter.vault, newsletter.transport = newsroom.office.vault, MaildirTransport(home / "outbox")
    with time_machine.travel(NOW + timedelta(**time), tick=False):
        for job in scheduler.JOBS:
            if job.name in jobs:
                assert scheduler.run(job, newsletter, Event())


def test_two_years_later_only_tombstones_and_counts_are_left(newsroom: Newsroom, tmp_path: Path) -> None:
    mailing = live(newsroom, tmp_path / "outbox")
    before = newsroom.account(mailing)
    travel(newsroom, tmp_path, ("count",), hours=16)
    travel(newsroom, tmp_path, days=730)
    with newsroom.office.database.read() as session:
        secret = [c for tables in METADATA for t in tables.tables.values() for c in t.c if is_secret(c.type, c.name)]
        assert len(secret) > 10
        assert [str(c) for c in secret if session.scalar(select(c).where(c.is_not(None)).limit(1))] == [TOMBSTONES]
        kept = {table.name: count(session, table) for tables in METADATA for table in tables.tables.values()}
        about_readers = [held for held in holdings.report(Settings(home=tmp_path)) if held.about == READERS]
        said = {held.table for held in about_readers if held.until.startswith("for good")}
        assert {held.table for held in about_readers if kept[held.table]} == said == {"suppression"}
        assert kept["suppression"] == 6
        assert set(session.scalars(select(Delivery.subscriber_id))) == {None}
        assert set(session.scalars(select(Attempt.text))) == {""}
        assert set(session.scalars(select(Delivery.reason))) == {"", "5.1.1"}
        assert reasons.reasons(session, mailing) == [Reason("no such address", 1, "5.1.1")]
    assert newsroom.account(mailing) == before
    assert_journal_says_no_more(newsroom)


def assert_journal_says_no_more(newsroom: Newsroom) -> None:
    """Beside the keys, what stays is what stays in the database: hashes of who must not be written to, and days."""
    with newsroom.office.database.read() as session:
        known = set(session.scalars(select(Suppression.address_hash)))
        ((_, file),) = known_journals(session, journal()).items()
    deeds = [line for line in file.read() if line and line.kind not in (Deed.BEGUN, Deed.BEAT)]
    assert {line.mark for line in deeds} == known
    assert {line.kind for line in deeds} == {Deed.LEFT, Deed.BOUNCED}


def is_secret(kind_of_column: object, name: str) -> bool:
    """Hashes, sealed values, tokens; not pictures."""
    return isinstance(kind_of_column, LargeBinary) and name not in ("large", "small")


def test_nothing_is_forgotten_before_its_time(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.add("ana")
    newsroom.schedule()
    newsroom.send(MaildirTransport(tmp_path / "outbox"))

    def kept() -> tuple[bool, bool]:
        with newsroom.office.database.read() as session:
            return session.scalars(select(Attempt.text)).one() != "", count_known(session) == 1

    travel(newsroom, tmp_path, days=30, seconds=-1)
    assert kept() == (True, True)
    travel(newsroom, tmp_path, days=30)
    assert kept() == (False, True)
    travel(newsroom, tmp_path, days=180, seconds=-1)
    assert kept() == (False, True)
    travel(newsroom, tmp_path, days=180)
    assert kept() == (False, False)


def count_known(session: Session) -> int:
    return session.scalars(select(func.count()).where(Delivery.subscriber_id.is_not(None))).one()


def test_more_than_one_chunk_is_forgotten(newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "CHUNK", 2)
    newsroom.add("ana", "bo", "cho", "dee", "eva")
    newsroom.schedule()
    newsroom.send(MaildirTransport(tmp_path / "outbox"))
    database: Database = newsroom.office.database
    assert forgetting.forget_replies(database, NOW + DAY) == 5
    assert forgetting.forget_people(database, NOW + DAY) == 5


def test_a_domain_that_waits_in_a_mailing_nobody_ends_is_forgotten(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    database = newsroom.office.database
    with database.write() as session:
        row = {"mailing_id": mailing, "domain_hash": b"hash", "tries": 1, "people": 1, "seen": False}
        session.add(WaitingDomain(**row, until=NOW))
    for before, left in ((NOW - DAY, 1), (NOW, 0)):
        forgetting.forget_replies(database, before)
        with database.read() as session:
            assert session.query(WaitingDomain).count() == left


def test_a_mailing_that_is_not_over_forgets_nobody(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    with newsroom.office.database.write() as session:
        assert planning.open_due(session, NOW) == [mailing]
    assert forgetting.forget_people(newsroom.office.database, NOW + 9999 * DAY) == 0


def test_every_kind_of_no_has_a_status_that_is_of_that_kind() -> None:
    assert {name: kind(status) for name, status in forgetting.STATUS.items()} == {n: n for n in forgetting.STATUS}
    assert {name for name, _ in reasons._KINDS} == set(forgetting.STATUS)
