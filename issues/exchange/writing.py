"""An issue as the text of one file."""

import re
from collections.abc import Iterator, Mapping

from issues.exchange.document import END, STANDING
from issues.fields import FIELDS
from issues.matrix import cell_state
from issues.models import Issue, Passage, PassageKind
from issues.texts import tidy

_ESCAPE = re.compile(r"^(?=\\*#)", re.MULTILINE)


def export(issue: Issue) -> str:
    """The issue file: a small header, then every passage with all languages side by side."""
    return "\n".join(_lines(issue)) + "\n"


def _lines(issue: Issue) -> Iterator[str]:
    yield from (
        "---",
        f"issue: {issue.slug}",
        f"revision: {issue.revision}",
        f"languages: {', '.join(issue.languages)}",
        f"missing: {issue.fallback}",
        "---",
    )
    for passage in issue.passages:
        yield from ("", _heading(passage))
        if passage.picture:
            yield from ("", f"picture: {passage.picture.name}")
        for language in issue.languages:
            yield from ("", f"## {language} · {cell_state(passage, language)}", "")
            wording = passage.wording(language)
            yield from _cell(passage, tidy(passage.kind, wording.fields if wording else {}))
    yield from ("", END)


def _heading(passage: Passage) -> str:
    named = passage.kind not in (PassageKind.OPENING, PassageKind.CLOSING)
    heading = f"# {passage.kind} {passage.key}" if named else f"# {passage.kind}"
    return f"{heading} · {STANDING}" if passage.every_month else heading


def _cell(passage: Passage, fields: Mapping[str, str]) -> Iterator[str]:
    """Every field, so that a translator sees what may be filled; then the body, where `#` would begin a heading."""
    for name in FIELDS[passage.kind].all:
        if name != "body" and (name != "alt" or passage.picture or "alt" in fields):
            yield f"{name}: {fields.get(name, '')}".rstrip()
    if "body" in fields:
        yield from ("", _ESCAPE.sub(r"\\", fields["body"]))
