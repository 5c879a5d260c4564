"""Killed again and again: senders die at every point of a message's way, and nobody is lost or gets two.

The sender is the real program in a process of its own; the mail server is another, and its append-only log, written
before each 250 leaves, is the truth. `python -m benchmarks.crash` is the long version, tests/flows/test_crashes.py the
short one. The seed decides where lives end; what the machine does meanwhile is chance all the same.
"""

import argparse
import os
import random
import signal
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.doomed import AT_RANDOM, KEPT, OPENING, UNDER_WAY, Doom, live
from newsletter.db import Database
from newsletter.delivery.models import DaybookLine, Delivery, Mailing, MailingState, State
from newsletter.wiring import Newsletter, utc_now
from subscribers.models import Subscriber
from tests import postgres
from tests.flows.house import WARM, House
from tests.newsletter.conftest import Clock, Newsroom
from tests.newsletter.smtp_server import Script, serving

LINES = 10
"""Connections of a sender: so many people at most may be in doubt after a kill."""
FILLING = "x" * 20
"""Makes a message of about 50 KB."""
COLD_EVERY = 20
"""So many lives, and one reads all modules itself."""
MOST = dict.fromkeys((*UNDER_WAY, *AT_RANDOM), 25) | {point: 8 for point in UNDER_WAY if "commit" in point}
"""How often a point is passed, at most, before the kill: many messages meet in one commit."""
SOON = 10.0
"""Seconds within which a sender that is started again sends."""
PATIENCE = 900.0
"""Seconds after which a mailing that does not come to its end is a failure."""


@dataclass
class Toll:
    """What became of everybody, after all those kills."""

    kills: Counter[str] = field(default_factory=Counter)
    """By where they came."""
    mailings: int = 0
    mails: int = 0
    """People counted, over all mailings."""
    lost: int = 0
    """Neither in the server's log nor in doubt, or said to be accepted without being in the log."""
    doubled: int = 0
    """In the server's log more than once."""
    doubts: int = 0
    doubts_that_arrived: int = 0
    most_in_hand: int = 0
    """The most that one sender ever had between "attempting" and the answer, looked at after each kill."""
    again: list[float] = field(default_factory=list)
    """Seconds from the start of a life to its first mail accepted, where it came so far."""
    again_cold: list[float] = field(default_factory=list)
    """The same for those that had to read every module first."""
    seconds: float = 0.0

    @property
    def killed(self) -> int:
        """How often."""
        return self.kills.total()

    @property
    def missed(self) -> set[str]:
        """Where nobody was killed."""
        return {*OPENING, *UNDER_WAY, *AT_RANDOM} - set(self.kills)

    @property
    def bound(self) -> int:
        """How many may be in doubt: one per open connection per kill."""
        return self.killed * LINES

    @property
    def holds(self) -> bool:
        """Whether it is what docs/sending.md promises."""
        return self.lost == self.doubled == 0 and self.doubts <= self.bound and self.most_in_hand <= LINES

    def __str__(self) -> str:
        where = "\n".join(f"  {count:4} {point}" for point, count in sorted(self.kills.items()))
        return (
            f"{self.killed} kills of a sender with {LINES} connections, {self.mailings} mailings to "
            f"{self.mails:,} people, {self.seconds:.0f} s\n{where}\n"
            f"lost {self.lost}, doubled {self.doubled}, in doubt {self.doubts} ({self.doubts_that_arrived} of them "
            f"arrived; bound {self.bound}), most in hand of one sender {self.most_in_hand}\n"
            f"sending again after {_spread(self.again)}; from a cold start {_spread(self.again_cold)}"
        )


@dataclass
class _Life:
    """A sender on its way to its end."""

    process: BaseProcess
    doom: Doom
    log_length: int
    """Of the sink's log when it began."""
    kill_at: float | None = None


