"""Fetching from addresses that people enter, without lending them this machine's place in the network.

Every address is resolved once, checked, and connected to by number: a name that answers differently a moment later
(DNS rebinding) changes nothing. The same holds for each redirect. Neither proxies nor passwords are taken from the
environment.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from issues.errors import FetchFailed, FetchRefused, HostUnknown

SECONDS = 10.0
LIMIT = 5_000_000
"""Bytes, after decompressing."""

_REDIRECTS = 5
_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
"""Any other failure of the name service may pass."""
_PIECE = 1 << 16
_ASKED = {
    "User-Agent": "newsletter (reads resources for a newsletter)",
    "Accept": "application/json, application/atom+xml, application/rss+xml, application/xml;q=0.9, text/csv, */*;q=0.5",
    "Accept-Encoding": "gzip",
}

Taken = TypeVar("Taken")


@dataclass(frozen=True)
class Fetched:
    """An answer: the address it came from in the end, and all of its body."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    unchanged: bool = False
    """304: what was read last time still holds."""

    @property
    def etag(self) -> str | None:
        return self.headers.get("etag")

    @property
    def last_modified(self) -> str | None:
        return self.headers.get("last-modified")


def fetch(
    url: str,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    allow_loopback: bool = False,
    seconds: float = SECONDS,
    limit: int = LIMIT,
) -> Fetched:
    """GET `url` within `seconds` over all redirects, and at most `limit` bytes.

    With `etag` or `last_modified` of the last answer, an unchanged one comes back empty. Raises FetchRefused for an
    address that is never fetched, FetchFailed for everything that may be better next time.
    """
    known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = _ASKED | {name: value for name, value in known.items() if value}
    with _guarded(url, seconds, allow_loopback) as session:
        return _follow(session, "GET", url, headers, seconds, lambda at, response: _taken(at, response, limit))


def status_of(url: str, *, method: str = "HEAD", allow_loopback: bool = False, seconds: float = SECONDS) -> int:
    """The HTTP status that `url` answers with after all redirects; nothing of a body is read.

    `method` is HEAD or GET. Raises FetchRefused, HostUnknown and FetchFailed like `fetch`.
    """
    with _guarded(url, seconds, allow_loopback) as session:
        return _follow(session, method, url, _ASKED, seconds, lambda _, response: response.status_code)


@contextmanager
def _guarded(url: str, seconds: float, allow_loopback: bool) -> Iterator[requests.Session]:
    """A session that the guard and the clock watch over; what goes wrong becomes a sentence about `url`."""
    with _Deadline(seconds) as deadline, requests.Session() as session:
        session.trust_env = False
        for scheme in ("http", "https"):
            session.mount(f"{scheme}://", _GuardedAdapter(_Guard(deadline, allow_loopback)))
        try:
            yield session
            deadline.check()  # a body that the clock cut off may look like a whole one
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _failure(url, deadline, error) from None


def host_of(url: str) -> str:
    """The host an address names, for messages: the rest of it may be secret."""
    try:
        return urlsplit(url).hostname or "this address"
    except ValueError:
        return "this address"


def _follow(
    session: requests.Session,
    method: str,
    url: str,
    headers: dict[str, str],
    seconds: float,
    take: Callable[[str, requests.Response], Taken],
) -> Taken:
    """What `take` makes of the answer that is no redirect, and of the address it came from."""
    start = host_of(url)
    for _ in range(_REDIRECTS + 1):
        check_form(url)
        asked = session.request(method, url, headers=headers, stream=True, allow_redirects=False, timeout=seconds)
        with asked as response:
            if not response.is_redirect:
                return take(url, response)
            url = urljoin(url, response.headers["location"])
    raise FetchFailed(f"{start} redirects more than {_REDIRECTS} times; enter the address it should lead to.")


