"""A figure, and how it is taken: ours and the peer's in turn, so that a machine that drifts drifts for both."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

RUNS = 5


class Figure(NamedTuple):
    """One row of the table; `ratio` above 1 means that ours is faster."""

    what: str
    ours: str
    peer: str
    ratio: float


def per_second(what: str, count: int, ours: Callable[[], None], peer_name: str, peer: Callable[[], None]) -> Figure:
    """Run both in turn, `count` pieces of work each; the medians as pieces per second."""
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(RUNS):
        for name, work in (("ours", ours), ("peer", peer)):
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    mine, other = (count / statistics.median(times[name]) for name in ("ours", "peer"))
    return Figure(what, f"{mine:,.0f}/s", f"{other:,.0f}/s ({peer_name})", mine / other)
