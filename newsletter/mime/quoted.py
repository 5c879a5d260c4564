"""Quoted-printable (RFC 2045, section 6.7) in segments that may be joined in any order.

Every segment starts and ends at the beginning of a line: a soft line break parts it from its neighbours,
so that a value's length never moves the text around it. No line begins with a dot, so that a finished
message needs no dot-stuffing on any way out (RFC 5321, section 4.5.2).
"""

import re
from collections.abc import Iterator

SOFT_BREAK = b"=\r\n"
_ROOM = 75  # of the 76 that RFC 2045 allows in a line; the last is for the soft break

_PLAIN = {byte: bytes([byte]) for byte in (*range(33, 61), *range(62, 127), 9, 32)}
_CODE = [_PLAIN.get(byte, b"=%02X" % byte) for byte in range(256)]
_NEEDS_NO_CODE = re.compile(r"[!-<>-~][ -<>-~]{0,70}[!-<>-~]").fullmatch


def encode_text(text: str) -> bytes:
    """Text with any line ends, as lines with CRLF; the last one ends in a soft break unless the text ended one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    *whole, last = [_encode_line(line) for line in lines]
    return b"".join(line + b"\r\n" for line in whole) + (last + SOFT_BREAK if last else b"")


def encode_value(value: str) -> bytes:
    """A reader's value, one line, ready to stand between two segments. Empty stays empty."""
    if _NEEDS_NO_CODE(value) and not value.startswith("."):
        return value.encode("ascii") + SOFT_BREAK
    return encode_text(" ".join(value.splitlines()))


def _encode_line(line: str) -> bytes:
    """One line's code, broken softly where it is longer than a line may be."""
    code = b"".join(map(_CODE.__getitem__, line.encode("utf-8", "replace")))
    if code.endswith((b" ", b"\t")):
        code = code[:-1] + (b"=20" if code.endswith(b" ") else b"=09")  # it would get lost on the way
    return SOFT_BREAK.join(_rows(code))


def _rows(code: bytes) -> Iterator[bytes]:
    """As many bytes as there is room for, and never a part of one byte's code."""
    start = 0
    while start < len(code):
        dot = code.startswith(b".", start)
        end = start + _ROOM - (2 if dot else 0)
        cut = code.find(b"=", end - 2, end) if end < len(code) else -1
        end = end if cut < 0 else cut
        yield b"=2E" + code[start + 1 : end] if dot else code[start:end]
        start = end
