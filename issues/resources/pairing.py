"""The same text in several languages: one resource. Sources say it, or a person does; we only propose."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import combinations
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from issues.errors import IssueError
from issues.models import KeptApart, Passage, Resource, ResourceText
from issues.resources.shelf import resource_numbered, text_numbered

_NEAR = timedelta(days=45)
_ENOUGH = 3
"""Shared signs that make a proposal; fewer are chance."""
_MOST = 2 / 3
"""Of the numbers and acronyms of the poorer text, how many the other must have."""

_NUMBER = re.compile(r"\d{2,}")
_ACRONYM = re.compile(r"\b[A-Z]{2,}\b")
_NAME = re.compile(r"\b[A-Z][a-z]{3,}\b")


@dataclass(frozen=True)
class Proposal:
    """Resources that may be one text in several languages; a person decides."""

    resource_ids: tuple[int, ...]
    """The first would stay, the others join it."""
    languages: tuple[str, ...]
    shared: tuple[str, ...]
    """What they have in common: `DHS`, `2021`."""


def pair(session: Session, resource_id: int, other_id: int) -> Resource:
    """Move every text of the other resource into the first, and what stands in issues along with them.

    Raises NotFound, or IssueError where both speak one language.
    """
    resource, other = resource_numbered(session, resource_id), resource_numbered(session, other_id)
    if resource is other:
        raise IssueError(f"Resource {resource_id} cannot be paired with itself; name two.")
    double = next((text.language for text in other.texts if speaks(resource, text.language)), None)
    if double:
        raise IssueError(f"Resources {resource_id} and {other_id} both have a text in {double}; unpair one first.")
    return merge(session, resource, other)


def unpair(session: Session, text_id: int) -> Resource:
    """Give a text a resource of its own. Issues keep what they show.

    Raises NotFound, or IssueError where the text already stands alone.
    """
    text = text_numbered(session, text_id)
    if len(text.resource.texts) == 1:
        raise IssueError(f"Text {text_id} is the only one of its resource; there is nothing to part.")
    return move_out(session, text)


def speaks(resource: Resource, language: str | None) -> bool:
    """Whether a resource has a text in this language."""
    return language is not None and any(text.language == language for text in resource.texts)


def merge(session: Session, resource: Resource, other: Resource) -> Resource:
    """All texts of two resources in the first; the other is gone."""
    for text in list(other.texts):
        resource.texts.append(text)
    resource.published_at = min(resource.published_at, other.published_at)
    session.flush()  # a resource that is new gets its number here
    session.execute(update(Passage).where(Passage.resource_id == other.id).values(resource_id=resource.id))
    session.delete(other)
    session.flush()
    return resource


def move_out(session: Session, text: ResourceText) -> Resource:
    """A new resource for one text of several."""
    left = text.resource
    resource = Resource(kind=left.kind, published_at=left.published_at, dismissed_at=left.dismissed_at)
    session.add(resource)
    resource.texts.append(text)
    session.flush()
    return resource


def proposals(session: Session, newest: int | None = None) -> list[Proposal]:
    """Resources that seem to be one text: other languages, near in time, the same numbers and names.

    Computed anew each time, from what is on the shelf (or its `newest` so many); only what was kept apart is stored.
    """
    chosen = select(Resource).where(Resource.dismissed_at.is_(None))
    latest = chosen.order_by(Resource.published_at.desc(), Resource.id.desc()).limit(newest)
    resources = list(session.scalars(latest.options(selectinload(Resource.texts))))[::-1]
    cards = [_Card(resource) for resource in resources if all(text.language for text in resource.texts)]
    apart = _apart(session, [card.id for card in cards])
    near = sorted(_alike(cards, apart), key=lambda alike: -len(alike[2]))
    return [_proposal(group) for group in _groups(near)]


def keep_apart(session: Session, resource_ids: Iterable[int]) -> None:
    """These are not one text: none of them is proposed with another of them again. Raises NotFound."""
    numbers = sorted(resource_numbered(session, number).id for number in set(resource_ids))
    for one, other in combinations(numbers, 2):
        session.merge(KeptApart(resource_id=one, other_id=other))
    session.flush()


def propose_again(session: Session, resource_ids: Iterable[int]) -> None:
    """Take back that these were kept apart."""
    numbers = list(resource_ids)
    between = KeptApart.resource_id.in_(numbers) & KeptApart.other_id.in_(numbers)
    session.execute(delete(KeptApart).where(between))


def _apart(session: Session, numbers: Sequence[int]) -> set[tuple[int, int]]:
    rows = session.execute(select(KeptApart.resource_id, KeptApart.other_id).where(KeptApart.resource_id.in_(numbers)))
    return {(row.resource_id, row.other_id) for row in rows}


class _Card:
    """What a resource can be recognised by in any language."""

    def __init__(self, resource: Resource) -> None:
        self.id = resource.id
        self.published = resource.published_at
        self.languages = {text.language or "" for text in resource.texts}
        signs = [_signs(f"{text.title}\n{text.summary}") for text in resource.texts]
        self.strong = {sign for strong, _ in signs for sign in strong}
        self.names = {name for _, names in signs for name in names}
        self.places = set().union(*map(_places, resource.texts))

    def shared(self, other: "_Card") -> set[str]:
        """The signs both have, or nothing where they are too few."""
        if places := self.places & other.places:
            return places
        strong = self.strong & other.strong
        shared = strong | (self.names & other.names)
        poorer = min(len(self.strong), len(other.strong))
        return shared if len(strong) > 1 and len(shared) >= _ENOUGH and len(strong) >= _MOST * poorer else set()


@lru_cache(maxsize=512)
def _signs(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Numbers of two digits and more, in any script's digits, and acronyms: they pass through translation. And names.

    Remembered, since each look at the shelf reads the same newest texts again.
    """
    text = unicodedata.normalize("NFC", text)
    strong = {str(int(number)) for number in _NUMBER.findall(text)} | set(_ACRONYM.findall(text))
    return frozenset(strong), frozenset(_NAME.findall(text))


