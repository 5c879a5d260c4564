"""SMTP: connections opened, secured and signed in by smtplib, one transaction after the other.

The order inside a transaction (RFC 5321, section 3.3) is the promise's: the recipient is offered first, then the
ledger writes "attempting", and only then may DATA and the final dot leave.
"""

import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from newsletter.mail import Barrier, Message, Reply, SendError, Take
from newsletter.transports.scrub import scrub

_TIMEOUT = 60.0
"""Seconds; RFC 5321, section 4.5.3.2 allows minutes, but a person waits for the report."""


@dataclass(frozen=True)
class SmtpServer:
    """Where to, and how: from `smtp://user:password@host:587`."""

    host: str
    port: int
    security: str
    """`starttls`, `tls` (from the first byte) or `none`."""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    timeout: float = _TIMEOUT

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Raises ValueError, which shows nothing of the URL, where it cannot be read."""
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        security = "tls" if parts.scheme == "smtps" else options.pop("tls", ["starttls"])[0]
        if options or security not in ("tls", "starttls", "none") or not parts.hostname:
            raise ValueError("an SMTP transport is written smtp://user:password@host:587, with ?tls=none for no TLS")
        port = parts.port or {"tls": 465, "starttls": 587, "none": 25}[security]
        return cls(parts.hostname, port, security, unquote(parts.username or ""), unquote(parts.password or ""))


class SmtpTransport:
    """Sends over one connection at a time, and opens the next when a server closes it."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    def run(self, take: Take, barrier: Barrier) -> None:
        """See `newsletter.mail.Transport`."""
        line: _Line | None = None
        try:
            while message := take():
                line = line if line and line.open else _Line(self._server)
                try:
                    reply = line.send(message, barrier)
                except _ClosedIdle:  # some servers close silently after so many messages: no failure of anyone's
                    line = _Line(self._server)
                    reply = line.send(message, barrier)
                if reply:
                    barrier([reply], [])
        except _ClosedIdle:
            raise SendError(f"{self._name} closes the line at once; try again later.", permanent=False) from None
        finally:
            if line:
                line.close()

    @property
    def _name(self) -> str:
        return f"The mail server {self._server.host}:{self._server.port}"


class _ClosedIdle(Exception):
    """The server closed the line before this message was begun."""


