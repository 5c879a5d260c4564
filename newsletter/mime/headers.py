"""Header fields, one writer per kind of field.

Python's own writer folds a long List-Unsubscribe into an encoded word, which silently breaks one-click, and
on 3.11 it can be talked into a second header by a subject that holds an encoded line break. So: our own.
"""

import base64
import re

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SPACES = re.compile(r" +")
_NOT_ONE = re.compile(r"[\s<>,\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MACHINE_WORDS = re.compile(r"[!-~]+(?: [!-~]+)*").fullmatch
_PLAIN_PHRASE = re.compile(r"[ -~]{1,66}").fullmatch
_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~ ().,:;@\[\]?=-]*").fullmatch
_LINE = 78  # RFC 5322, section 2.1.1: should; 998 is the must
_WORD_BYTES = 39  # in base64, with its frame and "Reply-To: " before it 74 of the 76 of RFC 2047, section 2


class HeaderError(Exception):
    """A value that cannot stand in its header; a bug of ours or a hostile setting."""

    permanent = True


def unstructured(name: str, text: str) -> bytes:
    """A field of free text: Subject. Encoded where it is not plain, or could be taken for encoded."""
    clean = one_line(text)
    if _WORDS(clean) and "=?" not in clean and len(name) + 2 + len(clean) <= _LINE:
        return f"{name}: {clean}\r\n".encode("ascii")
    return f"{name}:".encode("ascii") + _fold(_encoded_words(clean)) + b"\r\n"


def mailbox(name: str, phrase: str, address: str) -> bytes:
    """A field that holds one address: From, To, Reply-To. A non-ASCII address is legal where SMTPUTF8 is (RFC 6532)."""
    if _NOT_ONE.search(address) or "@" not in address:
        raise HeaderError(f"The {name} address is not one address.")
    words = [*phrase_words(phrase), f"<{address}>".encode()]
    return f"{name}:".encode("ascii") + _fold(words) + b"\r\n"


def identifier(name: str, value: str) -> bytes:
    """A field of machine words: List-Id, Message-ID, List-Unsubscribe. Never folded, never encoded."""
    if not _MACHINE_WORDS(value) or "=?" in value or len(name) + 2 + len(value) > 998:
        raise HeaderError(f"The {name} header can hold only printable ASCII on one line: check the settings.")
    return f"{name}: {value}\r\n".encode("ascii")


def phrase_words(phrase: str) -> list[bytes]:
    """A display name (RFC 5322, section 3.2.5) as words to fold between: quoted where plain, else encoded."""
    clean = one_line(phrase)
    if not clean:
        return []
    if _PLAIN_PHRASE(clean) and "=?" not in clean:
        quoted = clean.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{quoted}"'.encode("ascii")]
    return _encoded_words(clean)


def one_line(text: str) -> str:
    """The text without anything that could end a line, trimmed."""
    if text.isprintable():  # none of _UNSAFE is
        return _SPACES.sub(" ", text).strip() if "  " in text else text.strip()
    return _SPACES.sub(" ", _UNSAFE.sub(" ", text)).strip()


def _encoded_words(text: str) -> list[bytes]:
    """RFC 2047, section 5: each encoded word holds whole characters."""
    chunks, chunk = [], b""
    for sign in text:
        code = sign.encode("utf-8", "replace")
        if len(chunk) + len(code) > _WORD_BYTES:
            chunks.append(chunk)
            chunk = b""
        chunk += code
    return [b"=?utf-8?b?" + base64.b64encode(part) + b"?=" for part in [*chunks, chunk]]


def _fold(words: list[bytes]) -> bytes:
    """One word a line after the first: short enough for any reader, and a fold never stands inside a word."""
    return b" " + b"\r\n ".join(words)