def _places(text: ResourceText) -> set[str]:
    """The last step of the link, where it is words: translations often keep it."""
    step = urlsplit(text.link).path.rstrip("/").rpartition("/")[2]
    return {step} if step.count("-") > 1 else set()


def _alike(cards: list[_Card], apart: set[tuple[int, int]]) -> Iterator[tuple[_Card, _Card, set[str]]]:
    """`cards` come by date, so that each meets only its neighbours in time."""
    for index, card in enumerate(cards):
        for other in cards[index + 1 :]:
            if other.published - card.published > _NEAR:
                break
            if (min(card.id, other.id), max(card.id, other.id)) in apart:
                continue
            if not card.languages & other.languages and (shared := card.shared(other)):
                yield card, other, shared


def _groups(near: Iterable[tuple[_Card, _Card, set[str]]]) -> list[dict[int, _Card]]:
    """The most alike first; a card joins a group where each of its languages is new."""
    group_of: dict[int, dict[int, _Card]] = {}
    for one, other, _ in near:
        first, second = group_of.get(one.id, {one.id: one}), group_of.get(other.id, {other.id: other})
        if first is second or _languages(first) & _languages(second):
            continue
        joined = first | second
        group_of.update(dict.fromkeys(joined, joined))
    return list({id(group): group for group in group_of.values()}.values())


def _languages(group: dict[int, _Card]) -> set[str]:
    return set().union(*(card.languages for card in group.values()))


def _proposal(group: dict[int, _Card]) -> Proposal:
    shared = set().union(*(one.shared(other) for one, other in combinations(group.values(), 2)))
    return Proposal(tuple(sorted(group)), tuple(sorted(_languages(group))), tuple(sorted(shared)))
