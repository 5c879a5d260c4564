"""An issue as a matrix: its passages against its languages, with a state in each cell.

States are derived, never stored: a changed source text turns its translations stale by itself.
"""

import enum
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from issues.fields import FIELDS
from issues.models import Issue, Passage, PassageKind, Wording


class CellState(enum.StrEnum):
    """Of one passage in one language."""

    MISSING = "missing"
    DRAFT = "draft"
    STALE = "stale"
    APPROVED = "approved"


class Row(NamedTuple):
    """One passage and the state of each of the issue's languages, in the issue's order."""

    passage: Passage
    states: dict[str, CellState]


def fields_digest(fields: Mapping[str, str]) -> str:
    """The SHA-256, in hex, of field names and their stripped texts. An empty field counts like none."""
    digest = hashlib.sha256()
    for name, text in sorted(fields.items()):
        if text.strip():
            for part in (name.encode(), text.strip().encode(errors="surrogatepass")):
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def lacking(kind: PassageKind, fields: Mapping[str, str]) -> list[str]:
    """The required fields that are empty, in the order they are written."""
    required = FIELDS[kind].required
    return [name for name in FIELDS[kind].all if name in required and not fields.get(name, "").strip()]


def incomplete(passage: Passage, fields: Mapping[str, str]) -> list[str]:
    """What keeps fields from being a whole text of `passage`: what is `lacking`, and words for its picture."""
    wordless = passage.picture is not None and not fields.get("alt", "").strip()
    return [*lacking(passage.kind, fields), *(["alt"] if wordless else [])]


def cell_state(passage: Passage, language: str) -> CellState:
    """The state of `passage` in `language`. Reads `passage.issue` for the source language."""
    wording = passage.wording(language)
    if wording is None or incomplete(passage, wording.fields):
        return CellState.MISSING
    if not is_true(passage, wording):
        return CellState.STALE
    return CellState.APPROVED if wording.approved_at else CellState.DRAFT


def is_true(passage: Passage, wording: Wording) -> bool:
    """Whether `wording` still says what the source text says; the source itself always does."""
    digest = source_digest(passage)
    return wording.language == passage.issue.source_language or digest is None or wording.source_digest == digest


def source_digest(passage: Passage) -> str | None:
    """The digest of the passage's text in the source language, or nothing where it has none."""
    source = passage.wording(passage.issue.source_language)
    return fields_digest(source.fields) if source else None


def matrix(issue: Issue) -> list[Row]:
    """Every passage of the issue in order, with the state of each language."""
    return [
        Row(passage, {language: cell_state(passage, language) for language in issue.languages})
        for passage in issue.passages
    ]


def missing(issue: Issue) -> dict[str, list[Passage]]:
    """Per language, in the issue's order, the passages that have no complete text in it."""
    return {
        language: [passage for passage in issue.passages if cell_state(passage, language) is CellState.MISSING]
        for language in issue.languages
    }
