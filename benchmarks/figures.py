"""A figure, and how it is taken: ours and the peer's in turn, so that a machine that drifts drifts for both."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

RUNS = 5


class Figure(NamedTuple):
    """One row of the table; `ratio` above 1 means that ours is faster."""

    what: str
    ours: str
    peer: str
    ratio: float


class Work(NamedTuple):
    """So many pieces of work, done by `run`."""

    name: str
    pieces: int
    run: Callable[[], None]


def per_second(what: str, ours: Work, *peers: Work) -> list[Figure]:
    """Run all in turn, five times; the medians as pieces per second, a figure for each peer."""
    times: dict[str, list[float]] = {work.name: [] for work in (ours, *peers)}
    for _ in range(RUNS):
        for work in (ours, *peers):
            start = time.perf_counter()
            work.run()
            times[work.name].append(time.perf_counter() - start)
    rates = {work.name: work.pieces / statistics.median(times[work.name]) for work in (ours, *peers)}
    mine = rates[ours.name]
    return [
        Figure(what, f"{mine:,.0f}/s", f"{rates[peer.name]:,.0f}/s ({peer.name})", mine / rates[peer.name])
        for peer in peers
    ]


def peak() -> float:
    """The most memory that this process held, in MB; the system's `ru_maxrss` would count who began it as well."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
