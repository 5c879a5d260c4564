"""A subject that a phone cuts off."""

import unicodedata
from collections.abc import Iterator

from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.rendering.markdown import clean_line

NAME = "long-subject"

LONGEST = 41
"""Signs of a subject that a phone held upright shows, more or less."""

_JOINER = "\u200d"


def check(edition: Inspected) -> Iterator[Finding]:
    """Warns, and says which words a reader would not see."""
    for where, name, text in edition.texts():
        signs = _signs(clean_line(text)) if name == "subject" else []
        if len(signs) > LONGEST:
            yield Finding(
                NAME,
                where,
                f"has a subject of {len(signs)} signs; a phone shows about 40 and leaves off “{_lost(signs)[:80]}”",
                "say what matters first, or say it in fewer words",
                blocks=False,
                language=edition.language,
            )


def _lost(signs: list[str]) -> str:
    """What is cut off, from the beginning of the word that is cut."""
    kept = "".join(signs[: LONGEST + 1]).rpartition(" ")[0] or "".join(signs[:LONGEST])
    return "".join(signs).removeprefix(kept).strip()


def _signs(text: str) -> list[str]:
    """What a reader sees as one sign each: a letter with its accents, an emoji with its parts, a flag.

    Close to the grapheme clusters of Unicode Standard Annex 29.
    """
    signs: list[str] = []
    for character in text:
        if signs and _belongs(character, signs[-1]):
            signs[-1] += character
        else:
            signs.append(character)
    return signs


def _belongs(character: str, sign: str) -> bool:
    if unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") or sign.endswith(_JOINER):
        return True
    is_skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return is_skin_tone or (_is_flag_half(character) and len(sign) == 1 and _is_flag_half(sign))


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
