"""Mailgun: whole messages through its API, one recipient a request; its events settle what no answer came for.

What its documentation says of `messages.mime`, of status codes and of events is obeyed here. It knows no idempotency
key, so a request whose answer is missing is never made again by itself. Its tracking is switched off, and no variables
go along: what it is told of a person is what stands in their mail.
"""

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import requests
from urllib3.exceptions import HTTPError

from newsletter.mail import Barrier, Message, Reply, SendError, Take, Testimony
from newsletter.transports.calls import Answer, Calls, Rest
from newsletter.transports.conversation import BROKE_BEFORE, NO_ANSWER
from newsletter.transports.options import connections
from newsletter.transports.scrub import scrub

_REGIONS = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_HOW = "a Mailgun transport is written mailgun://KEY@DOMAIN, with ?region=eu where the domain is there"
_QUIET = {"o:tracking": "no", "o:tracking-clicks": "no", "o:tracking-opens": "no"}
_UNUSED = 15.0
"""Seconds of silence after which a line is opened anew: one that closes under a request makes a doubt."""
_LONGEST_WAIT = 3600.0
"""Seconds that we wait at most because we are asked to."""
_SLACK = timedelta(minutes=5)
"""What two clocks may differ by."""
_TAKEN = frozenset({"accepted", "delivered", "failed", "opened", "clicked", "unsubscribed", "complained"})
"""Events of a message that Mailgun took responsibility for, whatever became of it later."""
_ABOUT_TO = re.compile(r"'?to'? parameter is not a valid address").match
"""Of all that may be wrong with a request, this is about one person; the rest is about all of ours."""
_FAILURES = (requests.RequestException, HTTPError, OSError)


@dataclass(frozen=True)
class MailgunAccount:
    """Whose messages, and where to: from `mailgun://KEY@DOMAIN`."""

    domain: str
    key: str = field(repr=False)
    api: str = _REGIONS["us"]
    connections: int = 5
    """Requests at once, at most."""
    timeout: float = 30.0
    """Seconds for a connection and for each piece that is sent."""
    patience: float = 60.0
    """Seconds for an answer: giving up sooner would make doubts."""
    rest: float = 1.0
    """Seconds to be quiet after something went wrong; twice as long each time in a row."""

    @classmethod
    def from_url(cls, url: str) -> "MailgunAccount":
        """Raises ValueError, which shows nothing of the URL, where it cannot be read."""
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        region = options.pop("region", ["us"])[0]
        api = options.pop("api", [""])[0]
        most = connections(options)
        key = unquote(parts.username or "")
        plain = key.isascii() and key.isprintable() and key and parts.hostname and parts.path in ("", "/")
        if options or region not in _REGIONS or not plain or parts.password is not None or parts.port:
            raise ValueError(_HOW)
        if api and (urlsplit(api).scheme != "http" or urlsplit(api).hostname not in _LOOPBACK):
            raise ValueError("?api= is for a server on this machine that stands in for Mailgun")
        return cls(str(parts.hostname), key, api or _REGIONS[region], most)

    def session(self) -> requests.Session:
        """Signed in; it keeps a connection open, asks no setting of this machine, and tries nothing twice."""
        session = requests.Session()
        session.trust_env = False
        session.auth = ("api", self.key)
        return session

    def url(self, what: str) -> str:
        """Of one of the domain's services."""
        return f"{self.api}/v3/{quote(self.domain)}/{what}"


class MailgunTransport:
    """Sends, and can say afterwards what became of a message (see `newsletter.mail.Witness`)."""

    def __init__(self, account: MailgunAccount) -> None:
        self._account = account
        self._rest = Rest(account.rest)

    def run(self, take: Take, barrier: Barrier) -> None:
        """See `newsletter.mail.Transport`."""
        account = self._account
        Calls(lambda: _Line(account), account.connections, self._rest).run(take, barrier)

    def testify(self, doubts: Mapping[str, datetime]) -> Iterator[tuple[str, Testimony]]:
        """See `newsletter.mail.Witness`."""
        with closing(self._account.session()) as session:
            for message_id, since in doubts.items():
                if testimony := _read_events(self._events(session, message_id, since), message_id):
                    yield message_id, testimony

    def _events(self, session: requests.Session, message_id: str, since: datetime) -> Any:
        account = self._account
        asked = {
            "message-id": message_id,
            "begin": str(int((since - _SLACK).timestamp())),
            "ascending": "yes",
            "limit": "300",
        }
        limits = (account.timeout, account.patience)
        try:
            got = session.get(account.url("events"), params=asked, timeout=limits, allow_redirects=False)
            if got.status_code == requests.codes.ok:
                return got.json()
            why = str(got.status_code)
        except _FAILURES as error:
            why = type(error).__name__
        raise SendError(
            f"Mailgun cannot be asked for its events ({why}): a sending key may not, an account's key may.",
            permanent=False,
        )


