"""The bytes of each mail: an edition compiled once into segments, then one join per reader.

`Letterhead` is what all mails of the newsletter share, `CompiledEdition` what all readers of one language
share, `Reader` what differs. `newsletter.delivery.inspection` has the last look: at a whole message when an edition is
compiled, and at what differs for each reader.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from functools import cached_property, lru_cache
from html import escape
from typing import NamedTuple

from newsletter.delivery.inspection import inspect, inspect_reader
from newsletter.mime import headers
from newsletter.mime.quoted import encode_text, encode_value

BOUNDARY = "=_newsletter"
"""Quoted-printable never holds "=_", so that it cannot stand inside a part (RFC 2045, section 6.7)."""
_MARKUP = re.compile("[&<>\"']").search
"""What `escape` writes otherwise; next to no value holds any."""
TOKEN = re.compile(r"\[\[(name|unsubscribe_url)(?:\|([^\[\]|]*))?\]\]")


@dataclass(frozen=True)
class Letterhead:
    """What every mail of this newsletter says about where it comes from."""

    sender: str
    """`Name <address>`."""
    reply_to: str
    list_id: str

    @cached_property
    def address(self) -> str:
        """The bare address, for the envelope."""
        return parseaddr(self.sender)[1]

    @cached_property
    def domain(self) -> str:
        """What Message-IDs end with."""
        return self.address.rpartition("@")[2]


class Reader(NamedTuple):
    """What differs from mail to mail. Nothing of it says who the reader is to someone else."""

    address: str
    name: str
    unsubscribe_url: str
    mark: str
    """A keyed hash of the delivery: never its number, never the person's."""
    date: datetime
    plain: bool = False
    """They want the text without its HTML."""


_NOBODY = Reader("reader@example.org", "", "https://example.org/", "nobody", datetime(2000, 1, 1, tzinfo=UTC))
"""For trying an edition out."""


class Slot(NamedTuple):
    """A place that a reader's value goes into."""

    name: str
    fallback: str
    html: bool

    def fill(self, values: Mapping[str, str]) -> bytes:
        """The reader's value as a segment; the fallback stands in the edition as it should come out."""
        value = values[self.name]
        if not value:
            return encode_value(self.fallback)
        return encode_value(escape(value) if self.html and _MARKUP(value) else value)


class CompiledEdition:
    """One frozen edition of one mailing, ready to be addressed to any number of readers.

    Raises HeaderError or UnsafeMessage where no reader could be sent it.
    """

    def __init__(
        self, *, letterhead: Letterhead, subject: str, language: str, html: str, text: str, campaign: str
    ) -> None:
        self._letterhead = letterhead
        self._head = _shared_head(letterhead, subject, language, campaign)
        self._domain = letterhead.domain
        self._both, self._plain = _Body.of(_alternatives(html, text)), _Body.of(_one_part("plain", text))
        for body in (self._both, self._plain):
            inspect(self._written(_NOBODY, body))

    def message(self, reader: Reader) -> bytes:
        """The whole message for one reader, CRLF line ends, needing no dot-stuffing.

        Raises HeaderError or UnsafeMessage where something of this reader must not leave.
        """
        return self._written(reader, self._plain if reader.plain else self._both)

    def _written(self, reader: Reader, body: "_Body") -> bytes:
        head = self._reader_head(reader)
        values = {"name": headers.one_line(reader.name), "unsubscribe_url": reader.unsubscribe_url}
        filled = {slot: slot.fill(values) for slot in body.kinds}
        inspect_reader(head, filled.values())
        return b"".join((head, self._head, *body.filled(filled)))

    def _reader_head(self, reader: Reader) -> bytes:
        # RFC 8058, section 3.1 for the last of them
        machines = f"Message-ID: <{reader.mark}@{self._domain}>\r\nList-Unsubscribe: <{reader.unsubscribe_url}>\r\n"
        to = headers.mailbox("To", reader.name, reader.address)
        return to + _date(reader.date) + machines.encode()


@lru_cache(8)
def _date(moment: datetime) -> bytes:
    return headers.identifier("Date", format_datetime(moment))


def _shared_head(letterhead: Letterhead, subject: str, language: str, campaign: str) -> bytes:
    name, address = parseaddr(letterhead.sender)
    head = [
        headers.mailbox("From", name, address),
        headers.unstructured("Subject", subject),
        headers.identifier("List-Id", f"<{letterhead.list_id}>"),  # RFC 2919
        headers.identifier("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),  # RFC 8058, section 3.1
        headers.identifier("Precedence", "bulk"),
        headers.identifier("Feedback-ID", f"{campaign}:{language}:newsletter:{letterhead.list_id}"),
        headers.identifier("Content-Language", language),
    ]
    if letterhead.reply_to:
        head.append(headers.mailbox("Reply-To", *parseaddr(letterhead.reply_to)))
    return b"".join(head)


class _Body(NamedTuple):
    """What follows the headers: segments, and places that a reader's values go into."""

    parts: list[bytes]
    slots: list[tuple[int, Slot]]
    kinds: frozenset[Slot]

    @classmethod
    def of(cls, pieces: Sequence[bytes | Slot]) -> "_Body":
        """Neighbouring bytes as one; each slot keeps an empty place of its own."""
        parts: list[bytes] = [b""]
        slots: list[tuple[int, Slot]] = []
        for piece in pieces:
            if isinstance(piece, Slot):
                slots.append((len(parts), piece))
                parts += [b"", b""]
            else:
                parts[-1] += piece
        return cls(parts, slots, frozenset(slot for _, slot in slots))

    def filled(self, values: Mapping[Slot, bytes]) -> list[bytes]:
        """The segments with these values in their places."""
        parts = self.parts.copy()
        for place, slot in self.slots:
            parts[place] = values[slot]
        return parts


def _alternatives(html: str, text: str) -> list[bytes | Slot]:
    edge = f"\r\n--{BOUNDARY}\r\n".encode("ascii")
    return [
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'.encode("ascii"),
        *(edge, *_part("plain", text)),
        *(edge, *_part("html", html)),
        f"\r\n--{BOUNDARY}--\r\n".encode("ascii"),
    ]


def _one_part(kind: str, content: str) -> list[bytes | Slot]:
    return [b"MIME-Version: 1.0\r\n", *_part(kind, content), b"\r\n"]


def _part(kind: str, content: str) -> list[bytes | Slot]:
    opening = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return [opening.encode("ascii"), *_segments(content, html=kind == "html")]


def _segments(content: str, *, html: bool) -> list[bytes | Slot]:
    parts: list[bytes | Slot] = []
    end = 0
    for token in TOKEN.finditer(content):
        parts.append(encode_text(content[end : token.start()]))
        parts.append(Slot(token[1], token[2] or "", html))
        end = token.end()
    parts.append(encode_text(content[end:]))
    return parts
