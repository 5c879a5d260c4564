"""How much memory the sending process takes, with ten thousand recipients and with a million: it opens the mailing
itself, and then sends to the first of them."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Timer

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks import sending, sink
from benchmarks.figures import Figure, peak
from newsletter.delivery.sender import Office, send_due
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from subscribers.models import State, Subscriber
from subscribers.vault import Vault

FEW, MANY = 10_000, 1_000_000
WANTED = 150.0
"""MB."""
_SENDS_FOR = 20.0
"""Seconds."""
_CHUNK = 10_000


def measure() -> list[Figure]:
    """A process for each; its largest size as the system counts it."""
    with sink.running() as port:
        few, many = (_largest(port, people) for people in (FEW, MANY))
    what = f"memory of the sending process at {MANY:,} recipients"
    return [
        Figure(what, f"{many:,.0f} MB", f"{WANTED:,.0f} MB (limit)", WANTED / many),
        Figure(what, f"{many:,.0f} MB", f"{few:,.0f} MB (at {FEW:,})", few / many),
    ]


def _largest(port: int, people: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        said = [_said("fill", folder, str(people)), _said("send", folder, str(port))]
    return float(said[-1])


def _said(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "benchmarks.memory", *words], check=True, capture_output=True)
    return done.stdout.decode().splitlines()[-1]


def _fill(office: Office, people: int) -> None:
    with office.database.write() as session:
        for first in range(0, people, _CHUNK):
            _add(session, office.vault, range(first, min(first + _CHUNK, people)))
    sending.schedule(office)


def _add(session: Session, vault: Vault, numbers: range) -> None:
    session.execute(insert(Subscriber), list(_rows(vault, numbers)))


def _rows(vault: Vault, numbers: range) -> Iterator[dict[str, object]]:
    for number in numbers:
        mark = number.to_bytes(32, "big")
        sealed = vault.seal_address(f"reader{number}@example.org", mark)
        yield {"address_hash": mark, "sealed_address": sealed, "languages": "en", "state": State.SUBSCRIBED}


def _send(office: Office, port: int) -> None:
    stopping = Event()
    Timer(_SENDS_FOR, stopping.set).start()
    server = SmtpServer("127.0.0.1", port, "none", connections=sending.LINES)
    send_due(office, SmtpTransport(server), stopping)


if __name__ == "__main__":
    what, folder, number = sys.argv[1:]
    with sending.newsroom(Path(folder)) as office:
        (_fill if what == "fill" else _send)(office, int(number))
    print(peak())
