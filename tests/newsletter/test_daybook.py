"""What a sender notes while mails leave ends in its place: after a while, after many lines, after its death."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.delivery import daybook, generation, planning
from newsletter.delivery.ledger import Ledger, bury_the_dead
from newsletter.delivery.models import Attempt, DaybookLine, Delivery, State
from newsletter.mail import Reply
from subscribers import leaving
from tests.journals import journal
from tests.newsletter.conftest import NOW, Newsroom

KEPT = (250, "kept as 4F2A", True)


@pytest.fixture
def books(newsroom: Newsroom) -> Iterator[Ledger]:
    """Of a mailing to three people, who are all claimed."""
    newsroom.add("ana", "ben", "cam")
    mailing = newsroom.schedule()
    office = newsroom.office
    with office.database.write() as session:
        planning.open_due(session, NOW)
    with generation.living(office.database.engine, office.lock_folder, NOW) as lease:
        found = Ledger(lease, mailing, NOW + planning.TRYING, newsroom.clock)
        assert len(found.claim(3)) == 3
        yield found


def in_place(newsroom: Newsroom) -> list[State]:
    """What the books say without the daybook."""
    with newsroom.office.database.read() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def attempts(newsroom: Newsroom) -> list[tuple[object, ...]]:
    """By delivery: the minutes they began and ended in, and the answer."""
    with newsroom.office.database.read() as session:
        rows = session.scalars(select(Attempt).order_by(Attempt.delivery_id))
        return [
            (row.delivery_id, row.started_at - NOW, row.ended_at and row.ended_at - NOW, row.code, row.text)
            for row in rows
        ]


def lines(newsroom: Newsroom) -> int:
    with newsroom.office.database.read() as session:
        return len(session.scalars(select(DaybookLine)).all())


def test_a_line_is_posted_when_a_second_is_over(newsroom: Newsroom, books: Ledger) -> None:
    assert books.barrier([], [1]) == {1}
    assert (in_place(newsroom), lines(newsroom)) == ([State.CLAIMED] * 3, 1)
    newsroom.later(seconds=2)
    assert books.barrier([Reply(1, *KEPT)], [2]) == {2}
    assert (in_place(newsroom), lines(newsroom)) == ([State.ACCEPTED, State.ATTEMPTING, State.CLAIMED], 0)
    newsroom.later(seconds=2)
    books.barrier([Reply(2, *KEPT)], [])
    newsroom.later(seconds=2)
    books.barrier([], [3])
    two, four, six = (timedelta(seconds=seconds) for seconds in (2, 4, 6))
    assert in_place(newsroom) == [State.ACCEPTED, State.ACCEPTED, State.ATTEMPTING]
    assert attempts(newsroom) == [
        (1, timedelta(), two, 250, KEPT[1]),
        (2, two, four, 250, KEPT[1]),
        (3, six, None, None, ""),
    ]


def test_lines_are_posted_when_they_are_many(
    newsroom: Newsroom, books: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daybook, "_MOST", 2)
    books.barrier([], [1])
    books.barrier([Reply(1, *KEPT)], [])
    assert (in_place(newsroom), lines(newsroom)) == ([State.ACCEPTED, State.CLAIMED, State.CLAIMED], 0)


def test_an_answer_that_is_no_yes_comes_to_its_place_after_the_lines_before_it(
    newsroom: Newsroom, books: Ledger
) -> None:
    books.barrier([], [1, 2])
    books.barrier([Reply(1, *KEPT)], [3])
    books.barrier([Reply(2, 552, "5.3.4 too large", complete=True)], [])
    assert (in_place(newsroom), lines(newsroom)) == ([State.ACCEPTED, State.REFUSED, State.ATTEMPTING], 0)


def test_what_the_daybook_of_the_dead_says_stands(newsroom: Newsroom, books: Ledger) -> None:
    """Whoever left meanwhile included: the message is on its way."""
    books.barrier([], [1, 2])
    books.barrier([Reply(1, *KEPT)], [])
    office = newsroom.office
    with office.database.write() as session:
        leaving.leave(session, journal(), 2, NOW)
    books._connection.close()
    with generation.living(office.database.engine, office.lock_folder / "elsewhere", NOW) as lease:
        bury_the_dead(lease, NOW)
    assert (in_place(newsroom), lines(newsroom)) == ([State.ACCEPTED, State.IN_DOUBT, State.PENDING], 0)
    assert [row[3] for row in attempts(newsroom)] == [250, None]
