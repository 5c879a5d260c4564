"""What the parsers hand over: plain values, nothing of the database in them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from issues.errors import IssueError
from issues.languages import normal
from issues.rendering.kinds import KINDS
from issues.resources.fetching import Fetched

OTHER_KIND = "article"

_GENERAL = ("article", "news", "story")  # sites file nearly everything under these as well


@dataclass(frozen=True)
class Found:
    """One entry of a source, in one language, cleaned."""

    guid: str
    language: str | None
    kind: str
    title: str
    summary: str
    """Markdown."""
    link: str
    image: str = ""
    alt: str = ""
    published: datetime | None = None
    """Aware, in UTC; nothing where the entry names no date."""
    modified: datetime | None = None
    pair_key: str | None = None
    """The same for every language of one text."""
    same_as: tuple[str, ...] = ()
    """The guids of the other languages: a translation that joins later may carry another key than they do."""


@dataclass(frozen=True)
class Parsed:
    """The entries of a source, and one sentence for each entry that could not be taken."""

    entries: list[Found] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """What one visit to a source brought, and what to remember for the next."""

    parsed: Parsed
    etag: str | None = None
    last_modified: str | None = None
    modified_until: datetime | None = None


class Fetch(Protocol):
    """How a source is fetched: `fetching.fetch` with the caller's switches set."""

    def __call__(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched: ...


class Collector:
    """Gathers entries and faults: a broken entry stops no other."""

    def __init__(self) -> None:
        self.parsed = Parsed()
        self._seen: set[str] = set()

    @contextmanager
    def entry(self, name: str) -> Iterator[Callable[[Found], None]]:
        """Takes one entry; an error within becomes a fault that names it."""
        try:
            yield self._take
        except (IssueError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            self.fault(f"{name}: {error if isinstance(error, IssueError) else 'it is not of the expected form.'}")

    def fault(self, sentence: str) -> None:
        """Something that was left out, or taken with doubt."""
        self.parsed.faults.append(sentence)

    def _take(self, found: Found) -> None:
        """The first of several entries with one guid counts: sources list the newest first."""
        if found.guid not in self._seen:
            self._seen.add(found.guid)
            self.parsed.entries.append(found)


def entry_language(tag: object, otherwise: str | None = None) -> str | None:
    """The language and script of a source's tag, without its region: sites say `en-US` and mean English.

    Chinese keeps its region, which stands for the script. A tag nobody can read counts like none.
    """
    if not isinstance(tag, str) or not tag.strip():
        return otherwise
    try:
        language, *rest = normal(tag).split("-")
    except ValueError:
        return otherwise
    return "-".join([language, *(part for part in rest if language == "zh" or len(part) == 4)])


def kind_among(words: list[str]) -> str:
    """The first of a source's categories that is one of our kinds, or its plural; a general one only if alone."""
    slugs = [word.strip().lower() for word in words]
    known = [kind for slug in slugs for kind in (slug, slug.removesuffix("s")) if kind in KINDS]
    return next((kind for kind in known if kind not in _GENERAL), known[0] if known else OTHER_KIND)


def instant(value: object) -> datetime | None:
    """An ISO 8601 time as an aware one in UTC; without a zone it is taken as UTC. Raises ValueError."""
    if value is None or not str(value).strip():
        return None
    time = datetime.fromisoformat(str(value).strip())
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    return time.astimezone(UTC)
