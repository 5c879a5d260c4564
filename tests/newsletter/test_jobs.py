"""What the clock does to the list by itself: pauses end, and what nobody confirmed is forgotten."""

from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import delete, func, select

import scheduler
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.wiring import Newsletter, utc_now
from subscribers import joining, leaving, mailed, preferences
from subscribers.audience import count_by_languages
from subscribers.consent import Wording
from subscribers.keys import Keys
from subscribers.mailed import Kind
from subscribers.models import MailedDay, SignUp, Subscriber
from subscribers.vault import Vault


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The statements are tested in their room: one kind is enough."""
    return f"sqlite:///{tmp_path / 'newsletter.db'}"


def test_pauses_end_and_what_nobody_confirmed_is_forgotten(database: Database, tmp_path: Path) -> None:
    newsletter, vault = Newsletter(Settings(home=tmp_path), database), Vault(Keys.fresh())
    long_ago = utc_now() - timedelta(days=32)
    with database.write() as session:
        for address, now in (("ana@example.org", long_ago), ("bo@example.org", utc_now())):
            joining.ask(session, vault, address=address, languages="es", wording=Wording("en", "Yes."), now=now)
            mailed.may_mail(session, address.encode(), Kind.SIGN_UP, now.date())
        waiting = session.scalars(select(SignUp.id).order_by(SignUp.id.desc())).first() or 0
        person = joining.confirm(session, waiting, utc_now()) or 0
        preferences.change(session, person, languages="es", plain_text=False, pause=1, now=long_ago)
        assert count_by_languages(session) == {}
    for job in scheduler.JOBS:
        if job.name in ("pauses", "erase"):
            assert scheduler.run(job, newsletter, Event())
    with database.read() as session:
        assert count_by_languages(session) == {"es": 1}
        assert [session.scalar(select(func.count()).select_from(table)) for table in (SignUp, MailedDay)] == [1, 1]


@pytest.mark.parametrize(("days", "left"), [(3, [0, 0]), (4, [1, 1])])
def test_the_clock_goes_by_the_days_that_are_set(
    database: Database, tmp_path: Path, days: int, left: list[int]
) -> None:
    newsletter = Newsletter(Settings(home=tmp_path, undo_days=days, sign_up_days=days), database)
    vault, then = Vault(Keys.fresh()), utc_now() - timedelta(days=3, hours=1)
    with database.write() as session:
        for address in ("ana@example.org", "bo@example.org"):
            joining.ask(session, vault, address=address, languages="es", wording=Wording("en", "Yes."), now=then)
        person = joining.confirm(session, 1, then) or 0
        leaving.leave(session, newsletter.journal, person, then)
        session.execute(delete(SignUp).where(SignUp.id == 1))
    (erase,) = (job for job in scheduler.JOBS if job.name == "erase")
    assert scheduler.run(erase, newsletter, Event())
    with database.read() as session:
        assert [session.scalar(select(func.count()).select_from(table)) for table in (SignUp, Subscriber)] == left
