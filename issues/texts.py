"""How a text is kept: cleaned, composed (Unicode NFC), one line where the field is one line."""

import unicodedata
from collections.abc import Mapping

from issues.fields import FIELDS
from issues.models import PassageKind
from issues.rendering.markdown import clean


def tidy(kind: PassageKind, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields that a passage of `kind` has, tidied, in the order they are written; empty ones are left out."""
    tidied = {name: tidy_text(name, fields.get(name, "")) for name in FIELDS[kind].all}
    return {name: text for name, text in tidied.items() if text}


def tidy_text(name: str, text: str) -> str:
    """`text` as the field `name` keeps it: `body` is Markdown of many lines, every other field one line."""
    composed = unicodedata.normalize("NFC", clean(text))
    return tidy_body(composed) if name == "body" else " ".join(composed.split())


def tidy_body(markdown: str) -> str:
    """Lines without trailing blanks, but for the two that break a line in Markdown."""
    lines = [line.rstrip(" ") for line in markdown.split("\n")]
    breaks = [raw.endswith("  ") for raw in markdown.split("\n")]
    kept = [
        line + "  " if broken and line and following else line
        for line, broken, following in zip(lines, breaks, [*lines[1:], ""], strict=True)
    ]
    return "\n".join(kept).strip()
