"""The desk's pages from a real `newsletter run` over loopback: beside the limits of the brief, and beside themselves
over a small newsletter. A page should not know how long the lists behind it are."""

import http.client
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import func, select

from benchmarks import made_up
from benchmarks.figures import RUNS, Figure
from benchmarks.made_up import FULL, NOW, SMALL, Size
from issues.models import Issue, Passage, PassageKind, Resource
from newsletter.delivery.models import Mailing
from newsletter.desk import sessions
from newsletter.desk.models import Member, Role
from newsletter.web.access import COOKIE
from subscribers.addresses import normal
from tests.flows.conftest import QUIET
from tests.flows.house import House

FIRST_PAGE, PREVIEW, FREEZING = 200.0, 300.0, 5000.0
"""Milliseconds that the brief allows."""
_STARTING = 120.0
_NOWHERE = subprocess.DEVNULL
_FIRST_PAINT = """() => new Promise((done) => new PerformanceObserver((list) => {
  for (const paint of list.getEntriesByName("first-contentful-paint")) done(paint.startTime);
}).observe({ type: "paint", buffered: true }))"""

LISTS = {
    "home": "/desk",
    "resources": "/desk/resources",
    "resources, a word": "/desk/resources?q=explainer",
    "resources, a rare word": "/desk/resources?q=explainer+59",
    "resources, a language": "/desk/resources?lang=vi",
    "resources, a later page": "/desk/resources?page={page}",
    "issues": "/desk/issues",
    "editor": "/desk/issues/{draft}",
    "schedule": "/desk/issues/{draft}/schedule",
    "readers": "/desk/readers",
    "a mailing's report": "/desk/mailings/{mailing}",
    "the door": "/desk/sign-in",
}
"""Every page behind which there is a list, and the door."""


@dataclass
class Desk:
    """A served newsletter of one size, and somebody who is signed in."""

    port: int
    token: str
    places: dict[str, str]
    card: str
    revision: int = 1

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> float:
        """Milliseconds until the whole page is here."""
        return self._ask("GET", path.format(**self.places), b"")[0]

    def type(self, words: str) -> float:
        """What happens when somebody stops typing: the text is saved, and the frame asks for its edition anew."""
        path = f"/desk/issues/{self.places['draft']}"
        form = {"base": str(self.revision), "field-title": words, "field-body": f"This is {words}."}
        saved, answer = self._ask("POST", f"{path}/texts/{self.card}/en", urlencode(form).encode())
        self.revision = json.loads(answer)["revision"]
        return saved + self.get(f"{path}/preview?language=en")

    def _ask(self, method: str, path: str, body: bytes) -> tuple[float, bytes]:
        headers = {"Cookie": f"{COOKIE}={self.token}", "Sec-Fetch-Site": "same-origin"}
        if body:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        began = time.perf_counter()
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        took = 1000 * (time.perf_counter() - began)
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {content[:300]!r}")
        return took, content


def measure() -> list[Figure]:
    """Every figure of this module, in a few minutes, most of which go into making up a million readers."""
    with tempfile.TemporaryDirectory() as folder:
        small, full = house_in(Path(folder, "small")), house_in(Path(folder, "full"))
        made(small, SMALL)
        froze = made(full, FULL)
        with served(small) as little, served(full) as large:
            return [
                _limit("the audience of 1,000,000 frozen, once", froze, FREEZING),
                *_limits(large),
                *_lists(little, large),
            ]


def made(house: House, size: Size) -> float:
    """Fill a house; the milliseconds that freezing the audience of its last mailing took."""
    with house.opened() as newsletter:
        made_up.fill(newsletter.database, newsletter.vault, size)
        began = time.perf_counter()
        with newsletter.database.write() as session:
            made_up.freeze_audience(session)
        took = 1000 * (time.perf_counter() - began)
        with newsletter.database.write() as session:
            made_up.settle(session)
        return took