class _Line:
    """One open, secured and signed-in connection."""

    def __init__(self, server: SmtpServer) -> None:
        self._smtp = connect(server)
        self.open = True

    def send(self, message: Message, barrier: Barrier) -> Reply | None:
        """One transaction; nothing where the ledger would not let it depart."""
        if refusal := self._offer(message):
            return refusal
        if message.delivery not in barrier([], [message.delivery]):
            self._reset()
            return None
        return self._data(message)

    def close(self) -> None:
        """Say goodbye where somebody listens."""
        if self.open:
            self.open = False
            with suppress(OSError):
                self._smtp.quit()
            self._smtp.close()

    def _offer(self, message: Message) -> Reply | None:
        """MAIL and RCPT; the reply that ends it where one does."""
        options: Sequence[str] = ()
        if not message.recipient.isascii():
            if not self._smtp.has_extn("smtputf8"):
                why = "The mail server does not take addresses with letters outside ASCII (no SMTPUTF8)."
                return Reply(message.delivery, 553, why, complete=False)
            options = ("SMTPUTF8", "BODY=8BITMIME")  # RFC 6531, section 3.4
        if self._smtp.has_extn("size"):
            options = (*options, f"SIZE={len(message.data)}")  # RFC 1870
        try:
            code, words = self._smtp.mail(message.sender, options)
        except OSError:  # smtplib's own errors are among them
            code, words = 421, b""
        if code == 421:
            self.close()
            raise _ClosedIdle
        # 552 means this message's size (RFC 1870), and SMTPUTF8 this recipient; all else means all of ours.
        if 500 <= code < 600 and code != 552 and message.recipient.isascii():
            why = f"The mail server refuses our sender address ({code} {scrub(words, message.recipient)}): check FROM."
            raise SendError(why, permanent=True)
        if not _good(code):
            return self._answered(message, code, words)
        try:
            code, words = self._smtp.rcpt(message.recipient)
        except OSError:  # the line was alive a moment ago: it may be about this recipient, and others must not wait
            return self._broken(message)
        return None if _good(code) else self._answered(message, code, words)

    def _data(self, message: Message) -> Reply:
        """DATA, the body, the dot. From the dot on, silence is doubt."""
        complete = False
        try:
            code, words = self._smtp.docmd("DATA")
            if code != 354:
                return self._answered(message, code, words)
            self._smtp.send(_stuffed(message.data))
            complete = True
            self._smtp.send(b".\r\n")
            code, words = self._smtp.getreply()
        except OSError:
            return self._broken(message, complete=complete)
        return self._answered(message, code, words, complete=complete)

    def _answered(self, message: Message, code: int, words: bytes, *, complete: bool = False) -> Reply:
        """A yes without a whole message, or no code at all, is no answer to us: the two are out of step."""
        if not (400 <= code < 600 or (complete and _good(code))):
            return self._broken(message, complete=complete)
        if code == 421:  # RFC 5321, section 3.8: the server is closing the line
            self.close()
        elif not _good(code):
            self._reset()
        return Reply(message.delivery, code, scrub(words, message.recipient), complete)

    def _broken(self, message: Message, *, complete: bool = False) -> Reply:
        self.open = False
        self._smtp.close()
        why = "no answer after the last byte" if complete else "the line broke before the last byte"
        return Reply(message.delivery, None, why, complete)

    def _reset(self) -> None:
        try:
            self._smtp.rset()
        except OSError:
            self.open = False
            self._smtp.close()


def connect(server: SmtpServer) -> smtplib.SMTP:
    """An open, secured, signed-in connection. SendError says in one sentence what is missing."""
    name = f"The mail server {server.host}:{server.port}"
    try:
        return _opened(server)
    except smtplib.SMTPAuthenticationError as error:
        for_good = error.smtp_code >= 500  # 454 is a sign-in service that is down (RFC 4954, section 6)
        why = "does not accept our user name and password: mend TRANSPORT"
        raise SendError(f"{name} {why if for_good else 'cannot check our password now'}.", permanent=for_good) from None
    except ValueError:  # smtplib writes them in ASCII
        raise SendError(f"{name} and we fail at the sign-in: is TRANSPORT all ASCII?", permanent=True) from None
    except smtplib.SMTPNotSupportedError:
        raise SendError(
            f"{name} offers no encryption or no sign-in: mend TRANSPORT (`?tls=none` where that is meant).",
            permanent=True,
        ) from None
    except ssl.SSLCertVerificationError:
        raise SendError(f"{name} shows a certificate that is not good for its name.", permanent=True) from None
    except (smtplib.SMTPException, OSError) as error:
        why = type(error).__name__ if isinstance(error, smtplib.SMTPException) else (error.strerror or "no answer")
        raise SendError(
            f"{name} does not answer ({why}); nothing was lost, it is tried again.", permanent=False
        ) from None


def _opened(server: SmtpServer) -> smtplib.SMTP:
    if server.security == "tls":
        context = ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        if smtp.sock:  # the dot is a packet of its own, and must not wait for the body to be acknowledged
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            # It raises where it is not offered, so that a password never goes in clear.
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo()
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _good(code: int) -> bool:
    return 200 <= code < 300


def _stuffed(data: bytes) -> bytes:
    """RFC 5321, section 4.5.2. Our own messages need none, and pay one search for it."""
    whole = data if data.endswith(b"\r\n") else data + b"\r\n"
    whole = whole.replace(b"\r\n.", b"\r\n..") if b"\r\n." in whole else whole
    return b"." + whole if whole.startswith(b".") else whole
