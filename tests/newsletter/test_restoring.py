"""An older database is put back: it says so and sends nothing, and once the journal is replayed a person decides."""

import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine, make_url, select

from newsletter import journaling, restoring
from newsletter.db import Database
from newsletter.delivery import control, planning
from newsletter.delivery.models import Mailing, MailingState, State
from newsletter.mail import Barrier, Message, Reply, Take
from newsletter.notices import outbox
from newsletter.notices.models import Notice
from newsletter.transports.maildir import MaildirTransport
from subscribers import joining, journal, leaving, people, retention
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.errors import JournalMissing, SubscriberError
from subscribers.journal import Journal
from subscribers.journal_file import JournalFile
from subscribers.leaving import Standing
from subscribers.models import JournalPlace, SignUp, Subscriber, Suppression
from tests.newsletter.conftest import NOW, Newsroom
from tests.newsletter.smtp_server import Script, serving

PutBack = Callable[[], None]


@pytest.fixture
def backup(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], PutBack]:
    """Takes a backup; what it gives puts it back."""
    engine = database.engine
    return (lambda: _copy_file(engine, tmp_path)) if engine.dialect.name == "sqlite" else lambda: _copy_tables(engine)


def _copy_file(engine: Engine, folder: Path) -> PutBack:
    path, copy = Path(str(engine.url.database)), folder / "backup.db"
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))

    def put_back() -> None:
        engine.dispose()
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        shutil.copy(copy, path)

    return put_back


