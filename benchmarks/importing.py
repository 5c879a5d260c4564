"""A list comes in, beside `sqlite3 .import` of the same file into a table with a unique column.

Ours reads, validates, hashes, encrypts, finds who is there twice, puts everybody on the list with their consent,
durable in short transactions, and reports. `python -m benchmarks importing` takes a million people, `python -m
benchmarks.importing N` as many as it says.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from benchmarks.figures import Figure, peak
from newsletter.db import Database
from newsletter.migrations import upgrade
from subscribers import importing
from subscribers.consent import Wording
from subscribers.importing import Agreed, Tools
from subscribers.journal import Journal
from subscribers.keys import Keys
from subscribers.vault import Vault

PEOPLE = 1_000_000
LIMIT = 6
"""Times as long as the peer, at most; in WITHIN megabytes."""
WITHIN = 200
FEW = 10_000
"""People of the list beside which memory has to stay flat."""


def measure() -> list[Figure]:
    """In a process of its own: what other benchmarks brought in is not of an import."""
    with get_context("spawn").Pool(1) as alone:
        return alone.apply(beside, (PEOPLE,))


def beside(people: int) -> list[Figure]:
    """One run of each."""
    folder = Path(tempfile.mkdtemp())
    try:
        file = folder / "people.csv"
        _write(file, min(people, FEW))
        _ours(file, folder / "few.db")
        at_first = peak()
        _write(file, people)
        steps = _ours(file, folder / "ours.db")
        held = peak()
        peer = _peer(file, folder / "peer.db")
    finally:
        shutil.rmtree(folder)
    what, ours = f"a list of {people:,} people imported", sum(steps.values())
    return [
        Figure(what, f"{ours:.1f} s", f"{peer:.1f} s (sqlite3 .import)", peer / ours),
        *(
            Figure(f"of it {step}", f"{took:.1f} s", f"{peer:.1f} s (the same)", peer / took)
            for step, took in steps.items()
        ),
        Figure("the same, and its limit", f"{ours:.1f} s", f"{LIMIT * peer:.1f} s (limit)", LIMIT * peer / ours),
        Figure(
            "memory held by the process",
            f"{held:.0f} MB",
            f"{WITHIN} MB (limit); {at_first:.0f} MB at {FEW:,}",
            WITHIN / held,
        ),
    ]


def _write(file: Path, people: int) -> None:
    """Made-up people, one of a thousand twice."""
    with file.open("w", encoding="utf-8") as out:
        out.write("email,name,language\n")
        for n in range(people):
            number = n - 1 if n % 1000 == 999 else n
            out.write(f"reader{number}@host{number % 977}.example.org,Reader {number},{('en', 'es', 'vi')[n % 3]}\n")


def _ours(file: Path, path: Path) -> dict[str, float]:
    """How long each step took."""
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    vault, journal = Vault(Keys.fresh()), Journal(path.with_name("keys.json"))
    tools = Tools(database.read, database.write, vault, journal, lambda: datetime.now(UTC))
    steps: dict[str, float] = {}
    with _step("kept sealed", steps), file.open("rb") as content:
        number = importing.keep(tools, content, file.name)
    with _step("columns found", steps):
        columns = importing.outline(tools, number).columns
        agreed = Agreed(Wording("en", "Made up."), datetime.now(UTC).date())
        importing.choose(tools, number, columns, agreed)
    with _step("read, validated, hashed, staged", steps):
        _go_on(tools, number)
    with _step("merged", steps):
        with database.write() as session:
            importing.begin_merge(session, number, datetime.now(UTC))
        _go_on(tools, number)
    with database.read() as session:
        print(importing.find(session, number).counts)
    database.close()
    return steps


def _go_on(tools: Tools, number: int) -> None:
    for _ in importing.go_on(tools, number, look_first=False):
        pass


def _peer(file: Path, path: Path) -> float:
    """The duplicates are passed over, each with a line on standard error."""
    table = "CREATE TABLE person (email TEXT UNIQUE, name TEXT, language TEXT)"
    command = ["sqlite3", str(path), table, ".mode csv", f".import --skip 1 {file} person"]
    steps: dict[str, float] = {}
    with _step("sqlite3 .import", steps):
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
    return steps["sqlite3 .import"]


@contextmanager
def _step(name: str, steps: dict[str, float]) -> Iterator[None]:
    """Notes how long it took, and prints how much of that a processor worked for us."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    steps[name] = time.perf_counter() - wall
    print(f"{name:<45} {steps[name]:7.2f} s, processor {time.process_time() - cpu:7.2f} s")


if __name__ == "__main__":
    for figure in beside(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE):
        print(*figure[:3], f"{figure.ratio:.2f}", sep=" | ")
