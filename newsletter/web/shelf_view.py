"""What the pages of the shelf show: what was asked for, an entry, a proposal, a source, and what was just done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup
from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams

from issues.models import Issue, Resource, ResourceText, Source
from issues.rendering.markdown import to_html, to_text
from issues.resources import files, pairing
from issues.resources.fetching import host_of
from issues.resources.flags import flags
from issues.resources.importing import SourceReport
from issues.resources.shelf import Wanted
from newsletter.delivery import planning
from newsletter.delivery.models import Mailing
from newsletter.web import spoken
from newsletter.web.issue_view import day

PROPOSED_AMONG = 120
"""The newest resources, among which pairs are proposed: a large shelf costs no more than a small one."""
_LONGEST = 200
_ASKED = ("q", "lang", "lacks", "kind", "source", "issue", "away", "page")
_MOST_PAGES = 10_000
_HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Asked:
    """What the address of the list asks for."""

    wanted: Wanted
    page: int
    query: tuple[tuple[str, str], ...]
    """The same as in the address, without what was just done."""

    @property
    def back(self) -> str:
        """For the forms of the list, so that they lead back to it."""
        return urlencode(self.query)

    @property
    def is_plain(self) -> bool:
        """Whether everything is asked for."""
        return not self.query

    def at(self, page: int) -> str:
        """The address of another page of the same."""
        others = [(name, value) for name, value in self.query if name != "page"]
        return urlencode([*others, ("page", str(page))] if page else others)


def asked(params: QueryParams, languages: Sequence[str]) -> Asked:
    """Reads an address; what makes no sense in it counts like nothing."""
    query = tuple((name, value[:_LONGEST]) for name, value in params.multi_items() if name in _ASKED and value)
    given = dict(query)
    source, page = given.get("source", ""), given.get("page", "")
    wanted = Wanted(
        words=given.get("q", ""),
        languages=tuple(value for name, value in query if name == "lang")[: len(languages)],
        lacks_one_of=tuple(languages) if "lacks" in given else (),
        kind=given.get("kind", ""),
        source=int(source) if _is_number(source) else None,
        issue=given.get("issue", ""),
        dismissed="away" in given,
    )
    return Asked(wanted, min(int(page), _MOST_PAGES) if _is_number(page) else 0, query)


def list_query(back: str) -> str:
    """What a form sent back, as a query of ours: nothing else can come of it."""
    return urlencode([(name, value) for name, value in parse_qsl(back[:2000], max_num_fields=30) if name in _ASKED])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


@dataclass(frozen=True)
class Entry:
    """A resource as the list shows it."""

    resource: Resource
    title: str
    language: str
    kind: str
    day: str
    sources: str
    issues: list[Issue]
    spoken: list[str]
    """Its languages, in the order of the newsletter's."""
    lacking: list[str]
    """Languages of the newsletter that it has no text in."""

    @property
    def nameless(self) -> list[ResourceText]:
        """Texts whose language nobody said."""
        return [text for text in self.resource.texts if not text.language]


def entry(
    resource: Resource,
    issues: Sequence[Issue],
    sources: Mapping[int, str],
    languages: Sequence[str],
    now: datetime,
    zone: str,
) -> Entry:
    """One resource, told in the first of the newsletter's languages that it has."""
    spoken_in = {text.language: text for text in reversed(resource.texts)}
    first = next(
        (spoken_in[tag] for tag in languages if tag in spoken_in), resource.texts[0] if resource.texts else None
    )
    names = dict.fromkeys(sources.get(text.source_id or 0, "") for text in resource.texts)
    return Entry(
        resource=resource,
        title=(first.title if first else "") or "Without a title",
        language=(first.language or "") if first else "",
        kind=spoken.kind(resource.kind),
        day=day(resource.published_at, now, zone),
        sources=" and ".join(f"from {name}" if name else "added by hand" for name in names),
        issues=list(issues),
        spoken=[tag for tag in languages if tag in spoken_in]
        + [tag for tag in spoken_in if tag and tag not in languages],
        lacking=[tag for tag in languages if tag not in spoken_in],
    )


@dataclass(frozen=True)
class TextView:
    """One text of a resource, whole."""

    text: ResourceText
    html: Markup
    source: str
    flags: list[str]


def text_view(text: ResourceText, sources: Mapping[int, str]) -> TextView:
    """A text as its page shows it; its Markdown was sanitised when it was kept, and is again here."""
    body = Markup(to_html(text.summary))  # noqa: S704 # sanitised HTML of the closed subset
    return TextView(text, body, sources.get(text.source_id or 0, ""), flags(text))


def in_order(resource: Resource, languages: Sequence[str]) -> list[ResourceText]:
    """A resource's texts: the newsletter's languages first, and in its order."""
    place = {tag: number for number, tag in enumerate(languages)}
    return sorted(resource.texts, key=lambda text: place.get(text.language or "", len(place)))


