"""Any order of claims, replies, deaths, departures of people and decisions: the books stay exact."""

import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, event, select

from newsletter.db import Database
from newsletter.delivery import account, brake, control, daybook, generation, planning
from newsletter.delivery.generation import Lease
from newsletter.delivery.ledger import Ledger, bury_the_dead
from newsletter.delivery.message import Letterhead
from newsletter.delivery.models import Delivery, MailingState, State
from newsletter.delivery.moves import MOVES
from newsletter.delivery.sender import Office
from newsletter.mail import Reply
from subscribers import leaving
from subscribers.keys import Keys
from subscribers.models import Subscriber
from subscribers.vault import Vault
from tests.journals import journal
from tests.newsletter.conftest import NOW, Clock, Newsroom, states

PEOPLE = tuple("abcdef")
Answer = tuple[int | None, str, bool]
ANSWERS: st.SearchStrategy[Answer] = st.sampled_from(
    [
        *[(250, "kept", True)] * 3,
        (550, "5.1.1 nobody", False),
        (552, "5.3.4 too large", False),
        (550, "5.7.1 blocked", True),
        (450, "later", False),
        (None, "", False),
        (None, "", True),
    ]
)

_KNOWN = ", ".join(f"('{before}', '{after}')" for before, afters in MOVES.items() for after in afters)
GUARD = f"""CREATE TRIGGER moves BEFORE UPDATE OF state ON delivery WHEN (old.state, new.state) NOT IN (VALUES {_KNOWN})
BEGIN SELECT RAISE(ABORT, 'no such move'); END"""
"""The table of moves, held by the database itself: no statement anywhere may go around it."""


@dataclass
class Process:
    """A sender: what ends its life, its books, and what it holds."""

    life: ExitStack
    lease: Lease
    books: Ledger
    claimed: list[int] = field(default_factory=list)
    departed: list[int] = field(default_factory=list)


