"""Where passages go in an issue: the order of a fresh draft, and a later resource's place."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy.orm import Session

from issues import history, wordings
from issues.defaults import closing_texts, opening_texts, section_key, section_texts
from issues.matrix import CellState, cell_state
from issues.models import Issue, Passage, PassageKind, Picture, Resource, Wording

_BODY = (PassageKind.SECTION, PassageKind.RESOURCE)

Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Layout:
    """Adds passages to one issue, in its present revision, for one person."""

    session: Session
    issue: Issue
    by: str
    now: datetime

    def compose(self, last: Issue | None, resources: Sequence[Resource]) -> None:
        """Fill a new issue: opening, standing passages, a section per kind with its resources, standing, closing."""
        standing = _standing(last, {section_key(resource.kind) for resource in resources})
        self.add(PassageKind.OPENING, "opening", opening_texts(self.issue.month, self.issue.languages))
        self._copy(standing.start)
        for kind in dict.fromkeys(resource.kind for resource in resources):
            if kept := standing.headings.get(section_key(kind)):
                self._copy([kept])
            else:
                self._add_section(kind, taken=standing.keys)
            for resource in resources:
                if resource.kind == kind and str(resource.id) not in standing.keys:
                    self.add_resource(resource)
        self._copy(standing.end)
        if "closing" not in standing.keys:
            self.add(PassageKind.CLOSING, "closing", closing_texts(self.issue.languages))
        history.record_frame(self.session, self.issue, by=self.by, now=self.now)

    def place(self, resource: Resource) -> Passage:
        """Add a resource behind the last one of its section; a new section goes behind the last resource."""
        passages = self.issue.passages
        key = section_key(resource.kind)
        heading = next((i for i, p in enumerate(passages) if p.kind is PassageKind.SECTION and p.key == key), None)
        if heading is None:
            heading = _behind_resources(passages) or _before_closing(passages)
            self._add_section(resource.kind, heading)
        own = list(takewhile(lambda passage: passage.kind is not PassageKind.SECTION, passages[heading + 1 :]))
        return self.add_resource(resource, heading + 1 + _behind_resources(own))

    def add(
        self,
        kind: PassageKind,
        key: str,
        texts: Texts,
        at: int | None = None,
        *,
        resource: Resource | None = None,
        every_month: bool = False,
        picture: Picture | None = None,
    ) -> Passage:
        """Add a passage with its texts at place `at`, counted from 0; without it, as the last."""
        passages = self.issue.passages
        passage = Passage(key=key, kind=kind, position=0, resource=resource, every_month=every_month, picture=picture)
        passages.insert(len(passages) if at is None else at, passage)
        for position, standing in enumerate(passages):
            standing.position = position
        wordings.fill(self.session, passage, texts, by=self.by, now=self.now)
        return passage

    def add_resource(self, resource: Resource, at: int | None = None) -> Passage:
        """Add a resource with the texts it has in the issue's languages."""
        texts = wordings.resource_texts(resource, self.issue.languages)
        return self.add(PassageKind.RESOURCE, str(resource.id), texts, at, resource=resource)

    def _add_section(self, kind: str, at: int | None = None, *, taken: Collection[str] = ()) -> None:
        key = section_key(kind)
        while key in taken or any(passage.key == key for passage in self.issue.passages):
            key += "-2"
        self.add(PassageKind.SECTION, key, section_texts(kind, self.issue.languages), at)

    def _copy(self, passages: Iterable[Passage]) -> None:
        """Copy standing passages with their wordings; a stale one is stale again and loses its approval."""
        for passage in passages:
            copy = self.add(
                passage.kind, passage.key, {}, resource=passage.resource, every_month=True, picture=passage.picture
            )
            for language in self.issue.languages:  # the source first: approving a translation looks at it
                if wording := passage.wording(language):
                    self._copy_wording(copy, wording, cell_state(passage, language))

    def _copy_wording(self, copy: Passage, old: Wording, state: CellState) -> None:
        wordings.write(
            self.session, copy, old.language, old.fields, made_from=old.source_digest, by=self.by, now=self.now
        )
        new = copy.wording(old.language)
        if new and state is CellState.APPROVED and old.approved_by and old.approved_at:
            wordings.approve(self.session, copy, new, by=old.approved_by, now=old.approved_at)


class _Standing(NamedTuple):
    """What the last issue hands on: where it stood, and the headings that new resources come under."""

    start: list[Passage]
    end: list[Passage]
    headings: dict[str, Passage]

    @property
    def keys(self) -> set[str]:
        return {passage.key for passage in (*self.start, *self.end)} | set(self.headings)


def _standing(last: Issue | None, sections: Collection[str]) -> _Standing:
    passages = last.passages if last else []
    before = list(takewhile(lambda passage: passage.kind not in _BODY, passages))
    kept = [passage for passage in passages if passage.every_month and passage.kind is not PassageKind.OPENING]
    headings = {p.key: p for p in kept if p.kind is PassageKind.SECTION and p.key in sections}
    rest = [passage for passage in kept if passage.key not in headings]
    return _Standing(
        [passage for passage in rest if passage in before],
        [passage for passage in rest if passage not in before],
        headings,
    )


def _behind_resources(passages: Sequence[Passage]) -> int:
    """The place behind the last resource; 0 where there is none."""
    return max((i + 1 for i, passage in enumerate(passages) if passage.kind is PassageKind.RESOURCE), default=0)


def _before_closing(passages: Sequence[Passage]) -> int:
    return len(passages) - any(passage.kind is PassageKind.CLOSING for passage in passages)
