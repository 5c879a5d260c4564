"""One-click leaving (RFC 8058) at a real `newsletter run` on SQLite, while it sends to everybody: each press is on the
disk, in the journal and in the database, before its answer. How many a second, and from when on nothing more is sent to
who left; beside the limits of the brief."""

import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from benchmarks import sink
from benchmarks.figures import Figure
from newsletter.db import Database
from newsletter.delivery.models import UNSETTLED, Delivery
from newsletter.delivery.sender import unsubscribe_url
from subscribers.models import State, Subscriber
from tests.flows.house import House
from tests.newsletter.smtp_server import serving

PEOPLE = 60_000
PRESSES = 3000
AT_ONCE = 16
WANTED = 300.0
"""A second."""
FEW_PEOPLE = 6000
AHEAD = 100
"""So many places before their turn people leave, at most: some while their mail is being made."""
SOON = 1.0
"""Seconds after which nothing arrives any more."""
_STARTING = 60.0
_REQUEST = (
    "POST {link} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "Content-Length: 26\r\n\r\nList-Unsubscribe=One-Click"
)


def measure() -> list[Figure]:
    """Both figures, each of one mailing."""
    return [_rate(), _effect()]


def _rate() -> Figure:
    """Those who leave are the last of the list, so that the mailing goes on meanwhile."""
    with sink.running() as port, _sending(port, PEOPLE) as sending:
        before = sending.waiting()
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as readers:
            shares = (sending.links[-PRESSES:][n::AT_ONCE] for n in range(AT_ONCE))
            list(readers.map(lambda mine: _press_all(sending.port, mine), shares))
        took = time.perf_counter() - began
        waiting, left = sending.waiting(), sending.left()
    if left != PRESSES or not waiting:
        raise RuntimeError(f"{left} of {PRESSES} left, and {waiting} still waited for their mail")
    rate, mails = PRESSES / took, (before - waiting) / took
    what = f"one-click leaving, {AT_ONCE} at a time, while {mails:,.0f} mails/s are sent"
    return Figure(what, f"{rate:,.0f}/s", f"{WANTED:,.0f}/s (limit)", rate / WANTED)


def _effect() -> Figure:
    """People leave shortly before it is their turn, until it is nobody's any more."""
    with serving() as (server, port):
        server.accepted = mails = _Mails()
        with _sending(port, FEW_PEOPLE) as sending:
            with ThreadPoolExecutor(AT_ONCE) as readers:
                list(readers.map(lambda _: _leave_ahead(sending, mails), range(AT_ONCE)))
            while sending.waiting():
                time.sleep(0.1)
            answered = sending.answered
    before_their_turn = [number for number in answered if mails.at.get(number, time.monotonic()) > answered[number]]
    late = [mails.at[number] - answered[number] for number in before_their_turn if number in mails.at]
    if not before_their_turn:
        raise RuntimeError("everybody had got their mail before they left")
    longest = max(late, default=0.0)
    what = f"{len(before_their_turn):,} left before it was their turn: the last mail to one of them, after their 200"
    ours = f"{1000 * longest:,.0f} ms" if late else "none"
    return Figure(what, f"{ours} ({len(late)} got it)", f"{SOON:.0f} s (limit)", SOON / max(longest, 0.001))


class _Mails(list[tuple[str, bytes]]):
    """What the mail server took, as it is filled: when whose mail was there."""

    def __init__(self) -> None:
        self.at: dict[int, float] = {}
        self.newest = 0

    def append(self, accepted: tuple[str, bytes]) -> None:
        self.newest = int(accepted[0].partition("@")[0].removeprefix("reader"))
        self.at[self.newest] = time.monotonic()


@dataclass
class _Sending:
    """A mailing under way."""

    database: Database
    port: int
    """Of the pages."""
    links: list[str]
    """By the reader's number; they are sent to in this order."""
    answered: dict[int, float]
    """Who left, by their numbers, and when they had their 200."""

    def left(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).where(Subscriber.state == State.LEFT)) or 0

    def waiting(self) -> int:
        """How many deliveries have no outcome yet."""
        with self.database.read() as session:
            return session.scalar(select(func.count()).where(Delivery.state.in_(UNSETTLED))) or 0


@contextmanager
def _sending(smtp_port: int, people: int) -> Iterator[_Sending]:
    """`newsletter run` with a mailing to so many people, once it sends."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        way_out = f"smtp://127.0.0.1:{smtp_port}?tls=none&connections=10"
        house = House(home, Path(folder, "keys"), f"sqlite:///{home}/newsletter.db", way_out)
        house.fill([f"reader{number}@example.org" for number in range(people)])
        with house.opened() as newsletter:
            with newsletter.database.read() as session:
                numbers = session.scalars(select(Subscriber.id).order_by(Subscriber.id)).all()
            links = [unsubscribe_url("", newsletter.vault, number) for number in numbers]
            with _running(house) as port:
                sending = _Sending(newsletter.database, port, links, {})
                _wait_for(sending)
                yield sending


@contextmanager
def _running(house: House) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    house.extra["NEWSLETTER_BASE_URL"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "newsletter", "run", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=house.environment, stdout=quiet, stderr=quiet) as running:
        try:
            yield port
        finally:
            running.terminate()


def _wait_for(sending: _Sending) -> None:
    """Until it sends, and the pages answer."""
    ends = time.monotonic() + _STARTING
    while sending.waiting() in (0, len(sending.links)) or not _answers(sending.port):
        if time.monotonic() > ends:
            raise RuntimeError("it does not send")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def _press_all(port: int, links: list[str]) -> None:
    with _Browser(port) as browser:
        for link in links:
            browser.press(link)


def _leave_ahead(sending: _Sending, mails: _Mails) -> None:
    with _Browser(sending.port) as browser:
        while (reader := mails.newest + random.randint(1, AHEAD)) < len(sending.links):
            browser.press(sending.links[reader])
            sending.answered.setdefault(reader, time.monotonic())


class _Browser:
    """Presses one link after another on one line, in as few steps as there are: it shares the processors with what is
    measured."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __enter__(self) -> "_Browser":
        self._line = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        self._answers = self._line.makefile("rb")
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._line.close()

    def press(self, link: str) -> None:
        self._line.sendall(_REQUEST.format(link=link, port=self._port).encode())
        status, length = self._answers.readline(), 0
        while (header := self._answers.readline().lower()) != b"\r\n":
            if header.startswith(b"content-length:"):
                length = int(header.partition(b":")[2])
        if status.split()[1] != b"200" or len(self._answers.read(length)) < length:
            raise RuntimeError(f"a press was answered {status!r}")
