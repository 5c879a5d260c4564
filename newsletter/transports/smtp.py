"""SMTP: connections opened, secured and signed in by smtplib; what is said on them is our own (`conversation`)."""

import io
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from newsletter.mail import Barrier, SendError, Take
from newsletter.transports.exchange import Exchange
from newsletter.transports.options import connections

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_HOW = (
    "an SMTP transport is written smtp://user:password@host:587, with ?tls=none for no TLS and ?connections=10 for "
    "more than the usual 5 at once"
)
_LONGEST_WELCOME = 1 << 20
"""Bytes that a server may say before we are signed in."""


@dataclass(frozen=True)
class SmtpServer:
    """Where to, and how: from `smtp://user:password@host:587`."""

    host: str
    port: int
    security: str
    """`starttls`, `tls` (from the first byte) or `none`."""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    connections: int = 5
    """At most so many at once; a server that allows fewer gets fewer."""
    timeout: float = 60.0
    """Seconds for any answer, and for all of them up to the sign-in; RFC 5321, section 4.5.3.2 allows minutes, but a
    person waits for the report."""
    patience: float = 600.0
    """Seconds for the answer to a whole message (section 4.5.3.2.6): giving up sooner would make doubts."""

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Raises ValueError, which shows nothing of the URL, where it cannot be read."""
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        security = "tls" if parts.scheme == "smtps" else options.pop("tls", ["starttls"])[0]
        most = connections(options)
        if options or security not in ("tls", "starttls", "none") or not parts.hostname:
            raise ValueError(_HOW)
        port = parts.port or {"tls": 465, "starttls": 587, "none": 25}[security]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, security, user, password, most)

    @property
    def name(self) -> str:
        """For a sentence; no secret in it."""
        return f"The mail server {self.host}:{self.port}"


class SmtpTransport:
    """Sends over some connections at once, and opens the next when a server closes one."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    def run(self, take: Take, barrier: Barrier) -> None:
        """See `newsletter.mail.Transport`."""
        server = self._server
        dial = partial(connect, server)
        Exchange(dial, server.name, server.connections, server.timeout, server.patience).run(take, barrier)


def connect(server: SmtpServer) -> smtplib.SMTP:
    """An open, secured, signed-in connection. SendError says in one sentence what is missing."""
    name = server.name
    try:
        return _opened(server)
    except smtplib.SMTPAuthenticationError as error:
        for_good = error.smtp_code >= 500  # 454 is a sign-in service that is down (RFC 4954, section 6)
        why = "does not accept our user name and password: mend TRANSPORT"
        raise SendError(f"{name} {why if for_good else 'cannot check our password now'}.", permanent=for_good) from None
    except ssl.SSLCertVerificationError:  # which is a ValueError, too
        raise SendError(f"{name} shows a certificate that is not good for its name today.", permanent=True) from None
    except ValueError:  # smtplib writes them in ASCII
        raise SendError(f"{name} and we fail at the sign-in: is TRANSPORT all ASCII?", permanent=True) from None
    except smtplib.SMTPNotSupportedError:
        raise SendError(
            f"{name} offers no encryption or no sign-in: mend TRANSPORT (`?tls=none` where that is meant).",
            permanent=True,
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise SendError(f"{name} {_trouble(error)}; nothing was lost, it is tried again.", permanent=False) from None


def _trouble(error: smtplib.SMTPException | OSError) -> str:
    """What a server does instead of letting us in, for a person."""
    if isinstance(error, ssl.SSLError):
        return "fails at the encryption it offers"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"turns us away ({error.smtp_code})" if error.smtp_code > 0 else "does not speak SMTP"
    if isinstance(error.__context__, _TooMuch):
        return "does not speak SMTP"
    if isinstance(error, smtplib.SMTPServerDisconnected) and not isinstance(error.__context__, TimeoutError):
        return "hangs up at once"
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return "offers no sign-in that we know"
    return f"does not answer ({error.strerror or 'no word in time'})"


def _opened(server: SmtpServer) -> smtplib.SMTP:
    if server.security == "tls":
        context = ssl.create_default_context()
        smtp: smtplib.SMTP = _SmtpOverTls(server.host, server.port, timeout=server.timeout, context=context)
    else:
        smtp = _Smtp(server.host, server.port, timeout=server.timeout)
    try:
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            # It raises where it is not offered, so that a password never goes in clear.
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


class _TooMuch(OSError):
    """The server says more than a welcome."""


class _Smtp(smtplib.SMTP):
    """One whose answers come from a `_Welcome`: the library's own limit is for each piece of them."""

    _ends = 0.0

    def getreply(self) -> tuple[int, bytes]:
        """See smtplib."""
        self._ends = self._ends or time.monotonic() + self.timeout
        if self.file is None and self.sock:
            self.file = io.BufferedReader(_Welcome(self.sock, self._ends))
        return super().getreply()


class _SmtpOverTls(_Smtp, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class _Welcome(io.RawIOBase):
    """What a server says until we are signed in: who goes on for ever, fast or slowly, is left."""

    def __init__(self, connection: socket.socket, ends: float) -> None:
        self._connection = connection
        self._ends = ends
        self._left = _LONGEST_WELCOME

    def readable(self) -> bool:
        """See io."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """See io. TimeoutError when the time is up."""
        if (seconds := self._ends - time.monotonic()) <= 0:
            raise TimeoutError
        self._connection.settimeout(seconds)
        read = self._connection.recv_into(buffer)
        self._left -= read
        if self._left < 0:
            raise _TooMuch
        return read