def check_form(url: str) -> None:
    """Raises FetchRefused for what is no address of the web, or holds a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise FetchRefused("This is no address that can be fetched; it is like https://example.org/feed.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchRefused(f"{host_of(url)} cannot be fetched: an address begins with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise FetchRefused(f"The address at {host_of(url)} holds a user or password; enter it without them.")


def _taken(url: str, response: requests.Response, limit: int) -> Fetched:
    if response.status_code == requests.codes.not_modified:
        return Fetched(url, b"", response.headers, unchanged=True)
    if response.status_code != requests.codes.ok:
        raise FetchFailed(f"{host_of(url)} answered {response.status_code} instead of the page; look at the address.")
    body = bytearray()
    for piece in response.iter_content(_PIECE):  # decompressed a piece at a time: a bomb is cut off here
        body += piece
        if len(body) > limit:
            raise FetchFailed(f"{host_of(url)} sends more than {limit:,} bytes; ask it for less.")
    return Fetched(url, bytes(body), response.headers)


def _failure(url: str, deadline: "_Deadline", error: Exception) -> FetchFailed:
    if deadline.passed or isinstance(error, requests.Timeout):
        return FetchFailed(f"{host_of(url)} did not answer whole within {deadline.seconds:g} seconds; try again later.")
    if isinstance(error, requests.exceptions.SSLError):
        return FetchFailed(f"{host_of(url)} shows no certificate that can be trusted; its owner must mend that.")
    return FetchFailed(f"{host_of(url)} could not be read ({type(error).__name__}); try again later.")


class _Deadline:
    """Cuts every watched connection when the time is up: a limit per read would let a slow one drip for ever."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._watched: list[socket.socket] = []
        self._alarm = threading.Timer(seconds, self._cut)
        self._alarm.daemon = True

    def __enter__(self) -> "_Deadline":
        self._alarm.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._alarm.cancel()
        for connection in self._watched:
            connection.close()

    @property
    def passed(self) -> bool:
        return self.left <= 0

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - time.monotonic()

    def watch(self, connection: socket.socket) -> None:
        """A second handle on the same connection: TLS takes the first for itself."""
        self._watched.append(connection.dup())
        self.check()

    def check(self) -> None:
        if self.passed:
            raise TimeoutError

    def _cut(self) -> None:
        for connection in list(self._watched):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Guard:
    """Opens connections, and only to addresses of the public internet."""

    def __init__(self, deadline: _Deadline, allow_loopback: bool) -> None:
        self.deadline = deadline
        self._allow_loopback = allow_loopback

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to the first reachable of the host's addresses, all of which must be allowed."""
        addresses = _resolve(host, port)
        if not all(self._allows(address) for address in addresses):
            raise FetchRefused(f"{host} leads into a private network, which is never fetched; enter a public address.")
        connection = self._open([str(address) for address in addresses], port)
        self.deadline.watch(connection)
        return connection

    def _allows(self, address: IPv4Address | IPv6Address) -> bool:
        return is_public(address) or (self._allow_loopback and address.is_loopback)

    def _open(self, numbers: Iterable[str], port: int) -> socket.socket:
        failure: OSError | None = None
        for number in numbers:
            self.deadline.check()
            try:
                return socket.create_connection((number, port), timeout=self.deadline.left)
            except OSError as error:
                failure = error
        raise failure or OSError("no address")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet by the IANA registries, as Python keeps them.

    `is_global` leaves out private, loopback, link-local, unspecified and shared (CGNAT, RFC 6598) addresses, but not
    multicast; `is_reserved` covers the ways to write an IPv4 address as IPv6 (mapped, compatible, NAT64) but 6to4.
    """
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return isinstance(address, IPv4Address) or not (address.sixtofour or address.teredo or address.is_site_local)


def _resolve(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    try:
        answers = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        known = HostUnknown if getattr(error, "errno", None) in _NO_SUCH_HOST else FetchFailed
        raise known(f"{host} is not known to the name service; look for a typing error.") from None
    return list(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))


class _GuardedAdapter(HTTPAdapter):
    """`requests` with connections from the guard only."""

    def __init__(self, guard: _Guard) -> None:
        self._guard = guard
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # type: ignore[no-untyped-def, unused-ignore]
        """Swaps in pools whose connections ask the guard."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._guard)


def _pools(guard: _Guard) -> dict[str, type[HTTPConnectionPool]]:
    """urllib3 opens every connection, plain or before TLS, in `_new_conn`."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return guard.connect(self.host, self.port)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return guard.connect(self.host, self.port)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
