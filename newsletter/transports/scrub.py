"""Servers quote people's addresses in their replies ("550 <ana@...> unknown"): none of it is ever kept."""

import re
import unicodedata
from collections.abc import Iterator

_CODED = re.compile(r"[%=+]([0-9A-Fa-f]{2})")
"""URLs, quoted-printable and xtext (RFC 3461, section 4) write signs so."""
_SPREAD = re.compile(r"\S{1,64} ?[(\[]?\bat\b[)\]]? ?[\w-]{1,63}\.\S{2,}|\"[^\"]{1,64}\"@\S+", re.IGNORECASE)
"""Addresses of more than one word: "ana at example.org", a quoted local part."""
_AT = re.compile(r"\bat\b").search
_PLAIN = re.compile(r"[ -$&-*,-<>?A-~]*").fullmatch
"""Nothing that an address is written with, in whatever code: most replies are so, and need no closer look."""
_SEPARATORS = re.compile(r"[\W_]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
"""Also those that turn the writing around: a person reads the words in a sentence of ours."""
_LONGEST = 300
_READ = 4000


def scrub(words: bytes | str, recipient: str) -> str:
    """A server's words on one line, without any address, and without this recipient's in any spelling."""
    text = words[:_READ].decode("utf-8", "replace") if isinstance(words, bytes) else words[:_READ]
    names = _names(recipient)
    said = text.lower()
    if _PLAIN(said) and not ("at" in said and _AT(said)) and not any(map(said.__contains__, names)):
        return " ".join(text.split())[:_LONGEST]
    known = re.compile("@|" + "|".join(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])" for name in names))
    kept = []
    for word in _SPREAD.sub("…", _CONTROL.sub(" ", text)).split():
        kept.append("…" if any(map(known.search, _readings(word))) else word)
    return " ".join(kept)[:_LONGEST]


def _names(recipient: str) -> set[str]:
    """All that must not stand in the words, folded."""
    local, _, domain = _plain(recipient).rpartition("@")
    names = {local, domain, _in_its_script(domain)}
    if not local.isalnum():
        words = _SEPARATORS.split(local)
        names |= {"".join(words), *(piece for piece in words if len(piece) > 2)}
    return names - {""}


def _readings(word: str) -> Iterator[str]:
    """As it stands, and decoded once and twice: "user=delgado" and "%2540" are both seen."""
    yield _plain(word)
    for _ in range(2):
        word = _CODED.sub(lambda code: chr(int(code[1], 16)), word)
        yield _plain(word)


def _plain(word: str) -> str:
    return word.lower() if word.isascii() else unicodedata.normalize("NFKC", word).casefold()


def _in_its_script(domain: str) -> str:
    """The domain with U-labels for A-labels (RFC 5890)."""
    if "xn--" not in domain:
        return domain
    labels = domain.split(".")
    return ".".join(
        label[4:].encode().decode("punycode", "replace") if label.startswith("xn--") else label for label in labels
    )
