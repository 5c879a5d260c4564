"""The bytes of a notice: plain text, made from two templates and the catalogue of its language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from issues.languages import words
from newsletter.mime import headers
from newsletter.mime.quoted import encode_text

TEMPLATES = Path(__file__).parents[2] / "templates" / "email" / "notices"


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
        headers.identifier("Content-Type", "text/plain; charset=utf-8"),
        headers.identifier("Content-Transfer-Encoding", "quoted-printable"),
    ]
    if reply_to:
        head.append(headers.mailbox("Reply-To", *parseaddr(reply_to)))
    return b"".join((*head, b"\r\n", encode_text(_text(letter, "body") + "\n")))


def _text(letter: Letter, part: str) -> str:
    template = _templates().get_template(f"{letter.template}/{part}.txt.j2")
    values = {name: headers.one_line(value) for name, value in letter.values.items()}
    return template.render(values, _=words(letter.language).gettext).strip()


@cache
def _templates() -> Environment:
    return Environment(  # noqa: S701 - plain text: nothing in it is markup
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
