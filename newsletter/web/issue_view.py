"""What the editor's page shows of an issue: the matrix, the outline, and one text with its source beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from issues import arranging, editing, history, pictures
from issues.changes import Mark, marks, paragraphs
from issues.editing import Cell
from issues.errors import NotFound
from issues.fields import FIELDS, PICTURED
from issues.languages import name_in
from issues.matrix import CellState, cell_state, incomplete, source_digest
from issues.models import Edit, Issue, Passage, PassageKind, ResourceText
from issues.wordings import name_of, shortened
from newsletter.desk.models import Member, Role
from newsletter.web import spoken

LABELS = {
    "subject": "Subject",
    "preheader": "Preview line",
    "title": "Headline",
    "body": "Text",
    "link": "Link",
    "label": "Words on the button",
    "when": "When",
    "where": "Where",
    "alt": "What the picture shows",
    "phone": "Phone",
    "hours": "Hours",
}
"""What a field is called at the desk."""

HINTS = {
    "subject": "About 40 characters show on a phone.",
    "preheader": "Stands behind the subject in the inbox.",
    "alt": "One sentence: screen readers say it, and mail programs that hide pictures show it in their place.",
}

WORDS_A_MINUTE = 220

MOST_REMOVED = 40
"""Passages that can be brought back: more than a month takes out."""
MOST_SHOWN = 8
"""Rows of the matrix that need someone and are shown unasked: the texts below it should stay in sight."""


def may_write(member: Member, language: str) -> bool:
    """Whether a member may change texts in this language: a translator only in their own."""
    if member.role in (Role.OWNER, Role.EDITOR):
        return True
    return member.role is Role.TRANSLATOR and language in [tag.strip() for tag in member.languages.split(",")]


def may_arrange(member: Member) -> bool:
    """Whether a member may change which passages there are, and what stands for the whole issue."""
    return member.role in (Role.OWNER, Role.EDITOR)


def load(session: Session, slug: str) -> Issue:
    """The issue with everything that its page shows, in a handful of queries. Raises NotFound."""
    rows = select(Issue).where(Issue.slug == slug)
    rows = rows.options(
        selectinload(Issue.passages).selectinload(Passage.wordings),
        selectinload(Issue.passages).joinedload(Passage.resource),
    )
    issue = session.scalars(rows).first()
    if issue is None:
        raise NotFound(f"There is no issue {slug[:64]}: the list shows those there are.")
    return issue


def fields_of(passage: Passage) -> list[str]:
    """The fields to write in: words for a picture only where there is one."""
    return [name for name in FIELDS[passage.kind].all if name != "alt" or passage.picture]


def kind_of(passage: Passage) -> str:
    """`fact sheet`, `hotline, every month`; nothing for opening and closing."""
    if passage.kind in (PassageKind.OPENING, PassageKind.CLOSING):
        return ""
    kind = spoken.kind(passage.resource.kind if passage.resource else passage.kind.value).lower()
    return f"{kind}, every month" if passage.every_month else kind


def day(moment: datetime, now: datetime, zone: str) -> str:
    """`today`, `yesterday`, `19 November`."""
    local, today = moment.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()
    ago = (today - local).days
    if ago in (0, 1):
        return "yesterday" if ago else "today"
    year = f" {local.year}" if local.year != today.year else ""
    return f"{local.day} {local:%B}{year}"


def counted(texts: Mapping[str, str]) -> str:
    """`52 words, a minute`."""
    words = sum(len(text.split()) for name, text in texts.items() if name != "link")
    minutes = round(words / WORDS_A_MINUTE)
    long = f"{minutes} minutes" if minutes > 1 else "a minute" if words > WORDS_A_MINUTE / 3 else "a few seconds"
    return f"{words:,} {'word' if words == 1 else 'words'}, {long}"


@dataclass(frozen=True)
class Row:
    """One passage in the matrix and in the outline."""

    passage: Passage
    name: str
    language: str
    kind: str
    states: dict[str, CellState]
    notes: dict[str, str]
    up: str | None
    down: str | None

    @property
    def needs_someone(self) -> bool:
        return any(state is not CellState.APPROVED for state in self.states.values())

    @property
    def sentence(self) -> str:
        """The shapes, for a screen reader."""
        return ", ".join(f"{name_in(tag, 'en')} {state}" for tag, state in self.states.items())


@dataclass(frozen=True)
class FieldView:
    """One field of a text, with what changed in it."""

    name: str
    value: str
    required: bool
    was: str | None = None
    """What the source said when the translation was made, where that is something else."""

    @property
    def label(self) -> str:
        return LABELS.get(self.name, self.name.capitalize())

    @property
    def hint(self) -> str:
        return HINTS.get(self.name, "")

    @property
    def paragraphs(self) -> list[list[Mark]]:
        return paragraphs(marks(self.value if self.was is None else self.was, self.value))


@dataclass(frozen=True)
class Side:
    """A text in one language, to read or to write."""

    cell: Cell
    fields: list[FieldView]
    changed: str
    """`Changed by Ana, today`; empty where nobody did."""
    writable: bool

    @property
    def language(self) -> str:
        return self.cell.language

    @property
    def words(self) -> str:
        return counted(self.cell.fields)

    @property
    def digest(self) -> str:
        """Of the source text as this page shows it."""
        return source_digest(self.cell.passage) or ""

    @property
    def made_from(self) -> str:
        return (self.cell.wording.source_digest or "") if self.cell.wording else ""


@dataclass(frozen=True)
class View:
    """An issue as one member sees it now."""

    session: Session
    issue: Issue
    member: Member
    now: datetime
    zone: str
    asked: Mapping[str, str] = field(default_factory=dict)
    """`text`, `to` and `show`, as the address says them."""

    @cached_property
    def rows(self) -> list[Row]:
        return [self._row(passage) for passage in self.issue.passages]

    @cached_property
    def shown(self) -> list[Row]:
        """The rows of the matrix: only those that need someone, unless all are asked for."""
        if self.asked.get("show") == "all":
            return self.rows
        needing = [row for row in self.rows if row.needs_someone]
        first = needing[:MOST_SHOWN]
        return first if self.open in first or self.open not in needing else [*first[:-1], self.open]

    @cached_property
    def open(self) -> Row:
        """The text in the middle: the one asked for, else the first that needs this member in the language."""
        asked = [row for row in self.rows if row.passage.key == self.asked.get("text")]
        chosen = [tag for tag in self.issue.languages if tag == self.asked.get("to")] or self.issue.languages
        mine = [row for row in self.rows if any(self._is_open(row, tag) for tag in chosen)]
        return (asked or mine or self.rows)[0]

    @cached_property
    def to(self) -> str:
        """The language that the open text is written in."""
        if (asked := self.asked.get("to", "")) in self.issue.languages:
            return asked
        needed = [tag for tag in self.issue.languages if self._is_open(self.open, tag)]
        theirs = [tag for tag in self.issue.languages if may_write(self.member, tag)]
        return (needed or theirs[1:] or theirs or self.issue.languages)[0]

    @property
    def may_have_picture(self) -> bool:
        """Whether this member may give the open text one."""
        return may_arrange(self.member) and self.open.passage.kind in PICTURED

    @property
    def offered_picture(self) -> ResourceText | None:
        """The text of the open resource whose own page has a picture."""
        return pictures.offered(self.open.passage)

    @cached_property
    def source(self) -> Side:
        """The source text, beside a translation to be read."""
        beside = Cell(self.open.passage, self.to)
        was = editing.source_then(self.session, beside)
        return self._side(self.issue.source_language, was)

    @cached_property
    def target(self) -> Side:
        return self._side(self.to, None)

    @cached_property
    def drafts(self) -> list[Cell]:
        """What "approve all shown" would approve."""
        mine = [tag for tag in self.issue.languages if may_write(self.member, tag)]
        return editing.drafts(self.issue, {row.passage.key for row in self.shown}, mine)

    def digest(self, cell: Cell) -> str:
        """Of the source text beside a cell, as this page shows it."""
        return source_digest(cell.passage) or ""

    def approved(self, language: str) -> int:
        return sum(row.states[language] is CellState.APPROVED for row in self.rows)

    @property
    def title(self) -> str:
        """The issue's headline in the source language."""
        opening = next((p for p in self.issue.passages if p.kind is PassageKind.OPENING), None)
        wording = opening.wording(self.issue.source_language) if opening else None
        return (wording.fields.get("title", "") if wording else "") or f"{self.issue.month:%B %Y}"

    @cached_property
    def removed(self) -> list[tuple[str, str]]:
        """Key and name of what was taken out and can come back."""
        return [(key, self._removed_name(key, edit)) for key, edit in self._removals.items()][:MOST_REMOVED]

    @cached_property
    def _removals(self) -> dict[str, Edit]:
        return arranging.removals(self.session, self.issue)

    def _removed_name(self, key: str, edit: Edit) -> str:
        fields = history.fields_at(self.session, self.issue, key, self.issue.source_language, edit.revision - 1)
        words = fields.get("title") or fields.get("label") or fields.get("body") or ""
        return shortened(words) if words else f"a {edit.fields['kind']}"

    def _is_open(self, row: Row, language: str) -> bool:
        return row.states[language] is not CellState.APPROVED and may_write(self.member, language)

    def _row(self, passage: Passage) -> Row:
        name, language = name_of(passage)
        states = {tag: cell_state(passage, tag) for tag in self.issue.languages}
        return Row(
            passage=passage,
            name=name,
            language=language,
            kind=kind_of(passage),
            states=states,
            notes={tag: self._note(passage, tag, state) for tag, state in states.items()},
            up=arranging.step(self.issue, passage.key, up=True),
            down=arranging.step(self.issue, passage.key, up=False),
        )

    def _note(self, passage: Passage, language: str, state: CellState) -> str:
        edit = self._last_edits.get((passage.key, language))
        wording = passage.wording(language)
        if wording and incomplete(passage, wording.fields) == ["alt"]:
            return "what the picture shows"
        if state is CellState.STALE:
            return f"the {name_in(self.issue.source_language, 'en')} changed"
        if state is CellState.DRAFT and edit:
            return f"{edit.by}, {self.day(edit.at)}"
        return ""

    def day(self, moment: datetime) -> str:
        return day(moment, self.now, self.zone)

    @cached_property
    def _last_edits(self) -> dict[tuple[str, str], Edit]:
        typed = (Edit.issue_id == self.issue.id, Edit.what.in_((history.TEXT, history.SMALL_EDIT)))
        newest = select(func.max(Edit.id)).where(*typed).group_by(Edit.passage_key, Edit.language)
        edits: Sequence[Edit] = self.session.scalars(select(Edit).where(Edit.id.in_(newest))).all()
        return {(edit.passage_key, edit.language): edit for edit in edits}

    def _side(self, language: str, was: Mapping[str, str] | None) -> Side:
        cell = Cell(self.open.passage, language)
        needed, texts = (*FIELDS[self.open.passage.kind].required, "alt"), cell.fields
        views = [
            FieldView(name, texts.get(name, ""), name in needed, None if was is None else was.get(name, ""))
            for name in fields_of(self.open.passage)
        ]
        edit = self._last_edits.get((cell.passage.key, language))
        changed = f"Changed by {edit.by}, {self.day(edit.at)}" if edit and cell.wording else ""
        return Side(cell, views, changed, may_write(self.member, language))
