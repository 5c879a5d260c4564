"""A mail opened for looking at: read with care, since it may be hostile, and shown where it can do nothing."""

import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from functools import cached_property

from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from issues.rendering.markdown import clean_line
from newsletter.web.security import HEADERS

LARGEST = 5 * 1024 * 1024
"""Bytes of a mail that are read; what comes after is not shown."""

SHOWN = (
    "From",
    "To",
    "Subject",
    "Date",
    "Reply-To",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Precedence",
    "Feedback-ID",
    "Content-Language",
    "Message-ID",
)
"""The headers that matter, in the order they are shown."""

_LONGEST = 1000

_FRAMING = {"Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; frame-src 'self'"}
_SANDBOX = {
    # No script, no form, nothing loaded but pictures of this host; a link leads out when a person follows it, as in a
    # mail program.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation",
    "Cross-Origin-Opener-Policy": "unsafe-none",  # in a sandbox, the HTML standard takes any other for an error
}


class OpenedMail:
    """One message, whatever its bytes are: what cannot be read is empty."""

    def __init__(self, data: bytes) -> None:
        self._data = data[:LARGEST]
        self._head = _parsed(self._data, head_only=True)

    def header(self, name: str) -> str:
        """A header as one line, decoded and without signs that would disguise it."""
        try:
            value = str(self._head[name] or "")
        except Exception:  # noqa: BLE001 - what a hostile header makes the parser raise is documented nowhere
            return ""
        return clean_line(value)[:_LONGEST]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers that matter, where the mail has them."""
        return [(name, value) for name in SHOWN if (value := self.header(name))]

    @cached_property
    def html(self) -> str:
        return self._body("html")

    @cached_property
    def text(self) -> str:
        return self._body("plain")

    @cached_property
    def _message(self) -> EmailMessage:
        return _parsed(self._data, head_only=False)

    def _body(self, kind: str) -> str:
        """Read as UTF-8, which our mails are in; the charset that a mail claims may be a slow or a strange codec."""
        try:
            part = self._message.get_body((kind,))
            content = part.get_payload(decode=True) if part else b""
        except Exception:  # noqa: BLE001 - what a hostile body makes the parser raise is documented nowhere
            return ""
        return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def framing(page: Response) -> Response:
    """Our own page, allowed to hold frames of ours."""
    page.headers.update(_FRAMING)
    return page


def html_answer(html: str) -> HTMLResponse:
    """A mail's HTML in a sandbox. Its links open in the whole window, since no page of ours goes into a frame."""
    return HTMLResponse(re.sub("<head[^<>]{0,200}>", r'\g<0><base target="_top">', html, count=1), headers=_SANDBOX)


def text_answer(text: str) -> PlainTextResponse:
    """A mail's plain text."""
    return PlainTextResponse(text)


def raw_answer(data: bytes) -> PlainTextResponse:
    """A message as it went over the wire, to look at."""
    return PlainTextResponse(data[:LARGEST])


def _parsed(data: bytes, *, head_only: bool) -> EmailMessage:
    try:
        return BytesParser(EmailMessage, policy=default).parsebytes(data, headersonly=head_only)
    except Exception:  # noqa: BLE001 - a thousand parts within each other end the parser's recursion, for one
        return EmailMessage()
