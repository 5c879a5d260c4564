"""One-click leaving (RFC 8058) at a real `newsletter run` on SQLite, while it sends to everybody: each press is on the
disk, in the journal and in the database, before its answer. Beside the limit of the brief."""

import http.client
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from benchmarks import sink
from benchmarks.figures import Figure
from newsletter.delivery.models import UNSETTLED, Delivery
from newsletter.delivery.sender import unsubscribe_url
from subscribers.models import State, Subscriber
from tests.flows.house import House

PEOPLE = 40_000
PRESSES = 3000
AT_ONCE = 16
WANTED = 300.0
"""A second."""
_STARTING = 60.0


def measure() -> list[Figure]:
    """Three thousand presses, sixteen at a time."""
    with tempfile.TemporaryDirectory() as folder, sink.running() as port:
        home = Path(folder, "home")
        way_out = f"smtp://127.0.0.1:{port}?tls=none&connections=10"
        house = House(home, Path(folder, "keys"), f"sqlite:///{home}/newsletter.db", way_out)
        links = _filled(house)
        with _running(house) as pages:
            began = time.perf_counter()
            with ThreadPoolExecutor(AT_ONCE) as readers:
                list(readers.map(lambda mine: _press(pages, mine), (links[n::AT_ONCE] for n in range(AT_ONCE))))
            rate = PRESSES / (time.perf_counter() - began)
        left, waiting = _counted(house)
    if left != PRESSES or not waiting:
        raise RuntimeError(f"{left} of {PRESSES} left, and {waiting} still waited for their mail")
    what = "one-click leaving while a mailing is sent"
    return [Figure(what, f"{rate:,.0f}/s", f"{WANTED:,.0f}/s (limit)", rate / WANTED)]


def _filled(house: House) -> list[str]:
    """A mailing for everybody, due now; the links of those who will leave, who come last."""
    house.fill([f"reader{number}@example.org" for number in range(PEOPLE)])
    with house.opened() as newsletter, newsletter.database.read() as session:
        numbers = session.scalars(select(Subscriber.id).order_by(Subscriber.id.desc()).limit(PRESSES)).all()
        return [unsubscribe_url("", newsletter.vault, number) for number in numbers]


@contextmanager
def _running(house: House) -> Iterator[int]:
    """`newsletter run`, once it sends; the port of its pages."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    house.extra["NEWSLETTER_BASE_URL"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "newsletter", "run", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=house.environment, stdout=quiet, stderr=quiet) as running:
        try:
            ends = time.monotonic() + _STARTING
            while _counted(house)[1] in (0, PEOPLE) or not _answers(port):
                if time.monotonic() > ends:
                    raise RuntimeError("it does not send")
                time.sleep(0.1)
            yield port
        finally:
            running.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def _press(port: int, links: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for link in links:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", link, "List-Unsubscribe=One-Click", form)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a press was answered {answer.status}")
    connection.close()


def _counted(house: House) -> tuple[int, int]:
    """How many left, and how many deliveries of the mailing have no outcome yet."""
    with house.opened() as newsletter, newsletter.database.read() as session:
        left = session.scalar(select(func.count()).where(Subscriber.state == State.LEFT)) or 0
        return left, session.scalar(select(func.count()).where(Delivery.state.in_(UNSETTLED))) or 0