class Siege:
    """One newsletter, sent again and again by senders that die."""

    def __init__(self, house: House, folder: Path, *, workers: int, people: int, seed: int) -> None:
        self.toll = Toll()
        self._house = house
        self._log, self._again, self._errors = folder / "sink.log", folder / "again", folder / "job.log"
        self._workers = workers
        self._names = [f"reader{number}" for number in range(people)]
        self._chance = random.Random(seed)
        self._dooms: list[str] = []
        self._lives = 0

    def run(self, kills: int) -> Toll:
        """Go on until so many have died, at every point; the mailing under way is brought to its end."""
        began = time.monotonic()
        self._log.touch()
        with _sink(self._log) as port, self._house.opened() as newsletter:
            self._house.transport = f"smtp://127.0.0.1:{port}?tls=none&connections={LINES}"
            newsroom = Newsroom(newsletter.office, Clock())
            newsroom.add(*self._names)
            while self.toll.killed < kills or (self.toll.missed and self.toll.mailings < kills):
                before = len(_recipients(self._log))
                mailing = newsroom.schedule(f"no-{self.toll.mailings}", filling=FILLING, due_at=utc_now())
                self._send(newsletter.database, mailing, kills)
                self._audit(newsletter, mailing, Counter(_recipients(self._log)[before:]))
        self.toll.again, self.toll.again_cold = _times(self._again, "warm"), _times(self._again, "cold")
        self.toll.seconds = time.monotonic() - began
        return self.toll

    def _send(self, database: Database, mailing: int, kills: int) -> None:
        """A mailing from its opening to its end, however many lives that takes."""
        lives = [self._begin(self._opening() or self._doom(kills)) for _ in range(self._workers)]
        ends = time.monotonic() + PATIENCE
        while not _is_over(database, mailing):
            assert time.monotonic() < ends, f"mailing {mailing} does not end:\n{self._errors.read_text()}"
            for place, life in enumerate(lives):
                if self._has_ended(life):
                    self.toll.most_in_hand = max(self.toll.most_in_hand, _most_in_hand(database))
                    lives[place] = self._begin(self._doom(kills))
            time.sleep(0.002)
        for life in lives:
            while not self._has_ended(life):
                time.sleep(0.002)

    # Lives

    def _opening(self) -> Doom | None:
        """Who opens a mailing dies at one of two points, or later: a third of the mailings each."""
        return (*map(Doom, OPENING), None)[self.toll.mailings % 3]

    def _doom(self, kills: int) -> Doom:
        if self.toll.killed >= kills and not self.toll.missed:
            return Doom("of old age")
        point = self._next_point()
        return Doom(point, self._chance.randint(1, MOST[point]), self._chance.uniform(0, 0.3))

    def _next_point(self) -> str:
        """All in turn, in an order of chance."""
        if not self._dooms:
            self._dooms = [*UNDER_WAY, *AT_RANDOM, *AT_RANDOM]
            self._chance.shuffle(self._dooms)
        return self._dooms.pop()

    def _begin(self, doom: Doom) -> _Life:
        self._lives += 1
        cold = self._lives % COLD_EVERY == 0
        note = partial(live, doom, time.monotonic(), self._again, "cold" if cold else "warm")
        process = self._house.start_work(self._errors, note, cold=cold)
        at_start = time.monotonic() + doom.seconds if doom.point == "while it starts" else None
        return _Life(process, doom, self._log.stat().st_size, at_start)

    def _has_ended(self, life: _Life) -> bool:
        """Kill it when its moment has come; count it when it is dead."""
        now = time.monotonic()
        if life.doom.point == "while it sends" and not life.kill_at and self._log.stat().st_size > life.log_length:
            life.kill_at = now + life.doom.seconds
        if life.kill_at and now >= life.kill_at:
            life.process.kill()
        if life.process.exitcode is None:
            return False
        assert life.process.exitcode in (0, -signal.SIGKILL), self._errors.read_text()
        if life.process.exitcode:
            self.toll.kills[life.doom.point] += 1
        return True

    # What became of everybody

    def _audit(self, newsletter: Newsletter, mailing: int, arrived: Counter[str]) -> None:
        """The books beside the log."""
        people = select(Delivery.state, Subscriber.sealed_address, Subscriber.address_hash).join(
            Subscriber, Subscriber.id == Delivery.subscriber_id
        )
        with newsletter.database.read() as session:
            rows = session.execute(people.where(Delivery.mailing_id == mailing)).all()
        states = {newsletter.vault.open_address(sealed, hashed): state for state, sealed, hashed in rows}
        doubts = {address for address, state in states.items() if state is State.IN_DOUBT}
        accepted = {address for address, state in states.items() if state is State.ACCEPTED}
        assert set(arrived) <= set(states), "somebody got it who was never counted"
        toll = self.toll
        toll.mailings += 1
        toll.mails += len(self._names)
        toll.lost += len(self._names) - len(doubts | (accepted & set(arrived)))
        toll.doubled += sum(count > 1 for count in arrived.values())
        toll.doubts += len(doubts)
        toll.doubts_that_arrived += len(doubts & set(arrived))


