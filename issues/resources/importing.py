"""Import: a source is read, fetched and parsed without a transaction, and then stored in one.

The button, the command and the scheduler call `import_all`.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from issues.errors import IssueError, NotFound, Unreadable
from issues.languages import normal
from issues.models import Resource, ResourceText, Source, SourceKind
from issues.resources import files, rss, wordpress
from issues.resources.fetching import check_form
from issues.resources.flags import flags
from issues.resources.found import Fetch, Found, Reading
from issues.resources.pairing import merge, move_out, speaks
from issues.resources.rewriting import WORDS, hears_news

Sessions = Callable[[], AbstractContextManager[Session]]

_READERS: dict[SourceKind, Callable[[Source, Fetch], Reading]] = {
    SourceKind.WORDPRESS: wordpress.read,
    SourceKind.RSS: rss.read,
    SourceKind.FILE: files.read,
}
_PICTURE = ("image", "alt")
_COPIED = (*WORDS, *_PICTURE)


@dataclass
class SourceReport:
    """What one visit to a source did. Each entry is counted in exactly one of the first four."""

    source_url: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped_dismissed: int = 0
    """Of a dismissed resource: its text is kept current, and it stays dismissed."""
    flagged: list[str] = field(default_factory=list)
    """Entries that a person should look at, and why."""
    faults: list[str] = field(default_factory=list)
    """Entries that could not be taken, and doubts about those that were."""
    failure: str | None = None
    """Why nothing could be read at all."""


def add_source(session: Session, url: str, kind: SourceKind | None = None, language: str | None = None) -> Source:
    """The source at `url`, new or known. A kind or language given later counts from the next import on.

    A new source's kind is guessed from its address where none is given. Raises Unreadable for a language that is none,
    FetchRefused for an address that is none, or that holds a password.
    """
    url = url.strip()
    if files.is_remote(url):
        check_form(url)
    source = session.scalar(select(Source).where(Source.url == url))
    if source is None:
        source = Source(url=url, kind=kind or _guess(url))
        session.add(source)
    kind, language = kind or source.kind, _tag(language) if language else source.language
    if (kind, language) != (source.kind, source.language):
        source.kind, source.language = kind, language
        source.etag = source.last_modified = source.modified_until = None  # so that all is read anew
    session.flush()
    return source


def remove_source(session: Session, source_id: int) -> str:
    """Read a source no more; what it brought stays on the shelf. Its address. Raises NotFound."""
    source = _locked(session, source_id)
    url = source.url
    session.delete(source)
    session.flush()
    return url


def import_all(
    read: Sessions, write: Sessions, fetch: Fetch, now: datetime, only: Collection[int] | None = None
) -> list[SourceReport]:
    """Visit every source (or `only` those ids), and store what each brought in a transaction of its own.

    `read` and `write` open sessions (`Database.read`, `Database.write`); none is open while the network is waited for.
    A source that fails stops no other: its failure is in its report and on the source.
    """
    with read() as session:
        chosen = select(Source).order_by(Source.id)
        sources = list(session.scalars(chosen if only is None else chosen.where(Source.id.in_(only))))
    return [import_source(write, source, fetch, now) for source in sources]


def import_source(write: Sessions, source: Source, fetch: Fetch, now: datetime) -> SourceReport:
    """Visit one source, which may belong to a closed session."""
    try:
        reading = _READERS[source.kind](source, fetch)
    except IssueError as error:
        with write() as session:
            return SourceReport(source.url, failure=_failed(session, source.id, str(error)))
    try:
        with write() as session:
            return store(session, source.id, reading, now)
    except NotFound as error:
        return SourceReport(source.url, failure=str(error))


def store(session: Session, source_id: int, reading: Reading, now: datetime) -> SourceReport:
    """Bring the database to what a reading says. Storing it twice changes nothing."""
    source = _locked(session, source_id)
    report = SourceReport(source.url, faults=list(reading.parsed.faults))
    shelf = _Shelf(session, source, now)
    for found in reading.parsed.entries:
        shelf.take(found, report)
    source.imported_at, source.failure = now, None
    source.etag, source.last_modified = reading.etag, reading.last_modified
    source.modified_until = reading.modified_until
    session.flush()
    return report


def _failed(session: Session, source_id: int, why: str) -> str:
    """Note why, and return it. A source that was never read is most likely a slip, so it is not kept."""
    source = session.get(Source, source_id, with_for_update=True)
    if source is None:
        return why
    if source.imported_at is None:
        session.delete(source)
        return f"{why} The source is not remembered, since it never could be read."
    source.failure = why
    return why


def _guess(url: str) -> SourceKind:
    path = url.partition("?")[0].lower()
    if not files.is_remote(url) or path.endswith((".csv", ".json")):
        return SourceKind.FILE
    return SourceKind.WORDPRESS if "/wp-json" in path else SourceKind.RSS


def _tag(language: str) -> str:
    try:
        return normal(language)
    except ValueError as error:
        raise Unreadable(f"{error}.") from None


def _locked(session: Session, source_id: int) -> Source:
    """Two imports of one source at once: the second waits, and finds what the first stored."""
    source = session.get(Source, source_id, with_for_update=True)
    if source is None:
        raise NotFound("This source was removed in the meantime.")
    return source


class _Shelf:
    """The texts of one source, by guid and by pair key."""

    def __init__(self, session: Session, source: Source, now: datetime) -> None:
        self._session, self._source, self._now = session, source, now
        own = select(ResourceText).where(ResourceText.source_id == source.id)
        whole = selectinload(ResourceText.resource).selectinload(Resource.texts)
        self._texts = {text.guid: text for text in session.scalars(own.options(whole))}

    def take(self, found: Found, report: SourceReport) -> None:
        """Add or update one entry's text, and count it."""
        text = self._texts.get(found.guid)
        if text is None:
            text, outcome = self._add(found), "added"
        else:
            outcome = "changed" if self._update(text, found) else "unchanged"
        if text.resource.dismissed_at:
            report.skipped_dismissed += 1
            return
        setattr(report, outcome, getattr(report, outcome) + 1)
        if hears_news(text, found):
            report.flagged.append(f"{text.title}: its source changed it, and the words written here stand")
        report.flagged.extend(f"{found.title or found.link or found.guid}: {flag}" for flag in flags(text))

    def _add(self, found: Found) -> ResourceText:
        text = ResourceText(
            source_id=self._source.id,
            guid=found.guid,
            language=found.language,
            given_language=found.language,
            pair_key=found.pair_key,
            changed_at=self._now,
            **{name: getattr(found, name) for name in _COPIED},
        )
        published = found.published or self._now
        resource = self._partner(found, text)
        if resource is None:
            resource = Resource(kind=found.kind, published_at=published)
            self._session.add(resource)
        resource.texts.append(text)
        resource.published_at = min(resource.published_at, published)
        self._texts[found.guid] = text
        return text

    def _partner(self, found: Found, text: ResourceText) -> Resource | None:
        """The resource that holds this text in other languages, by what the source says."""
        if not found.pair_key:
            return None
        named = [self._texts[guid] for guid in found.same_as if guid in self._texts]
        named += [other for other in self._texts.values() if other.pair_key == found.pair_key]
        others = (other.resource for other in named if other is not text)
        return next((resource for resource in others if not speaks(resource, text.language)), None)

    def _update(self, text: ResourceText, found: Found) -> bool:
        """Whether anything changed. What a person decided stands until the source says something else than before."""
        before = _state(text)
        for name in _COPIED if text.given_words is None else _PICTURE:
            setattr(text, name, getattr(found, name))
        if found.language != text.given_language:
            self._speak(text, found.language)
        if found.pair_key != text.pair_key:
            self._join(text, found)
        _follow(text.resource, found)
        changed = _state(text) != before
        if changed:
            text.changed_at = self._now
        return changed

    def _speak(self, text: ResourceText, language: str | None) -> None:
        text.given_language = language
        if language is None:
            return
        others = [other for other in text.resource.texts if other is not text]
        if any(other.language == language for other in others):
            move_out(self._session, text)
        text.language = language

    def _join(self, text: ResourceText, found: Found) -> None:
        """Only a text that stands alone moves, and none into or out of what was put away."""
        text.pair_key = found.pair_key
        left, partner = text.resource, self._partner(found, text)
        if partner and len(left.texts) == 1 and not (left.dismissed_at or partner.dismissed_at):
            merge(self._session, partner, left)


def _follow(resource: Resource, found: Found) -> None:
    """A resource of one text follows its kind and date; of several, it keeps what it had when they met."""
    if len(resource.texts) == 1:
        resource.kind = found.kind
        resource.published_at = found.published or resource.published_at


def _state(text: ResourceText) -> tuple[object, ...]:
    own = tuple(getattr(text, name) for name in (*_COPIED, "language", "pair_key"))
    return (*own, text.resource_id, text.resource.kind, text.resource.published_at)
