"""The last look at a finished message, before it may leave: what was meant to be there, once, and nothing else."""

import re
from collections.abc import Iterable

ALLOWED = frozenset(
    b"to date message-id list-unsubscribe from subject list-id list-unsubscribe-post precedence feedback-id "
    b"content-language reply-to mime-version content-type content-transfer-encoding".split()
)
_OPTIONAL = frozenset((b"reply-to", b"content-transfer-encoding"))
_NEVER_ENCODED = frozenset(
    (b"date", b"message-id", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post", b"content-type", b"feedback-id")
)
_FIELD = re.compile(rb"([A-Za-z-]+): ?(.*(?:\r\n[ \t].*)*)\r\n")
_LONGEST = 998  # RFC 5322, section 2.1.1
_READER_HEAD = re.compile(
    rb"To:[^\r\n\0]{0,900}(?:\r\n [^\r\n\0]{1,900})*\r\n"
    rb"Date: [A-Za-z0-9,:+ -]{20,40}\r\nMessage-ID: <[!-;=@-~]{1,900}>\r\nList-Unsubscribe: <[!-;=@-~]{1,900}>\r\n"
).fullmatch
_LINES = re.compile(rb"(?:(?!\.)[ -~\t]{0,76}\r\n)*").fullmatch
"""Whole lines of quoted-printable (RFC 2045, section 6.7), none of which a server could take for the end."""


class UnsafeMessage(Exception):
    """A message that must not leave: one sentence naming what is wrong with it."""

    permanent = True


def inspect(data: bytes) -> None:
    """Raise UnsafeMessage unless every header is one of ours, once, and every line can be sent."""
    head, blank, _body = data.partition(b"\r\n\r\n")
    if not blank:
        raise UnsafeMessage("The message has no end of its headers.")
    _inspect_lines(data)
    _inspect_head(head + b"\r\n")


def inspect_reader(head: bytes, values: Iterable[bytes]) -> None:
    """The same for what differs between readers of one edition, whose other bytes were inspected with it."""
    if not _READER_HEAD(head):
        raise UnsafeMessage("The headers for this reader cannot be written so: check the settings.")
    if not _LINES(b"".join(values)):
        raise UnsafeMessage("A value for this reader holds a line that must not leave.")


def _inspect_lines(data: bytes) -> None:
    if data.count(b"\r") != data.count(b"\r\n") or data.count(b"\n") != data.count(b"\r\n"):
        raise UnsafeMessage("The message holds a line break that is not CRLF.")
    if b"\r\n." in data or not data.endswith(b"\r\n"):
        raise UnsafeMessage("The message holds a line that could be taken for its end, or does not end its last.")
    if b"\0" in data:
        raise UnsafeMessage("The message holds a NUL.")
    if max(map(len, data.split(b"\r\n"))) > _LONGEST:
        raise UnsafeMessage("The message holds a line of more than 998 characters.")


def _inspect_head(head: bytes) -> None:
    names = set()
    end = 0
    for field in _FIELD.finditer(head):
        name, value = field[1].lower(), field[2]
        if field.start() != end or name not in ALLOWED:
            raise UnsafeMessage("The message holds a header that is not ours.")
        if name in names:
            raise UnsafeMessage(f"The header {name.decode()} stands twice.")
        if name in _NEVER_ENCODED and b"=?" in value:
            raise UnsafeMessage(f"The header {name.decode()} holds an encoded word.")
        names.add(name)
        end = field.end()
    if end != len(head):
        raise UnsafeMessage("The message holds a line among its headers that is none.")
    if missing := ALLOWED - _OPTIONAL - names:
        raise UnsafeMessage(f"The message lacks {b', '.join(sorted(missing)).decode()}.")
