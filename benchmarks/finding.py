"""How long it takes to find a part of an address, which nothing but opening every address can tell, on SQLite."""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import sending
from benchmarks.figures import RUNS, Figure
from newsletter.delivery.sender import Office
from subscribers import finding

READERS = 100_000
LIMIT = 1.0
"""Seconds."""
NOWHERE = "nobody has this"


def measure() -> list[Figure]:
    """A part that nobody has, so that everyone is looked at."""
    with tempfile.TemporaryDirectory() as folder, sending.newsroom(Path(folder)) as office:
        sending.subscribe(office, READERS)
        took = statistics.median(_searched(office) for _ in range(RUNS))
    what = f"part of an address looked for in {READERS:,} people"
    return [Figure(what, f"{took:.2f} s", f"{LIMIT:.0f} s (limit)", LIMIT / took)]


def _searched(office: Office) -> float:
    """Seconds."""
    with office.database.read() as session:
        begun = time.perf_counter()
        finding.holding(session, office.vault, NOWHERE, most=50)
        return time.perf_counter() - begun