def _read_events(found: Any, message_id: str) -> Testimony | None:
    """What its events prove about a message; nothing where they prove nothing yet."""
    items = found.get("items") if isinstance(found, dict) else None
    ours = [item for item in items or [] if isinstance(item, dict) and _message_id(item) == message_id]
    for item in ours:
        if item.get("event") == "rejected":
            reject = item.get("reject")
            words = str(reject.get("reason", "")) if isinstance(reject, dict) else ""
            return Testimony(False, scrub(f"rejected, say its events: {words}", str(item.get("recipient", ""))))
    if _TAKEN & {str(item.get("event")) for item in ours}:
        return Testimony(True, "accepted, say its events")
    return None


def _message_id(event: Mapping[str, Any]) -> str:
    message = event.get("message")
    headers = message.get("headers") if isinstance(message, dict) else None
    return str(headers.get("message-id", "")).strip("<>") if isinstance(headers, dict) else ""


class _Form:
    """One request's body (RFC 7578), given away in two pieces: without the last one no server has all of it."""

    def __init__(self, message: Message) -> None:
        edge = secrets.token_hex(16)
        fields = {"to": message.recipient} | _QUIET
        head = "".join(
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        file = 'Content-Disposition: form-data; name="message"; filename="message.mime"\r\nContent-Type: message/rfc822'
        self.type = f"multipart/form-data; boundary={edge}"
        self._start = f"{head}--{edge}\r\n{file}\r\n\r\n".encode() + message.data
        self._end = f"\r\n--{edge}--\r\n".encode()
        self.has_left = False
        """Whether all of it may have left."""

    def __len__(self) -> int:
        return len(self._start) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        yield self._start
        self.has_left = True
        yield self._end


class _Line:
    """One connection, opened when it is needed."""

    def __init__(self, account: MailgunAccount) -> None:
        self._account = account
        self._session = account.session()
        self._used = time.monotonic()

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def send(self, message: Message) -> Answer:
        """See `newsletter.transports.calls.Line`."""
        if time.monotonic() - self._used > _UNUSED:
            self._session.close()  # it goes on with a new connection
        form = _Form(message)
        account = self._account
        try:
            got = self._session.post(
                account.url("messages.mime"),
                data=form,
                headers={"Content-Type": form.type},
                timeout=(account.timeout, account.patience),
                allow_redirects=False,
            )
        except _FAILURES as error:
            return _unanswered(message, form, type(error).__name__)
        finally:
            self._used = time.monotonic()
        return _understood(got, message, form, account.domain)


def _unanswered(message: Message, form: _Form, why: str) -> Answer:
    trouble = SendError(f"Mailgun does not answer as it should ({why}); nobody is lost, it goes on.", permanent=False)
    if form.has_left:
        return Answer(Reply(message.delivery, None, f"{NO_ANSWER} ({why})", complete=True), trouble)
    return Answer(Reply(message.delivery, None, f"{BROKE_BEFORE} ({why})", complete=False), trouble)


def _understood(got: requests.Response, message: Message, form: _Form, domain: str) -> Answer:
    """What an answer means; one that cannot be understood is no answer."""
    status, words = got.status_code, _words(got)
    said = scrub(f"{status} {words.get('message', '')}", message.recipient)
    if status == requests.codes.ok and "id" in words:
        return Answer(Reply(message.delivery, 250, said, complete=True))
    if status == requests.codes.ok or status >= 500:
        # It was seen to take messages that it answered so for: only its events know.
        return _unanswered(message, form, said if status >= 500 else f"{status}, and then cut off")
    if status == requests.codes.request_entity_too_large:
        return Answer(Reply(message.delivery, 552, f"5.3.4 {said}", complete=True))
    if status == requests.codes.bad_request and _ABOUT_TO(words.get("message", "")):
        return Answer(Reply(message.delivery, 553, f"5.1.3 {said}", complete=True))
    later = Reply(message.delivery, 450, f"4.3.2 {said}", complete=True)  # about us: it says nothing of a mail domain
    if status == requests.codes.too_many_requests:
        return Answer(later, SendError("Mailgun asks us to wait; it goes on by itself.", permanent=False), _wait(got))
    return Answer(later, SendError(_sentence(status, said, domain), permanent=True))


def _sentence(status: int, said: str, domain: str) -> str:
    """What is the matter with us, and what to do."""
    if status in (401, 403):
        return f"Mailgun does not let us in ({said}): mend the key, the domain or the region in TRANSPORT."
    if status in (402, 404):
        return f"Mailgun does not send for {domain} ({said}): look at that domain and account, and at TRANSPORT."
    return f"Mailgun does not take what we send ({said}): look at FROM and TRANSPORT."


def _words(got: requests.Response) -> dict[str, str]:
    """The texts of an answer's JSON; nothing where it is cut, or is none."""
    try:
        found = got.json()
    except ValueError:
        return {}
    return {name: word for name, word in found.items() if isinstance(word, str)} if isinstance(found, dict) else {}


def _wait(got: requests.Response) -> float | None:
    """Retry-After in seconds, or as a moment that its own clock measures (RFC 9110, section 10.2.3)."""
    asked = got.headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit():
        return min(float(asked), _LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(asked) - parsedate_to_datetime(got.headers["Date"])
    except (ValueError, KeyError, TypeError):
        return None
    return min(max(wait.total_seconds(), 0.0), _LONGEST_WAIT)
