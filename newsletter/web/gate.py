"""How many forms strangers may send, and what is asked of them when too many come.

Counted by network, as a keyed hash in this process's memory, and altogether. Key and counts are thrown away an hour
after the first: no address of a machine is stored anywhere.
"""

import hashlib
import hmac
import ipaddress
import re
import secrets
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from fastapi import Request

HOUR = timedelta(hours=1)
FREE_FOR_ONE, MOST_FOR_ONE = 20, 200
FREE_FOR_ALL, MOST_FOR_ALL = 200, 2000
"""Forms within the hour from one network, and from everywhere: so many without more ado, and so many at all."""

BITS = 15
"""Zeros that the proof of work's digest begins with: about a second of a telephone's time."""

_WITH_PORT = re.compile(r"(\[.*\]|[0-9.]+):[0-9]+")
"""An address as some proxies pass it on."""
_PREFIX = {4: 24, 6: 48}
"""Bits that name a network: a household or an office, not a machine."""


class Way(Enum):
    """What a form is asked for."""

    OPEN = auto()
    PROOF = auto()
    """A proof of work, or some patience."""
    SHUT = auto()


class Gate:
    """Counts forms. The hour begins with the first of them; then everything is forgotten, also if no other comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: datetime | None = None
        self._forget()

    def way(self, network: str, now: datetime, worked: str = "") -> Way:
        """What a form from this network (nothing: unknown) is asked for; `worked`: the ticket that it worked for.

        Only who is let in counts, and a ticket lets in once: who does no work shuts nobody out, and no network alone.
        """
        with self._lock:
            self._begin(now)
            whom = hmac.digest(self._key, network.encode(), "sha256")
            mine = self._by_network[whom]
            if mine >= MOST_FOR_ONE or self._all >= MOST_FOR_ALL:
                return Way.SHUT
            if (mine >= FREE_FOR_ONE or self._all >= FREE_FOR_ALL) and (not worked or worked in self._used):
                return Way.PROOF
            self._all += 1
            self._by_network[whom] += bool(network)
            self._used.add(worked)
            return Way.OPEN

    def attacked_until(self, now: datetime) -> datetime | None:
        """Until when everyone is asked for a proof of work; nothing in quiet times."""
        with self._lock:
            if self._begun is None or now >= self._begun + HOUR or self._all < FREE_FOR_ALL:
                return None
            return self._begun + HOUR

    def _begin(self, now: datetime) -> None:
        if self._begun is not None and now < self._begun + HOUR:
            return
        self._forget()
        self._begun = now
        timer = threading.Timer(HOUR.total_seconds(), self._forget_if_begun, [now])
        timer.daemon = True
        timer.start()

    def _forget_if_begun(self, then: datetime) -> None:
        with self._lock:
            if self._begun == then:
                self._forget()

    def _forget(self) -> None:
        self._begun = None
        self._key = secrets.token_bytes(16)
        self._all = 0
        self._by_network: Counter[bytes] = Counter()
        self._used: set[str] = set()


def network_of(request: Request, proxies: Sequence[str]) -> str:
    """The network that a request comes from; nothing where nobody can know it.

    Behind the proxies that the settings name it is the last address they pass on that is none of theirs. What else
    stands in that header the asking machine wrote itself.
    """
    peer = request.client.host if request.client else ""
    if peer not in proxies:
        return _network(peer)
    passed_on = [part.strip() for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
    return _network(next((part for part in reversed(passed_on) if part not in proxies), ""))


def _network(address: str) -> str:
    """The network around an address. A loopback that no setting names is a proxy: it says nothing about who asks."""
    with_port = _WITH_PORT.fullmatch(address)
    try:
        parsed = ipaddress.ip_address((with_port[1] if with_port else address).strip("[]"))
    except ValueError:
        return ""
    machine = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped else parsed
    if machine.is_loopback:
        return ""
    return str(ipaddress.ip_network((machine, _PREFIX[machine.version]), strict=False))


def is_proof(challenge: str, answer: str) -> bool:
    """Whether somebody worked for this answer: SHA-256 over `challenge:answer` begins with BITS zeros."""
    digest = hashlib.sha256(f"{challenge}:{answer}".encode()).digest()
    return 0 < len(answer) <= 20 and int.from_bytes(digest, "big") >> (256 - BITS) == 0
