"""A text that is not in its language: pasted into the wrong column, or not translated yet.

Languages are told apart by the optional package lingua; without it this check is silent.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.languages import name_in
from issues.rendering.markdown import TOKEN, to_text

if TYPE_CHECKING:
    from lingua import LanguageDetector

NAME = "language"

SHORTEST = 40
"""Letters: less may be a name, and a guess."""

SURE = 0.98

_LONGEST = 600
"""Characters that are looked at: more makes it no surer."""
_ALWAYS = ("en", "es", "vi", "ar")
_NO_PROSE = {"link", "phone"}
_ADDRESS = re.compile(r"<[^<>\s]*>|https?://\S+", re.IGNORECASE)


def check(edition: Inspected) -> Iterator[Finding]:
    """Warns where another language is nearly certain."""
    candidates = frozenset(_known(tag) for tag in (*_ALWAYS, edition.language, *edition.issue.languages)) - {""}
    if _known(edition.language) not in candidates:
        return
    for where, name, text in edition.texts():
        found = "" if name in _NO_PROSE else _language_of(_prose(name, text), candidates)
        if found and found != _known(edition.language):
            yield _finding(edition, where, name, found)


def _finding(edition: Inspected, where: str, name: str, found: str) -> Finding:
    own = name_in(edition.language, "en")
    return Finding(
        NAME,
        where,
        f"seems to be in {name_in(found, 'en')} and not in {own}: its {name}",
        f"write it in {own}, or move it to the language it is in",
        blocks=False,
        language=edition.language,
    )


def _prose(name: str, text: str) -> str:
    """The words alone, without addresses and reader tokens."""
    text = TOKEN.sub(" ", text)
    return _ADDRESS.sub(" ", to_text(text) if name == "body" else text)[:_LONGEST]


@lru_cache(maxsize=4096)  # an issue is checked again and again while it is written
def _language_of(text: str, candidates: frozenset[str]) -> str:
    """The language that `text` is nearly certainly in, or the empty string."""
    if sum(map(str.isalpha, text)) < SHORTEST:
        return ""
    best = _detector(candidates).compute_language_confidence_values(text)[0]
    return best.language.iso_code_639_1.name.lower() if best.value >= SURE else ""


@lru_cache(maxsize=8)
def _detector(candidates: frozenset[str]) -> "LanguageDetector":
    """Its models for four languages take 11 MB, and 0.4 s when the first text comes."""
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, tag.upper()) for tag in sorted(candidates)]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_low_accuracy_mode().build()


@lru_cache
def _known(tag: str) -> str:
    """The language of a tag, where lingua knows it; otherwise the empty string."""
    try:
        from lingua import IsoCode639_1
    except ImportError:
        return ""
    language = tag.split("-")[0]
    return language if hasattr(IsoCode639_1, language.upper()) else ""
