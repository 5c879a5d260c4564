"""The bytes of a notice: one text, made from two templates and the catalogue of its language, plain and as HTML.

The HTML is drawn from the text: an address on a line of its own becomes a link, and the line above it the link's words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from issues import languages
from newsletter.mime import headers
from newsletter.mime.quoted import encode_text

EMAIL = Path(__file__).parents[2] / "templates" / "email"
TEMPLATES = EMAIL / "notices"
BOUNDARY = "=_notice"
"""Quoted-printable never holds "=_", so that it cannot stand inside a part (RFC 2045, section 6.7)."""


@dataclass(frozen=True)
class Letter:
    """What differs from notice to notice."""

    address: str
    template: str
    language: str
    values: Mapping[str, str]
    mark: str
    """Stands for the notice in its Message-ID, never its number."""
    date: datetime


def message(letter: Letter, sender: str, reply_to: str) -> bytes:
    """The whole message, CRLF line ends, needing no dot-stuffing. Raises HeaderError."""
    name, address = parseaddr(sender)
    head = [
        headers.mailbox("To", "", letter.address),
        headers.identifier("Date", format_datetime(letter.date)),
        headers.identifier("Message-ID", f"<{letter.mark}@{address.rpartition('@')[2]}>"),
        headers.mailbox("From", name, address),
        headers.unstructured("Subject", _text(letter, "subject")),
        headers.identifier("Auto-Submitted", "auto-generated"),  # RFC 3834, section 5: no holiday answers
        headers.identifier("Content-Language", letter.language),
        headers.identifier("MIME-Version", "1.0"),
        headers.identifier("Content-Type", f'multipart/alternative; boundary="{BOUNDARY}"'),
    ]
    if reply_to:
        head.append(headers.mailbox("Reply-To", *parseaddr(reply_to)))
    text = _text(letter, "body")
    parts = _part("plain", text) + _part("html", _html(text, letter.language))
    return b"".join((*head, b"\r\n", parts, f"--{BOUNDARY}--\r\n".encode("ascii")))


def _part(kind: str, content: str) -> bytes:
    opening = (
        f"--{BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return opening.encode("ascii") + encode_text(content + "\n")


def _text(letter: Letter, part: str) -> str:
    template = _templates().get_template(f"{letter.template}/{part}.txt.j2")
    values = {name: headers.one_line(value) for name, value in letter.values.items()}
    days = partial(languages.days, tag=letter.language)
    return template.render(values, _=languages.words(letter.language).gettext, days=days).strip()


class Paragraph(NamedTuple):
    """Words, and the address they lead to, if any."""

    words: str
    link: str


def _html(text: str, language: str) -> str:
    """The text as a small page that loads nothing."""
    paragraphs = [_paragraph(block) for block in text.split("\n\n") if block.strip()]
    return _frame().render(paragraphs=paragraphs, language=language, direction=languages.direction(language))


def _paragraph(block: str) -> Paragraph:
    *said, last = block.strip().splitlines()
    if said and last.startswith(("https://", "http://")):
        return Paragraph(" ".join(said).rstrip(":"), last)
    return Paragraph(" ".join((*said, last)), "")


@cache
def _templates() -> Environment:
    return Environment(  # noqa: S701 - plain text: nothing in it is markup
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )


@cache
def _frame() -> Template:
    drawn = Environment(loader=FileSystemLoader(EMAIL), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return drawn.get_template("notice.html.j2")