@contextmanager
def served(house: House) -> Iterator[Desk]:
    """`newsletter run`, once its door opens, with an owner who is signed in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    house.extra["NEWSLETTER_BASE_URL"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "newsletter", "run", "--port", str(port)]
    desk = _signed_in(house, port)
    with subprocess.Popen(command, env=house.environment, stdout=_NOWHERE, stderr=_NOWHERE) as running:
        try:
            _wait_for_the_door(desk)
            yield desk
        finally:
            running.terminate()


def house_in(home: Path) -> House:
    """A newsletter in a folder of its own, which mails into another."""
    return House(home, home.with_suffix(".keys"), f"sqlite:///{home}/newsletter.db", f"maildir:{home}/out")


def _signed_in(house: House, port: int) -> Desk:
    with house.opened() as newsletter, newsletter.database.write() as session:
        address_hash = newsletter.vault.hash(normal("ana@example.org"))
        sealed = newsletter.vault.seal_address("ana@example.org", address_hash)
        session.add(
            member := Member(
                address_hash=address_hash, sealed_address=sealed, name="Ana", role=Role.OWNER, joined_at=NOW
            )
        )
        session.flush()
        token = sessions.begin(session, member, "", NOW)
        newest = session.scalars(select(Issue).order_by(Issue.month.desc())).first()
        mailing = session.scalars(select(Mailing.id).order_by(Mailing.due_at.desc())).first()
        if newest is None or mailing is None:
            raise RuntimeError("nothing was made up")
        card = session.scalars(
            select(Passage.key).where(Passage.issue_id == newest.id, Passage.kind == PassageKind.RESOURCE)
        ).first()
        resources = session.scalar(select(func.count(Resource.id))) or 0
        places = {"draft": newest.slug, "mailing": str(mailing), "page": str((resources - 1) // 50)}
    return Desk(port, token, places, str(card))


def _wait_for_the_door(desk: Desk) -> None:
    ends = time.monotonic() + _STARTING
    while True:
        try:
            desk.get("/desk/sign-in")
            return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def _limits(desk: Desk) -> Iterator[Figure]:
    desk.get("/desk")
    yield _limit("first page, whole", _median(lambda: desk.get("/desk")), FIRST_PAGE)
    yield from _painted(desk)
    number = iter(range(1000))
    desk.type("warm")
    yield _limit(
        f"text saved and preview of {made_up.CARDS} cards, another word each time",
        _median(lambda: desk.type(f"Number {next(number)}")),
        PREVIEW,
    )


def _lists(small: Desk, full: Desk) -> Iterator[Figure]:
    """Each page of both in turn, after one that warms it."""
    for name, path in LISTS.items():
        times: list[list[float]] = [[], []]
        for _ in range(RUNS + 1):
            for desk, mine in zip((small, full), times, strict=True):
                mine.append(desk.get(path))
        little, large = (statistics.median(each[1:]) for each in times)
        first = f", at first {times[1][0]:,.0f} ms"
        yield Figure(f"page: {name}", f"{large:,.0f} ms{first}", f"{little:,.0f} ms (small)", little / large)


def _limit(what: str, took: float, limit: float) -> Figure:
    return Figure(what, f"{took:,.0f} ms", f"{limit:,.0f} ms (limit)", limit / took)


def _median(work: Callable[[], float]) -> float:
    return statistics.median(work() for _ in range(RUNS))


def _painted(desk: Desk) -> Iterator[Figure]:
    """Milliseconds from asking to the first paint with content, beside a page with next to nothing on it."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        context = browser.new_context()
        context.add_cookies([{"name": COOKIE, "value": desk.token, "url": desk.url}])
        page = context.new_page()
        first, door = [], []
        for _ in range(RUNS + 1):
            first.append(_paint(page, f"{desk.url}/desk"))
            door.append(_paint(page, f"{desk.url}/desk/sign-in"))
        browser.close()
    ours, least = statistics.median(first[1:]), statistics.median(door[1:])
    yield Figure("first page, first paint in Chromium", f"{ours:,.0f} ms", f"{least:,.0f} ms (the door)", least / ours)


def _paint(page: Page, address: str) -> float:
    page.goto(address)
    return float(page.evaluate(_FIRST_PAINT))
