"""One-click leaving (RFC 8058) at a real `newsletter run` on SQLite, while it sends to everybody: each press is on the
disk, in the journal and in the database, before its answer. Beside the limit of the brief."""

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
from newsletter.db import Database
from newsletter.delivery.models import UNSETTLED, Delivery
from newsletter.delivery.sender import unsubscribe_url
from subscribers.models import State, Subscriber
from tests.flows.house import House

PEOPLE = 60_000
PRESSES = 3000
AT_ONCE = 16
WANTED = 300.0
"""A second."""
_STARTING = 60.0
_REQUEST = (
    "POST {link} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "Content-Length: 26\r\n\r\nList-Unsubscribe=One-Click"
)


def measure() -> list[Figure]:
    """Three thousand presses, sixteen at a time."""
    with tempfile.TemporaryDirectory() as folder, sink.running() as port:
        home = Path(folder, "home")
        way_out = f"smtp://127.0.0.1:{port}?tls=none&connections=10"
        house = House(home, Path(folder, "keys"), f"sqlite:///{home}/newsletter.db", way_out)
        links = _filled(house)
        with house.opened() as newsletter, _running(house, newsletter.database) as pages:
            before = _waiting(newsletter.database)
            began = time.perf_counter()
            with ThreadPoolExecutor(AT_ONCE) as readers:
                list(readers.map(lambda mine: _press(pages, mine), (links[n::AT_ONCE] for n in range(AT_ONCE))))
            took = time.perf_counter() - began
            waiting, left = _waiting(newsletter.database), _left(newsletter.database)
    if left != PRESSES or not waiting:
        raise RuntimeError(f"{left} of {PRESSES} left, and {waiting} still waited for their mail")
    rate, mails = PRESSES / took, (before - waiting) / took
    what = f"one-click leaving, {AT_ONCE} at a time, while {mails:,.0f} mails/s are sent"
    return [Figure(what, f"{rate:,.0f}/s", f"{WANTED:,.0f}/s (limit)", rate / WANTED)]


def _filled(house: House) -> list[str]:
    """A mailing for everybody, due now; the links of those who will leave, who come last."""
    house.fill([f"reader{number}@example.org" for number in range(PEOPLE)])
    with house.opened() as newsletter, newsletter.database.read() as session:
        numbers = session.scalars(select(Subscriber.id).order_by(Subscriber.id.desc()).limit(PRESSES)).all()
        return [unsubscribe_url("", newsletter.vault, number) for number in numbers]


@contextmanager
def _running(house: House, database: Database) -> Iterator[int]:
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
            while _waiting(database) in (0, PEOPLE) or not _answers(port):
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
    """One after another on one line, in as few steps as there are: the client shares the processors with what is
    measured."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line, line.makefile("rb") as answers:
        for link in links:
            line.sendall(_REQUEST.format(link=link, port=port).encode())
            status, length = answers.readline(), 0
            while (header := answers.readline().lower()) != b"\r\n":
                if header.startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
            if status.split()[1] != b"200" or len(answers.read(length)) < length:
                raise RuntimeError(f"a press was answered {status!r}")


def _left(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(Subscriber.state == State.LEFT)) or 0


def _waiting(database: Database) -> int:
    """How many deliveries of the mailing have no outcome yet."""
    with database.read() as session:
        return session.scalar(select(func.count()).where(Delivery.state.in_(UNSETTLED))) or 0