def _is_over(database: Database, mailing: int) -> bool:
    with database.read() as session:
        return session.get_one(Mailing, mailing).state is MailingState.FINISHED


def _most_in_hand(database: Database) -> int:
    """Of any sender, the dead included: between "attempting" and the answer, as the books and the daybook say."""
    held = select(Delivery.generation_id, func.count()).where(Delivery.state == State.ATTEMPTING)
    with database.read() as session:
        in_hand = Counter(dict(session.execute(held.group_by(Delivery.generation_id)).all()))
        for line in session.scalars(select(DaybookLine)):
            in_hand[line.generation_id] += len(line.departed) - len(line.accepted)
    return max(in_hand.values(), default=0)


def _times(path: Path, kind: str) -> list[float]:
    words = [line.split() for line in path.read_text().splitlines()]
    return [float(seconds) for of, seconds in words if of == kind]


# The mail server


class _Log(list[tuple[str, bytes]]):
    """What a server accepts goes into a file, before its answer leaves."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def append(self, accepted: tuple[str, bytes]) -> None:
        os.write(self._file, f"{accepted[0]}\n".encode())


def _keep_sink(path: Path, tell: Connection) -> None:
    with serving(Script(thanks=f"250 {KEPT.decode()}")) as (server, port):
        server.accepted = _Log(path)
        tell.send(port)
        tell.poll(None)  # until whoever listens is gone


@contextmanager
def _sink(path: Path) -> Iterator[int]:
    """The mail server for the time of the block, in a process of its own; its port."""
    hear, tell = WARM.Pipe()
    process = WARM.Process(target=_keep_sink, args=(path, tell))
    process.start()
    tell.close()  # so that one that breaks at once is heard of
    try:
        yield hear.recv()
    finally:
        process.kill()
        process.join()


def _recipients(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").split()


# The command


def _spread(seconds: list[float]) -> str:
    """`0.31 s (median of 240; the longest 0.92 s)`."""
    if not seconds:
        return "nothing measured"
    return f"{statistics.median(seconds):.2f} s (median of {len(seconds)}; the longest {max(seconds):.2f} s)"


def main() -> None:
    """Print what became of everybody; fail where that is not what was promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/newsletter.db"
        if wanted.on == "postgres":
            url = stack.enter_context(postgres.running(folder)).get_uri()
        house = House(folder / "home", folder / "keys.json", url)
        toll = Siege(house, folder, workers=wanted.workers, people=250, seed=wanted.seed).run(wanted.kills)
    print(f"{wanted.on}, {wanted.workers} workers, seed {wanted.seed}: {toll}")
    assert toll.holds
    assert not toll.missed
    assert max(toll.again + toll.again_cold) < SOON


if __name__ == "__main__":
    main()