class Books(RuleBasedStateMachine):
    """Up to two senders and a person at the desk; `arrived` is the truth about who got what."""

    template: Path

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "newsletter.db"
        shutil.copy(self.template, path)
        self.database = Database(f"sqlite:///{path}")
        event.listen(self.database.engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
        self.clock = Clock()
        letterhead = Letterhead("news@example.org", "", "news.example.org")
        vault = Vault(Keys.fresh())
        office = Office(
            self.database, vault, letterhead, "https://example.org", Path(self.folder.name), self.clock, journal()
        )
        self.newsroom = Newsroom(office, self.clock)
        self.people = self.newsroom.add(*PEOPLE)
        self.mailing = self.newsroom.schedule()
        with self.database.write() as session:
            planning.open_due(session, NOW)
            session.connection().exec_driver_sql(GUARD)
        self.processes: list[Process] = []
        self.arrived: Counter[int] = Counter()
        self.sent_again: Counter[int] = Counter()
        self.doubts_allowed = 0
        self.start()

    def teardown(self) -> None:
        if not hasattr(self, "processes"):
            return
        for process in self.processes:
            self.doubts_allowed += len(process.departed)
            process.life.close()
        self._bring_to_an_end()
        self.database.close()
        self.folder.cleanup()

    # What senders do

    @precondition(lambda self: len(self.processes) < 2)
    @rule()
    def start(self) -> None:
        life = ExitStack()
        office = self.newsroom.office
        lease = life.enter_context(generation.living(self.database.engine, office.lock_folder, self.clock()))
        bury_the_dead(lease, self.clock())
        self.processes.append(Process(life, lease, Ledger(lease, self.mailing, NOW + planning.TRYING, self.clock)))

    @precondition(lambda self: self.processes)
    @rule(data=st.data(), most=st.integers(1, 3), answers=st.lists(ANSWERS, max_size=3), next_too=st.booleans())
    def send(self, data: st.DataObject, most: int, answers: list[Answer], next_too: bool) -> None:
        """One step, or most of them would end something before anybody is answered for."""
        process = data.draw(st.sampled_from(self.processes))
        self._depart(process, most)
        for answer in answers:
            if process.departed:
                self._answer(process, answer, next_too)

    def _depart(self, process: Process, most: int) -> None:
        if not process.claimed:
            process.claimed += [claim.delivery for claim in process.books.claim(most)]
        if not process.claimed or process.departed:
            return
        delivery = process.claimed.pop(0)
        if not process.books.may_go(delivery, (b"one domain", b"another")[delivery % 2]):
            return
        unreachable = delivery in self._unreachable()
        leaving = process.books.barrier([], [delivery])
        assert not (unreachable and leaving)
        process.departed += leaving

    def _answer(self, process: Process, answer: Answer, next_too: bool) -> None:
        """The server answers; the reply of one and the departure of the next may ride together."""
        delivery = process.departed.pop(0)
        code, words, complete = answer
        self.arrived[delivery] += code == 250 or (code is None and complete)
        self.doubts_allowed += code is None and complete
        departing = [process.claimed.pop(0)] if next_too and process.claimed else []
        process.departed += process.books.barrier([Reply(delivery, code, words, complete)], departing)

    @precondition(lambda self: self.processes)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """By being told, or killed."""
        process = data.draw(st.sampled_from(self.processes))
        self.processes.remove(process)
        self.doubts_allowed += len(process.departed)
        if data.draw(st.booleans()):
            process.books.give_back()
            process.books.finish()
            process.lease.end(self.clock())
        elif data.draw(st.booleans()):
            self.arrived.update(process.departed)
        process.life.close()

    # What people do

    @rule(data=st.data())
    def someone_acts(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from([self._decide, self._settle, self._come_and_go, self._let_time_pass]))(data)

    def _decide(self, data: st.DataObject) -> None:
        """Seldom to cancel, or most examples would be over soon."""
        decisions = [control.pause, *[control.resume] * 4, control.cancel]
        decision: Any = data.draw(st.sampled_from(decisions))
        now = () if decision is control.pause else (self.clock(),)
        with suppress(control.MailingError), self.database.write() as session:
            decision(session, self.mailing, *now)

    def _settle(self, data: st.DataObject) -> None:
        send_again = data.draw(st.booleans()) and self._state() is not MailingState.CANCELLED
        with self.database.write() as session:
            found = account.doubts(session, self.mailing)
            doubts = [doubt.delivery for doubt in found if doubt.is_reachable or not send_again]
            assert control.settle_doubts(session, self.mailing, send_again=send_again, now=NOW) == len(doubts)
        self.sent_again.update(doubts if send_again else [])

    def _come_and_go(self, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(self.people))
        act = data.draw(st.sampled_from(["leave", "undo", "undo", "be erased"]))
        with self.database.write() as session:
            if act == "leave":
                leaving.leave(session, journal(), person, self.clock())
            elif act == "undo":
                leaving.undo(session, person, self.clock())
            else:
                session.execute(delete(Subscriber).where(Subscriber.id == person))

    def _let_time_pass(self, data: st.DataObject) -> None:
        """Or go back."""
        self.clock.now += timedelta(minutes=data.draw(st.integers(-90, 180)))

    # What holds always

    @invariant()
    def the_account_is_exact(self) -> None:
        if not hasattr(self, "mailing"):
            return
        states = self._states()
        assert len(states) == len(PEOPLE)
        held = Counter(d for process in self.processes for d in (*process.claimed, *process.departed))
        assert max(held.values(), default=1) == 1
        for delivery, state in states.items():
            assert self.arrived[delivery] <= 1 + self.sent_again[delivery]
            if state is State.ACCEPTED:
                assert self.arrived[delivery]
            if self.arrived[delivery] > self.sent_again[delivery]:
                assert state in (State.ATTEMPTING, State.ACCEPTED, State.IN_DOUBT)
        doubts = sum(state is State.IN_DOUBT for state in states.values())
        assert doubts <= self.doubts_allowed

    def _bring_to_an_end(self) -> None:
        """Whatever happened: a sender that lives, a mailing that goes on, and everyone ends as one of five."""
        self.processes.clear()
        with self.database.write() as session:
            if self._state() is MailingState.PAUSED:
                control.resume(session, self.mailing, self.clock())
        self.clock.now += timedelta(days=1)
        self.start()
        process = self.processes[0]
        while claims := process.books.claim(10):
            for claim in claims:
                for delivery in process.books.barrier([], [claim.delivery]):
                    self.arrived[delivery] += 1
                    process.books.barrier([Reply(delivery, 250, "kept", complete=True)], [])
        process.books.give_back()
        process.books.finish()
        process.life.close()
        self.processes.clear()
        assert self._state() in (MailingState.FINISHED, MailingState.CANCELLED)
        with self.database.read() as session:
            counted = account.account(session, self.mailing)
        assert (counted.people, counted.waiting) == (len(PEOPLE), 0)
        self.the_account_is_exact()

    def _states(self) -> dict[int, State]:
        with self.database.read() as session:
            return states(session, self.mailing)

    def _state(self) -> MailingState:
        with self.database.read() as session:
            return control.find(session, self.mailing).state

    def _unreachable(self) -> set[int]:
        with self.database.read() as session:
            there = select(Subscriber.id).where(Subscriber.state == "subscribed")
            gone = Delivery.subscriber_id.not_in(there) | Delivery.subscriber_id.is_(None)
            return set(session.scalars(select(Delivery.id).where(gone)))


def test_the_books_are_exact_in_any_order_of_things(sqlite_with_tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brake, "FEWEST", 1)  # so that six people are enough for it
    monkeypatch.setattr(daybook, "_MOST", 3)
    machine = type("BooksHere", (Books,), {"template": sqlite_with_tables})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # to make a failing example small takes minutes
            derandomize=True,
        ),
    )