def _copy_tables(engine: Engine) -> PutBack:
    """As a dump does: every table, and the numbers that its sequences were at."""
    url = make_url(str(engine.url)).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as server:
        tables = [name for (name,) in server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        server.execute("DROP SCHEMA IF EXISTS backup CASCADE")
        server.execute("CREATE SCHEMA backup")
        for name in map(Identifier, tables):
            server.execute(SQL("CREATE TABLE backup.{0} AS TABLE public.{0}").format(name))
        server.execute("CREATE TABLE backup.sequences AS SELECT sequencename, last_value FROM pg_sequences")

    def put_back() -> None:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("SET session_replication_role = replica")
            for name in map(Identifier, tables):
                server.execute(SQL("DELETE FROM public.{}").format(name))
                server.execute(SQL("INSERT INTO public.{0} SELECT * FROM backup.{0}").format(name))
            server.execute(
                "SELECT setval(sequencename::regclass, coalesce(last_value, 1), last_value IS NOT NULL) "
                "FROM backup.sequences WHERE to_regclass(sequencename::text) IS NOT NULL"
            )
            server.execute("DROP SCHEMA backup CASCADE")

    return put_back


def hash_of(newsroom: Newsroom, name: str) -> bytes:
    return newsroom.office.vault.hash(normal(f"{name}@example.org"))


def refusal(newsroom: Newsroom) -> str:
    office = newsroom.office
    return journaling.refusal(office.database, office.journal, newsroom.clock())


def catch_up(newsroom: Newsroom, **more: Any) -> restoring.CaughtUp:
    with newsroom.office.database.write() as session:
        return restoring.catch_up(session, newsroom.office.journal, newsroom.clock(), undo_for=leaving.UNDO_FOR, **more)


def beat(newsroom: Newsroom) -> None:
    journaling.beat(newsroom.office.database, newsroom.office.journal, newsroom.clock())


def mails(folder: Path) -> int:
    return len(list((folder / "new").iterdir())) if folder.exists() else 0


def test_an_old_database_mails_nobody_who_left_since_and_asks_before_it_mails_anybody_twice(
    newsroom: Newsroom, backup: Callable[[], PutBack], tmp_path: Path
) -> None:
    office, out = newsroom.office, tmp_path / "out"
    ana, bo, cho, _dee = newsroom.add("ana", "bo", "cho", "dee")
    beat(newsroom)
    sent, coming = newsroom.schedule(), newsroom.schedule("2021-12", due_at=NOW.replace(day=30, hour=20))
    put_back = backup()

    newsroom.send(MaildirTransport(out))
    assert mails(out) == 4
    with office.database.write() as session:
        for person in (ana, cho):
            leaving.leave(session, office.journal, person, NOW)
        retention.erase_now(session, office.journal, bo, NOW)
        assert leaving.undo(session, cho, NOW) is Standing.ON_LIST
    with office.database.write() as session:
        journal.note_return(session, office.journal, cho, NOW.date())
        late = people.add(
            session,
            office.vault,
            address="eva@example.org",
            name="",
            languages="",
            came_by="added",
            wording=Wording("en", "Yes."),
            now=NOW,
        ).id
    put_back()

    assert "put back from a backup" in refusal(newsroom)
    newsroom.later(hours=12)
    newsroom.send(MaildirTransport(out))
    assert mails(out) == 4, "neither what was sent nor what is due"
    assert newsroom.account(sent).people == 0

    done = catch_up(newsroom)
    assert (done.people, done.mailings, done.unreadable) == (3, 2, 0)
    assert refusal(newsroom) == ""
    assert catch_up(newsroom) == restoring.CaughtUp(0, 0, 0)
    newsroom.send(MaildirTransport(out))
    assert mails(out) == 4, "not by itself"
    with office.database.write() as session:
        assert leaving.standing(session, ana, NOW) is Standing.LEFT
        assert leaving.standing(session, cho, NOW) is Standing.ON_LIST
        assert session.get(Subscriber, bo) is None
        assert session.get(Suppression, hash_of(newsroom, "bo"))
        assert {m.state for m in session.scalars(select(Mailing))} == {MailingState.HELD}
        control.cancel(session, sent, newsroom.clock())
        control.resume(session, coming, newsroom.clock())
    newcomer = newsroom.add("fay")[0]
    assert newcomer > late + 1000, "the old link of who joined meanwhile fits no newcomer"
    newsroom.send(MaildirTransport(out))
    assert (mails(out), newsroom.states(coming)) == (7, [State.ACCEPTED] * 3)


def test_a_mailing_that_was_on_its_way_in_the_copy_is_paused(newsroom: Newsroom, backup: Callable[[], PutBack]) -> None:
    newsroom.add("ana", "bo")
    mailing = newsroom.schedule()
    with newsroom.office.database.write() as session:
        assert planning.open_due(session, NOW) == [mailing]
    beat(newsroom)
    put_back = backup()
    beat(newsroom)
    put_back()
    assert catch_up(newsroom).mailings == 1
    with newsroom.office.database.read() as session:
        paused = session.get_one(Mailing, mailing)
        assert (paused.state, "may have got it since" in paused.note) == (MailingState.PAUSED, True)
    assert newsroom.states(mailing) == [State.PENDING] * 2


@dataclass
class _Copied:
    """A way out during whose last batch a copy is taken; or during the one before, where it `dies` in the last.

    Who is told "later" in the first is due again in the second.
    """

    newsroom: Newsroom
    backup: Callable[[], PutBack]
    dies: bool
    copies: list[PutBack] = field(default_factory=list)

    def run(self, take: Take, barrier: Barrier) -> None:
        for code in (450, 250):
            message = take()
            assert isinstance(message, Message)
            barrier([], [message.delivery])
            if code == (450 if self.dies else 250):
                self.copies.append(self.backup())
            elif self.dies:
                raise OSError("as if killed")
            barrier([Reply(message.delivery, code, "so be it", complete=True)], [])
            self.newsroom.later(hours=2)


@pytest.mark.parametrize("dies", [False, True], ids=["it ran to its end", "it died in the batch after"])
def test_a_copy_taken_while_a_mailing_went_out_sends_nobody_a_second_one_by_itself(
    newsroom: Newsroom, backup: Callable[[], PutBack], tmp_path: Path, *, dies: bool
) -> None:
    newsroom.add("ana")
    newsroom.schedule()
    way = _Copied(newsroom, backup, dies)
    with pytest.raises(OSError, match="as if killed") if dies else nullcontext():
        newsroom.send(way)
    way.copies[0]()
    assert "put back from a backup" in refusal(newsroom)
    newsroom.send(MaildirTransport(tmp_path / "out"))
    assert mails(tmp_path / "out") == 0


class _LosesTheJournal:
    """A way out during which the journal is taken away."""

    def __init__(self, newsroom: Newsroom, folder: Path) -> None:
        self.newsroom, self.folder = newsroom, folder

    def run(self, take: Take, barrier: Barrier) -> None:
        message = take()
        assert isinstance(message, Message)
        barrier([], [message.delivery])
        barrier([Reply(message.delivery, 450, "later", complete=True)], [])
        self.newsroom.later(hours=2)
        for path in self.folder.glob("*.journal"):
            path.unlink()
        take()


def test_where_no_mark_can_be_left_nobody_more_is_written_to(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.office = replace(newsroom.office, journal=Journal(tmp_path / "k" / "keys.json"))
    newsroom.add("ana")
    mailing = newsroom.schedule()
    newsroom.send(_LosesTheJournal(newsroom, tmp_path / "k"))
    with newsroom.office.database.read() as session:
        assert "cannot be written, so nobody more is written to" in session.get_one(Mailing, mailing).note
    assert newsroom.states(mailing) == [State.PENDING]


def test_whose_mailbox_was_gone_by_the_end_of_a_run_is_not_written_to_from_the_copy(
    newsroom: Newsroom, backup: Callable[[], PutBack]
) -> None:
    newsroom.add("ana", "bo")
    newsroom.schedule()
    beat(newsroom)
    put_back = backup()
    with serving(Script({"rcpt": ["550 5.1.1 no such user"]})) as (_server, port):
        newsroom.send_to(port)
    put_back()
    assert catch_up(newsroom).people == 1
    with newsroom.office.database.read() as session:
        assert session.scalars(select(Suppression.reason)).all() == ["bounced"]


def test_answers_go_out_from_an_old_database_and_other_notices_wait(
    newsroom: Newsroom, backup: Callable[[], PutBack], tmp_path: Path
) -> None:
    office = newsroom.office
    room = outbox.Postroom(office.database, office.vault, "news@example.org", "", office.clock, office.journal)
    told = {"brand": "Ours", "base_url": "https://news.example.org"}
    newsroom.add("ana")
    beat(newsroom)
    put_back = backup()
    beat(newsroom)
    put_back()
    with office.database.write() as session:
        asked: dict[str, Any] = {
            "address": "eva@example.org",
            "languages": "es",
            "wording": Wording("en", "Yes."),
            "now": NOW,
        }
        joining.ask(session, office.vault, **asked)
        outbox.queue(session, office.vault, "eva@example.org", "sign_up", told, NOW)
        link = {"link": "https://news.example.org/desk/welcome/x", "name": "Rosa", "brand": "Ours", "inviter": "Ana"}
        outbox.queue(session, office.vault, "rosa@example.org", "invite", link | {"role": "editor"}, NOW)
    outbox.send_waiting(room, MaildirTransport(tmp_path / "out"), Event())
    with office.database.read() as session:
        assert session.scalars(select(Notice.template)).all() == ["invite"]
        assert session.scalars(select(SignUp.id)).all() == [1]
    assert mails(tmp_path / "out") == 1


def test_a_journal_elsewhere_is_asked_for_and_a_lost_one_must_be_named(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.office = replace(newsroom.office, journal=Journal(tmp_path / "k" / "keys.json"))
    (ana,) = newsroom.add("ana")
    beat(newsroom)
    (path,) = (tmp_path / "k").glob("*.journal")
    other = JournalFile.begin(tmp_path / "other.journal", 7, NOW.date())
    with newsroom.office.database.write() as session:
        session.add(JournalPlace(id=7, lines=1, beat=0))
        leaving.leave(session, newsroom.office.journal, ana, NOW)
    with pytest.raises(JournalMissing, match=r"keys\.00000007\.journal"):
        catch_up(newsroom)
    catch_up(newsroom, files=[other.path])
    path.rename(tmp_path / "away")
    number = JournalFile(tmp_path / "away").number()
    said = refusal(newsroom)
    assert "not beside the keys of this machine: keys." in said
    assert all(f"keys.{each:08x}.journal" in said and f"--lost {each:08x}" in said for each in (7, number))
    with pytest.raises(JournalMissing, match=f"--lost {number:08x}"):
        catch_up(newsroom, files=[other.path])
    catch_up(newsroom, files=[other.path], lost=[number])
    assert refusal(newsroom) == ""
    (tmp_path / "list.csv").write_text("email\n" * 50)
    with pytest.raises(SubscriberError, match="no journal"):
        catch_up(newsroom, files=[tmp_path / "list.csv"])
