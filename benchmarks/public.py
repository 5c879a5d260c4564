"""Readers' pages from a real `newsletter run` over loopback, on SQLite: as quick over a million people as over a
thousand. Each is asked for by another reader, who did before what leads there."""

import http.client
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks.figures import Figure
from benchmarks.made_up import Size
from benchmarks.pages import house_in, made, served
from newsletter.web.strangers import YOUNGEST
from newsletter.wiring import utc_now
from subscribers.models import SignUp
from subscribers.tokens import Purpose, make, make_timed
from subscribers.vault import Vault
from tests.flows.house import House

FEW, MANY = (Size(resources=200, issues=3, readers=count) for count in (1000, 1_000_000))
VISITS = 41
"""Of each page, one after another; the first warms it."""
LIMIT = 1.5
"""So many times as long it may take."""
_STAMP = re.compile(rb'name="made" value="([^"]+)"')
_ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class Newsletter:
    """One that is served, of one size."""

    house: House
    size: Size
    port: int
    vault: Vault
    stamps: list[str] = field(default_factory=list)
    """When forms were shown, as they say it themselves."""
    sign_ups: list[int] = field(default_factory=list)

    def reader(self, visit: int) -> int:
        """Another one each time, from all over the list."""
        return 1 + visit * (self.size.readers // VISITS)

    def link(self, purpose: Purpose, number: int) -> str:
        """What stands in a mail's link."""
        return make(self.vault, purpose, number)

    def fresh_link(self, reader: int) -> str:
        """What stands in the link to the preferences that was mailed just now."""
        return make_timed(self.vault, Purpose.PREFERENCES, reader, utc_now())

    def answer(self, path: str, form: dict[str, str] | None) -> tuple[float, bytes]:
        """The milliseconds until the whole page is here, and the page."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        body, method = (None, "GET") if form is None else (urlencode(form), "POST")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        began = time.perf_counter()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        page = answer.read()
        took = 1000 * (time.perf_counter() - began)
        connection.close()
        return took, page


class Page(NamedTuple):
    """`ask` gives the path and the form of a visit; `says` is what only the right page does."""

    name: str
    ask: Callable[[Newsletter, int], tuple[str, dict[str, str] | None]]
    says: bytes


def _filled(newsletter: Newsletter, visit: int) -> dict[str, str]:
    stamp = newsletter.stamps[visit]
    return {"address": f"visitor{visit}@example.org", "language": "en", "lang": "en", "made": stamp}


FORM = Page("the form", lambda *_: ("/subscribe?lang=en", None), b"Our newsletter, in your language.")
SIGN_UP = Page("the form, sent", lambda at, visit: ("/subscribe", _filled(at, visit)), b"Look in your mail.")
OTHERS = (
    Page(
        "confirm",
        lambda at, visit: (f"/confirm/{at.link(Purpose.CONFIRM, at.sign_ups[visit])}?lang=en", None),
        b"Do you want the newsletter?",
    ),
    Page(
        "confirm, pressed",
        lambda at, visit: (f"/confirm/{at.link(Purpose.CONFIRM, at.sign_ups[visit])}?lang=en", {}),
        b"You are on the list.",
    ),
    Page(
        "preferences",
        lambda at, visit: (f"/preferences/{at.fresh_link(at.reader(visit))}?lang=en", None),
        b"How the newsletter comes to you",
    ),
    Page(
        "preferences, saved",
        lambda at, visit: (f"/preferences/{at.fresh_link(at.reader(visit))}?lang=en", {"language": "es", "pause": "2"}),
        b"Your choice is kept.",
    ),
    Page(
        "leave",
        lambda at, visit: (f"/u/{at.link(Purpose.LEAVE, at.reader(visit))}?lang=en", None),
        b"Leave the newsletter?",
    ),
    Page(
        "leave, pressed",
        lambda at, visit: (f"/u/{at.link(Purpose.LEAVE, at.reader(visit))}?lang=en", {}),
        b"You have left.",
    ),
    Page(
        "leave, one click of a program",
        lambda at, visit: (f"/u/{at.link(Purpose.LEAVE, at.reader(visit) + 1)}?lang=en", _ONE_CLICK),
        b"You have left.",
    ),
)


def measure() -> list[Figure]:
    """Each page of both newsletters in turn; a million people are made up in a minute."""
    with tempfile.TemporaryDirectory() as folder:
        houses = [(house_in(Path(folder, str(size.readers))), size) for size in (FEW, MANY)]
        for house, size in houses:
            made(house, size)
        (few, _), (many, _) = houses
        with served(few) as small, served(many) as large:
            both = [_opened(house, size, desk.port) for (house, size), desk in zip(houses, (small, large), strict=True)]
            return [_compared(FORM, both), *_compared_once_filled(both)]


def _opened(house: House, size: Size, port: int) -> Newsletter:
    with house.opened() as newsletter:
        return Newsletter(house, size, port, newsletter.vault)


def _compared_once_filled(both: list[Newsletter]) -> list[Figure]:
    time.sleep(YOUNGEST.total_seconds() + 1)  # nobody fills in a form more quickly
    sent = _compared(SIGN_UP, both)
    for newsletter in both:
        with newsletter.house.opened() as opened, opened.database.read() as session:
            newsletter.sign_ups = list(session.scalars(select(SignUp.id)))
    return [sent, *(_compared(page, both) for page in OTHERS)]


def _compared(page: Page, both: list[Newsletter]) -> Figure:
    times: tuple[list[float], list[float]] = ([], [])
    for visit in range(VISITS):
        for newsletter, mine in zip(both, times, strict=True):
            took, answer = newsletter.answer(*page.ask(newsletter, visit))
            if page.says not in answer:
                raise RuntimeError(f"{page.name}: it says something else: {answer[:2000]!r}")
            newsletter.stamps += [found[1].decode() for found in [_STAMP.search(answer)] if found]
            mine.append(took)
    few, many = (statistics.median(mine[1:]) for mine in times)
    ours = f"{many:.1f} ms ({many / few:.2f} times)"
    return Figure(f"public page: {page.name}", ours, f"{few:.1f} ms of 1,000 (limit {LIMIT} times)", LIMIT * few / many)
