"""Trying links: a few at a time, each within its seconds, and all within a minute or so.

Here threads are used: trying is waiting. The rooms judge the answers (`issues.checks.dead_link`) and know of none.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from issues.checks.links import NO_ANSWER, REFUSED, UNKNOWN_HOST
from issues.errors import FetchFailed, FetchRefused, HostUnknown

AT_ONCE = 4
SECONDS = 60.0
"""After so long no further link is begun."""


class Ask(Protocol):
    """How a link is asked: `fetching.status_of` with the caller's switches set."""

    def __call__(self, url: str, *, method: str) -> int: ...


def nobody(_done: int, _of: int) -> None:
    """Who is told how far it is, where nobody asks."""


def answers_of(
    urls: Sequence[str], ask: Ask, seconds: float = SECONDS, told: Callable[[int, int], None] = nobody
) -> dict[str, str]:
    """What each address answers: an HTTP status, or a word of `issues.checks.links`; those begun within `seconds`.

    `told` hears how many of how many are done, each time that one is.
    """
    end = time.monotonic() + seconds

    def answer(url: str) -> str:
        return answer_of(url, ask) if time.monotonic() < end else ""

    answers: dict[str, str] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="links") as threads:
        for url, said in zip(urls, threads.map(answer, urls), strict=True):
            answers[url] = said
            told(len(answers), len(urls))
    return _unless_offline({url: said for url, said in answers.items() if said})


def answer_of(url: str, ask: Ask) -> str:
    """HEAD, then GET where that does not go well: not every server knows HEAD (RFC 9110, section 9.3.2)."""
    said = _said(url, ask, "HEAD")
    return said if said.startswith("2") or said in (UNKNOWN_HOST, REFUSED) else _said(url, ask, "GET")


def _said(url: str, ask: Ask, method: str) -> str:
    try:
        return str(ask(url, method=method))
    except HostUnknown:
        return UNKNOWN_HOST
    except FetchRefused:
        return REFUSED
    except FetchFailed:
        return NO_ANSWER


def _unless_offline(answers: dict[str, str]) -> dict[str, str]:
    """Where not one host is known, it is this machine that knows none."""
    if set(answers.values()) == {UNKNOWN_HOST}:
        return dict.fromkeys(answers, NO_ANSWER)
    return answers
