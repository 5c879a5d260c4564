"""Servers quote people's addresses in their replies ("550 <ana@...> unknown"): none of it is ever kept."""

import re

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']*(?:@|\(at\)|%40|=40|\+40)[^\s<>()\[\],;:\"']*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONGEST = 300


def scrub(words: bytes | str, recipient: str) -> str:
    """A server's words on one line, without any address, and without this recipient's in any spelling."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    local = recipient.rpartition("@")[0]
    for part in (recipient, recipient.replace("@", " at "), local):
        text = re.sub(rf"(?<![\w]){re.escape(part)}(?![\w])", "…", text, flags=re.IGNORECASE)
    text = _ADDRESS.sub("…", _CONTROL.sub(" ", text))
    return " ".join(text.split())[:_LONGEST]
