"""The books hold whatever happens between two of their statements: crashes, people, other processes."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from newsletter.delivery import account, control, generation, planning
from newsletter.delivery.ledger import Ledger, bury_the_dead
from newsletter.delivery.models import Delivery, MailingState, State
from newsletter.mail import Barrier, Reply, Take
from subscribers import leaving, retention
from tests.journals import journal
from tests.newsletter.conftest import NOW, Newsroom, messages

LATER = (450, "later", False)


@pytest.fixture
def mailing(newsroom: Newsroom) -> int:
    """Opened, with three people who wait."""
    newsroom.add("ana", "ben", "cam")
    mailing = newsroom.schedule()
    with newsroom.office.database.write() as session:
        assert planning.open_due(session, NOW) == [mailing]
    return mailing


@contextmanager
def sender(newsroom: Newsroom, mailing: int) -> Iterator[Ledger]:
    """A sender process's books; leaving the block is its death."""
    office = newsroom.office
    with generation.living(office.database.engine, office.lock_folder, NOW) as lease:
        bury_the_dead(lease, newsroom.clock())
        yield Ledger(lease, mailing, NOW + planning.TRYING, newsroom.clock)


def state(newsroom: Newsroom, mailing: int) -> MailingState:
    with newsroom.office.database.read() as session:
        return control.find(session, mailing).state


def meanwhile(newsroom: Newsroom, act: Callable[[Session], object], work: Callable[[], Any]) -> Any:
    """Do `work` while `act` is done and not committed; where the database makes it wait, it goes on after."""
    with ThreadPoolExecutor(1) as pool:
        with newsroom.office.database.write() as session:
            act(session)
            working = pool.submit(work)
            wait([working], timeout=0.3)
        return working.result()