def excerpt(text: ResourceText, most: int = 240) -> str:
    """The beginning of a text, plain."""
    plain = " ".join(to_text(text.summary).split())
    return plain if len(plain) <= most else plain[:most].rsplit(" ", 1)[0] + "…"


@dataclass(frozen=True)
class Pair:
    """Resources that may be one text."""

    resources: list[Resource]
    shared: str

    @property
    def texts(self) -> list[ResourceText]:
        return [text for resource in self.resources for text in resource.texts]


def pairs(session: Session) -> list[Pair]:
    """The proposals among the newest resources."""
    found = pairing.proposals(session, newest=PROPOSED_AMONG)
    return [
        Pair([session.get_one(Resource, number) for number in proposal.resource_ids], ", ".join(proposal.shared[:6]))
        for proposal in found
    ]


@dataclass(frozen=True)
class SourceView:
    """A source as it stands, and what its last visit brought in this process's life."""

    source: Source
    name: str
    state: str
    """A shape's name."""
    words: str
    when: str
    report: SourceReport | None = None
    notes: list[str] = field(default_factory=list)


def source_name(source: Source) -> str:
    """The host of an address, or the name of a file: the rest may be secret."""
    name = host_of(source.url) if files.is_remote(source.url) else PurePath(source.url).name
    return "a site on this machine" if name in _HERE else name


def source_view(source: Source, report: SourceReport | None, ago: str) -> SourceView:
    """How a source stands, in a shape and words."""
    notes = [*report.faults, *report.flagged] if report else []
    if source.failure:
        read = f"last read {ago}" if ago else "never read"
        return SourceView(source, source_name(source), "stale", "no answer", read, report, [source.failure, *notes])
    if source.imported_at is None:
        return SourceView(source, source_name(source), "missing", "not read yet", "", report, notes)
    if report is None:
        return SourceView(source, source_name(source), "approved", "read", ago, report, notes)
    state = "approved" if report.added or report.changed else "waived"
    return SourceView(source, source_name(source), state, brought(report), ago, report, notes)


def brought(report: SourceReport) -> str:
    """`6 new, 1 changed`, or `nothing new`."""
    counts = ((report.added, "new"), (report.changed, "changed"))
    return ", ".join(f"{spoken.number(count)} {word}" for count, word in counts if count) or "nothing new"


def open_issues(session: Session) -> list[Issue]:
    """Issues that are still being written, the newest first."""
    mailed = exists().where(Mailing.issue_id == Issue.id, planning.COUNTS)
    return list(session.scalars(select(Issue).where(~mailed).order_by(Issue.month.desc(), Issue.id.desc()).limit(3)))


@dataclass(frozen=True)
class Done:
    """What was just done, and where the reverse is posted."""

    words: str
    undo: str = ""
    fields: Mapping[str, str | list[str]] = field(default_factory=dict)


def done(session: Session, params: QueryParams, back: str) -> Done | None:
    """The toast that the address of the page asks for, where it knows one."""
    did, of = params.get("did", ""), params.get("of", "")
    numbers = [int(number) for number in params.get("with", "").split(",") if _is_number(number)][:20]
    resource = session.get(Resource, int(of)) if _is_number(of) else None
    if did in _SOURCE_WORDS:
        return Done(_SOURCE_WORDS[did])
    if resource is None or did not in _WORDS:
        return None
    words, undo, name = _WORDS[did]
    title = next((text.title for text in resource.texts if text.title), "a resource")
    fields: dict[str, str | list[str]] = {"back": back}
    if name:
        fields[name] = [str(number) for number in numbers]
    return Done(words.format(title=title), f"/desk/resources/{undo.format(of=of)}" if undo else "", fields)


_WORDS = {
    "dismissed": ("Dismissed “{title}”. It will not come back.", "{of}/restore", ""),
    "restored": ("“{title}” is back on the shelf.", "{of}/dismiss", ""),
    "added": ("Added “{title}”.", "{of}/dismiss", ""),
    "known": ("This link was on the shelf already: “{title}”.", "", ""),
    "placed": ("“{title}” stands in the issue now.", "", ""),
    "rewritten": ("“{title}” says what you wrote.", "", ""),
    "given-back": ("“{title}” is its source’s again; its words come with the next import.", "", ""),
    "spoken": ("The language of “{title}” is set.", "", ""),
    "paired": ("Paired: “{title}” is one resource now.", "{of}/unpair", "text"),
    "parted": ("Parted. “{title}” stands by itself.", "pair", "resource"),
    "apart": ("“{title}” and its neighbour stay apart.", "apart/undo", "resource"),
    "proposed": ("They are proposed again.", "", ""),
}
"""By what was done: the words, where the reverse is posted, and the field that its numbers go into."""

_SOURCE_WORDS = {
    "imported": "The sources were read; what they brought stands below.",
    "removed": "The source is read no more; what it brought stays.",
}
