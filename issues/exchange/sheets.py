"""One language of an issue as a sheet for a translator: a row per text, with its key, the source, the translation.

Translators asked for two columns. The key before them is the third: spreadsheets sort, move and drop rows, and words
alone do not say where they belong. In every Windows code page its `·` is a byte that UTF-8 never has alone: a file
that went through one, and may have lost letters there, is always told from UTF-8.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from issues.errors import NotFound
from issues.exchange.reading import UNNAMED
from issues.fields import FIELDS
from issues.languages import own_name
from issues.models import Issue, Passage, PassageKind
from issues.texts import tidy
from issues.wordings import called

HEAD = re.compile(
    r"issue +([a-z0-9][a-z0-9-]{0,63}) *· *([a-z]{2,3}(?:-[a-z0-9]{2,8})*) *· *revision +([1-9][0-9]{0,8})",
    re.IGNORECASE,
)
_KEY = re.compile(r"([a-z]+)(?: +([a-z0-9][a-z0-9-]{0,63}))? *· *([a-z]+)", re.IGNORECASE)
_FORMULA = r"[=+\-@\t\r＝＋－＠]"
"""What a spreadsheet takes for the beginning of a formula, in any width."""
_BEGINNING = r"(^|[;\t\r\n])"
"""Of a cell: where commas are decimal, spreadsheets part cells at semicolons and line ends, quotation marks or not."""
_RUNS = re.compile(rf"{_BEGINNING}(?='*{_FORMULA})")
_GUARDED = re.compile(rf"{_BEGINNING}'(?='*{_FORMULA})")

MOST_ROWS = 5000
LAST_COLUMN = 10
"""Of rows that hold something, and of columns, no more are read: a sheet of ours has three columns."""


class Row(NamedTuple):
    """What a file holds in one row."""

    number: int
    """Counted from 1, as spreadsheets do."""
    cells: list[str | None]
    """Nothing for what is no text: a formula, a date, an error."""


@dataclass(frozen=True)
class Line:
    """One field of one passage."""

    kind: PassageKind
    key: str
    """The passage's."""
    name: str
    """Of the field."""
    source: str
    target: str
    row: int = 0
    """Where it stands in the sheet, counted from 1."""

    @property
    def path(self) -> str:
        """Its key in the sheet: `resource 7 · title`."""
        return f"{self.kind} · {self.name}" if self.kind in UNNAMED else f"{self.kind} {self.key} · {self.name}"

    @property
    def called(self) -> str:
        """`title of resource 7`."""
        return f"{self.name} of {called(self.kind, self.key)}"


@dataclass(frozen=True)
class Head:
    """What the first cell says."""

    slug: str
    language: str
    revision: int

    def __str__(self) -> str:
        return f"issue {self.slug} · {self.language} · revision {self.revision}"


@dataclass(frozen=True)
class Sheet:
    """A whole sheet."""

    head: Head
    source_language: str
    lines: list[Line]
    problems: list[str] = field(default_factory=list)
    """Rows that cannot be taken, each a sentence; none in a sheet of ours."""
    doubtful: frozenset[str] = frozenset()
    """The keys of those rows that have one."""

    @property
    def slug(self) -> str:
        """The issue it is of."""
        return self.head.slug

    @property
    def titles(self) -> tuple[str, str, str]:
        """The first row."""
        languages = (self.source_language, self.head.language)
        source, target = (f"{own_name(tag)} · {tag}" for tag in languages)
        return str(self.head), source, target


def sheet(issue: Issue, language: str) -> Sheet:
    """What there is to translate, and what is. Raises NotFound where the issue is not translated into `language`."""
    if language not in issue.languages[1:]:
        others = ", ".join(issue.languages[1:]) or "none"
        raise NotFound(f"issue {issue.slug} is not translated into {language[:35]}; its other languages: {others}")
    lines = [line for passage in issue.passages for line in _lines(passage, language)]
    return Sheet(Head(issue.slug, language, issue.revision), issue.source_language, lines)


def head(text: str) -> Head | None:
    """The first cell understood, or nothing where it is none."""
    found = HEAD.fullmatch(text.strip())
    return Head(found[1].lower(), found[2].lower(), int(found[3])) if found else None


def line(key: str, source: str, target: str, row: int) -> Line | None:
    """A row understood, or nothing where its key can be no text's."""
    found = _KEY.fullmatch(key.strip().lower())
    if found is None or found[1] not in list(PassageKind):
        return None
    kind, named = PassageKind(found[1]), found[2] or ""
    if found[3] not in FIELDS[kind].all or bool(named) is (kind in UNNAMED):
        return None
    return Line(kind, named or kind.value, found[3], source, target, row)


def guarded(text: str) -> str:
    """`text` for a cell that no program runs as a formula (CSV knows no types): `'` stands before what it might run."""
    return _RUNS.sub(r"\1'", text)


def typed(text: str) -> str:
    """`text` for a cell that is said to be text: one `'` more only where reading takes one away."""
    return _GUARDED.sub(r"\1''", text)


def unguarded(text: str) -> str:
    """The text of a cell again, from either."""
    return _GUARDED.sub(r"\1", text)


def _lines(passage: Passage, language: str) -> Iterator[Line]:
    """A field that both languages leave empty is no work for a translator."""
    source, target = (_fields(passage, tag) for tag in (passage.issue.source_language, language))
    for name in FIELDS[passage.kind].all:
        if name in source or name in target:
            yield Line(passage.kind, passage.key, name, source.get(name, ""), target.get(name, ""))


def _fields(passage: Passage, language: str) -> dict[str, str]:
    wording = passage.wording(language)
    return tidy(passage.kind, wording.fields) if wording else {}
