"""Changing one passage's words: the moves that the draft, the desk and the issue file share.

Each writes the issue's present revision and its line in the history.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from issues import history
from issues.matrix import fields_digest, source_digest
from issues.models import Passage, PassageKind, Resource, ResourceText, Wording
from issues.texts import tidy

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""What names an issue or a passage."""


def called(kind: PassageKind, key: str) -> str:
    """A passage in the author's words: `resource 7`, `the opening`."""
    return f"the {kind}" if kind in (PassageKind.OPENING, PassageKind.CLOSING) else f"{kind} {key}"


def name_of(passage: Passage) -> tuple[str, str]:
    """What a passage is called at the desk, and the language of these words: its headline, else what it is."""
    if passage.kind in (PassageKind.OPENING, PassageKind.CLOSING):
        return passage.kind.value.capitalize(), "en"
    source = passage.wording(passage.issue.source_language)
    for wording in (source, *passage.wordings):
        for name in ("title", "label", "body"):
            if wording and (text := wording.fields.get(name, "").strip()):
                return shortened(text), wording.language
    return f"New {passage.kind}", "en"


def shortened(text: str, most: int = 80) -> str:
    """The first line of a text, cut at a word."""
    line = text.split("\n", 1)[0]
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + "…"


def write(
    session: Session,
    passage: Passage,
    language: str,
    fields: Mapping[str, str],
    *,
    made_from: str | None,
    by: str,
    now: datetime,
    what: str = history.TEXT,
) -> None:
    """Make `fields` (tidied) what the passage says in `language`, as a draft; without fields it says nothing.

    `made_from`: the digest of the source text that a translation was made from.
    """
    wording = passage.wording(language)
    if not fields:
        if wording:
            passage.wordings.remove(wording)
    else:
        if wording is None:
            wording = Wording(language=language, revision=passage.issue.revision)
            passage.wordings.append(wording)
        wording.fields, wording.revision = dict(fields), passage.issue.revision
        wording.source_digest = None if language == passage.issue.source_language else made_from
        wording.approved_by = wording.approved_at = None
    history.record_text(session, passage.issue, passage.key, language, fields, by=by, now=now, what=what)


def fill(session: Session, passage: Passage, texts: Mapping[str, Mapping[str, str]], *, by: str, now: datetime) -> None:
    """Write a passage's texts, given by language, as drafts; translations count as made from the source text given."""
    source = texts.get(passage.issue.source_language)
    made_from = fields_digest(source) if source else None
    for language in passage.issue.languages:
        if texts.get(language):
            write(session, passage, language, texts[language], made_from=made_from, by=by, now=now)


def approve(session: Session, passage: Passage, wording: Wording, *, by: str, now: datetime) -> None:
    """Mark a wording as approved by a person; a translation counts as true to the present source text."""
    wording.approved_by, wording.approved_at = by, now
    if wording.language != passage.issue.source_language:
        wording.source_digest = source_digest(passage)
    history.record_text(
        session,
        passage.issue,
        passage.key,
        wording.language,
        wording.fields,
        by=by,
        now=now,
        what=history.APPROVAL,
    )


def withdraw(session: Session, passage: Passage, wording: Wording, *, by: str, now: datetime) -> None:
    """Make an approved wording a draft again."""
    wording.approved_by = wording.approved_at = None
    history.record_text(
        session,
        passage.issue,
        passage.key,
        wording.language,
        wording.fields,
        by=by,
        now=now,
        what=history.WITHDRAWAL,
    )


def resource_texts(resource: Resource, languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """What a resource says in each of `languages`, as a passage's fields; only those it has a titled text in."""
    texts = {language: _resource_fields(resource, language) for language in languages}
    return {language: fields for language, fields in texts.items() if fields}


def _resource_fields(resource: Resource, language: str) -> dict[str, str]:
    """A text that its source marked `es-mx` also serves an issue in `es`."""
    titled = [text for text in resource.texts if text.language and text.title.strip()]
    exact = [text for text in titled if text.language == language]
    close = [text for text in titled if (text.language or "").split("-")[0] == language]
    return next((_fields(text) for text in (*exact, *close)), {})


def _fields(text: ResourceText) -> dict[str, str]:
    return tidy(PassageKind.RESOURCE, {"title": text.title, "link": text.link, "body": text.summary})