def test_who_is_given_back_while_the_mailing_is_cancelled_is_skipped(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as books:
        books.claim(3)
        meanwhile(newsroom, lambda session: control.cancel(session, mailing, NOW), books.give_back)
    assert newsroom.states(mailing) == [State.SKIPPED] * 3


def test_who_was_to_be_tried_again_while_the_mailing_is_cancelled_is_skipped(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as books:
        (ana,) = books.claim(1)
        books.barrier([], [ana.delivery])
        later = [Reply(ana.delivery, *LATER)]
        meanwhile(newsroom, lambda session: control.cancel(session, mailing, NOW), lambda: books.barrier(later, []))
    assert newsroom.states(mailing) == [State.SKIPPED] * 3


def test_who_goes_back_into_a_paused_mailing_while_it_is_cancelled_is_skipped(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as books:
        (ana,) = books.claim(1)
        books.barrier([], [ana.delivery])
        with newsroom.office.database.write() as session:
            control.pause(session, mailing)

        def end() -> None:
            books.barrier([Reply(ana.delivery, *LATER)], [])
            books.give_back()

        meanwhile(newsroom, lambda session: control.cancel(session, mailing, NOW), end)
    assert newsroom.states(mailing) == [State.SKIPPED] * 3


def test_who_a_dead_sender_held_in_a_cancelled_mailing_is_skipped(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as books:
        (_ana, ben) = books.claim(2)
        books.barrier([], [ben.delivery])
    with newsroom.office.database.write() as session:
        control.cancel(session, mailing, NOW)
    with sender(newsroom, mailing):
        assert newsroom.states(mailing) == [State.SKIPPED, State.IN_DOUBT, State.SKIPPED]


def test_nobody_departs_once_pausing_is_done(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as books:
        (ana,) = books.claim(1)
        depart = lambda: books.barrier([], [ana.delivery])  # noqa: E731 - it is done in another thread
        assert meanwhile(newsroom, lambda session: control.pause(session, mailing), depart) == frozenset()
    assert newsroom.states(mailing) == [State.PENDING] * 3


def test_a_mailing_whose_doubts_are_sent_again_is_not_finished_under_them(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as books:
        claims = [claim.delivery for claim in books.claim(3)]
        books.barrier([], claims)
        books.barrier([Reply(claim, None, "silence", complete=True) for claim in claims], [])
        again = lambda session: control.settle_doubts(session, mailing, send_again=True, now=NOW)  # noqa: E731
        assert not meanwhile(newsroom, again, books.finish)
    assert (state(newsroom, mailing), newsroom.states(mailing)) == (MailingState.SENDING, [State.PENDING] * 3)


def test_a_second_doubt_about_one_person_is_listed_again(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as books:
        for _ in range(2):
            (ana,) = books.claim(1)
            books.barrier([], [ana.delivery])
            books.give_back()
            with newsroom.office.database.write() as session:
                assert len(account.doubts(session, mailing)) == 1
                assert control.settle_doubts(session, mailing, send_again=True, now=NOW) == 1


def test_who_is_in_doubt_and_left_since_stays_in_doubt(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as books:
        claims = [claim.delivery for claim in books.claim(2)]
        books.barrier([], claims)
        books.give_back()
    with newsroom.office.database.write() as session:
        leaving.leave(session, journal(), 1, NOW)
        assert [doubt.is_reachable for doubt in account.doubts(session, mailing)] == [False, True]
        assert control.settle_doubts(session, mailing, send_again=True, now=NOW) == 1
    assert newsroom.states(mailing) == [State.IN_DOUBT, State.PENDING, State.PENDING]


def test_doubts_of_a_cancelled_mailing_can_only_be_left(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as books:
        (ana,) = books.claim(1)
        books.barrier([], [ana.delivery])
    with newsroom.office.database.write() as session:
        control.cancel(session, mailing, NOW)
    with sender(newsroom, mailing):
        pass
    with pytest.raises(control.MailingError, match="cancelled"), newsroom.office.database.write() as session:
        control.settle_doubts(session, mailing, send_again=True, now=NOW)
    with newsroom.office.database.write() as session:
        assert control.settle_doubts(session, mailing, send_again=False, now=NOW) == 1
    assert newsroom.account(mailing).waiting == 0


def test_a_batch_of_people_who_all_left_does_not_end_the_claims(newsroom: Newsroom, mailing: int) -> None:
    with newsroom.office.database.write() as session:
        for person in (1, 2):
            leaving.leave(session, journal(), person, NOW)
    with sender(newsroom, mailing) as books:
        assert len(books.claim(2)) == 1
    with sender(newsroom, mailing):
        assert newsroom.states(mailing) == [State.SKIPPED, State.SKIPPED, State.PENDING]


def _end_connections(newsroom: Newsroom) -> None:
    """As an administrator, or a restart of the server, would."""
    with newsroom.office.database.engine.begin() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        connection.execute(text(f"{others} AND pid <> pg_backend_pid() AND application_name <> 'broom'"))  # conftest's


class _Cut:
    """A way out whose process loses the database while it holds a body before the dot; others then go on."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.arrived: list[int] = []
        self._newsroom = newsroom

    def run(self, take: Take, barrier: Barrier) -> None:
        for message in messages(take):
            barrier([], [message.delivery])
            if not self.arrived:
                _end_connections(self._newsroom)
                self._newsroom.send(_Others(self.arrived))
            self.arrived.append(message.delivery)
            barrier([Reply(message.delivery, 250, "kept", complete=True)], [])


class _Others:
    def __init__(self, arrived: list[int]) -> None:
        self._arrived = arrived

    def run(self, take: Take, barrier: Barrier) -> None:
        for message in messages(take):
            for delivery in barrier([], [message.delivery]):
                self._arrived.append(delivery)
                barrier([Reply(delivery, 250, "kept", complete=True)], [])


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_sender_that_lost_its_connection_is_buried_and_doubles_nobody(newsroom: Newsroom, mailing: int) -> None:
    cut = _Cut(newsroom)
    with pytest.raises(DBAPIError):
        newsroom.send(cut)
    newsroom.send(_Others(cut.arrived))
    assert sorted(cut.arrived) == [1, 2, 3]
    assert newsroom.states(mailing) == [State.IN_DOUBT, State.ACCEPTED, State.ACCEPTED]


def test_a_burial_that_fails_is_done_later_by_the_same_process(newsroom: Newsroom, mailing: int) -> None:
    """The lock of the dead must not stay with whoever failed to bury them."""
    with sender(newsroom, mailing) as books:
        (ana,) = books.claim(1)
        books.barrier([], [ana.delivery])
    office = newsroom.office
    with (
        pytest.raises(RuntimeError),
        generation.living(office.database.engine, office.lock_folder, NOW) as lease,
    ):
        for _dead in lease.others_that_died():
            raise RuntimeError("the disk is full")
    with sender(newsroom, mailing):
        assert newsroom.states(mailing) == [State.IN_DOUBT, State.PENDING, State.PENDING]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_who_is_erased_while_their_mailbox_is_found_to_be_gone_holds_nobody_up(
    newsroom: Newsroom, mailing: int
) -> None:
    """The two would wait for each other, if one began with the delivery and the other with the person."""
    gone = Reply(1, 550, "5.1.1 no such user", complete=False)
    with sender(newsroom, mailing) as books, ThreadPoolExecutor(1) as pool:
        books.claim(1)
        books.barrier([], [1])
        with newsroom.office.database.write() as session:
            leaving.leave(session, journal(), 1, NOW)
            settling = pool.submit(books.barrier, [gone], [])
            wait([settling], timeout=0.3)
            retention.erase_now(session, journal(), 1, NOW)
        settling.result()
    assert newsroom.states(mailing)[0] is State.REFUSED


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_books_that_wait_for_somebody_who_waits_for_them_are_written_again(newsroom: Newsroom, mailing: int) -> None:
    """An import that is taken back erases many in one transaction, in whatever order."""
    database = newsroom.office.database
    with sender(newsroom, mailing) as books, ThreadPoolExecutor(2) as pool:
        books.claim(3)
        books.barrier([], [1, 2])
        with database.write() as erasing:
            erasing.execute(text("SET LOCAL deadlock_timeout = '1h'"))  # so that the books are to give way
            retention.erase_now(erasing, journal(), 3, NOW)
            # PostgreSQL looks for a cycle once in each wait: it has to be there when the books begin theirs.
            with database.write() as holding:
                holding.scalars(select(Delivery.id).where(Delivery.id == 2).with_for_update(key_share=True)).one()
                settling = pool.submit(books.barrier, [Reply(1, 250, "kept", complete=True), Reply(2, *LATER)], [3])
                _until_so_many_wait(holding, 1)
                erased = pool.submit(retention.erase_now, erasing, journal(), 1, NOW)
                _until_so_many_wait(holding, 2)
            erased.result()
        assert settling.result() == frozenset()
    assert newsroom.states(mailing) == [State.ACCEPTED, State.PENDING, State.SKIPPED]


def _until_so_many_wait(session: Session, many: int) -> None:
    """For a lock that another transaction holds."""
    ends = time.monotonic() + 60
    while session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) != many:
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_the_living_are_not_buried(newsroom: Newsroom, mailing: int) -> None:
    with sender(newsroom, mailing) as first:
        (ana,) = first.claim(1)
        with sender(newsroom, mailing):
            assert newsroom.states(mailing)[0] is State.CLAIMED
        assert first.barrier([], [ana.delivery]) == {ana.delivery}
