"""From the issue as it is kept to what one reader's template and plain text are made of: plain frozen values.

Here the fallback is decided: what stands where a text is not in the reader's language (`Issue.fallback`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from issues.fields import FIELDS
from issues.languages import normal
from issues.matrix import lacking
from issues.models import Fallback, Issue, Passage, PassageKind, Picture, Wording
from issues.rendering.markdown import clean, clean_line, safe_link

_FRAME = (PassageKind.OPENING, PassageKind.CLOSING)


@dataclass(frozen=True)
class Version:
    """The same text in another language."""

    language: str
    title: str
    link: str


@dataclass(frozen=True)
class Image:
    """A picture in the two sizes that mails load."""

    file: str
    """What the plain one is called in an address."""
    sharp: str
    """The same for screens with two pixels for one."""
    width: int
    height: int
    """At which the plain one is as large as it is."""

    def within(self, most: int) -> tuple[int, int]:
        """Width and height in a column `most` wide: a picture is never shown larger than it is."""
        width = min(most, self.width)
        return width, max(1, round(self.height * width / self.width))


@dataclass(frozen=True)
class Entry:
    """One passage as this reader gets it. Which fields are filled depends on its kind: see `issues.fields`."""

    kind: str
    language: str
    """Of these words; not the reader's where the source text stands in."""
    title: str = ""
    body: str = ""
    """Markdown."""
    link: str = ""
    label: str = ""
    when: str = ""
    where: str = ""
    phone: str = ""
    hours: str = ""
    subject: str = ""
    preheader: str = ""
    picture: Image | None = None
    alt: str = ""
    """What the picture shows."""
    resource_kind: str = ""
    document: str = ""
    """The language of what a resource links to."""
    pills: tuple[str, ...] = ()
    """The languages a resource's card names: of its document, and of its words where they are not the reader's."""
    versions: tuple[Version, ...] = ()
    """The other languages of "one text, several languages"."""

    @property
    def call(self) -> str:
        """What the phone dials (RFC 3966, section 3), or nothing where there is no digit."""
        digits = re.sub(r"[^0-9]", "", self.phone)
        return f"tel:{'+' if self.phone.strip().startswith('+') else ''}{digits}" if digits else ""

    @property
    def documents(self) -> tuple[str, ...]:
        """The languages in which this entry offers something to read; none for blocks."""
        if self.kind != PassageKind.RESOURCE:
            return ()
        return (self.document or self.language, *(version.language for version in self.versions))


@dataclass(frozen=True)
class Section:
    """A heading and what follows it, up to the next one."""

    heading: Entry | None
    """Nothing for what stands before the first heading, or under one that is left out."""
    entries: tuple[Entry, ...] = ()

    @property
    def resources(self) -> int:
        return sum(len(entry.documents) for entry in self.entries)


@dataclass(frozen=True)
class View:
    """An issue for readers of one language."""

    language: str
    month: date
    opening: Entry
    sections: tuple[Section, ...] = ()
    closing: Entry | None = None

    @property
    def resources(self) -> int:
        return sum(section.resources for section in self.sections)

    @property
    def languages(self) -> int:
        entries = (entry for section in self.sections for entry in section.entries)
        return len({language for entry in entries for language in entry.documents})


def view(issue: Issue, language: str) -> View:
    """The issue as readers of `language` get it."""
    language = normal(language)
    entries = list(_entries(issue, language))
    frame = {entry.kind: entry for entry in entries if entry.kind in _FRAME}
    return View(
        language=language,
        month=issue.month,
        opening=frame.get("opening", Entry("opening", language)),
        sections=tuple(_sections(entry for entry in entries if entry.kind not in _FRAME)),
        closing=frame.get("closing"),
    )


def _entries(issue: Issue, language: str) -> Iterator[Entry]:
    for passage in issue.passages:
        wording = _chosen(issue, passage, language)
        if wording is not None:
            yield _entry(issue, passage, wording, language)
        elif passage.kind is PassageKind.SECTION:
            yield Entry("section", language)  # keeps what follows apart from the section before


def _sections(entries: Iterable[Entry]) -> Iterator[Section]:
    """Entries gathered under their headings; a heading without entries is left out."""
    section = Section(None)
    for entry in entries:
        if entry.kind == PassageKind.SECTION:
            if section.entries:
                yield section
            section = Section(entry if entry.title else None)
        else:
            section = replace(section, entries=(*section.entries, entry))
    if section.entries:
        yield section


def _chosen(issue: Issue, passage: Passage, language: str) -> Wording | None:
    """The wording that this reader gets: their own; else by the issue's fallback the source's, or none."""
    own = passage.wording(language)
    if own is not None and not lacking(passage.kind, own.fields):
        return own
    if issue.fallback is Fallback.OMIT and passage.kind is not PassageKind.OPENING:
        return None
    source = passage.wording(issue.source_language)
    others = [wording for wording in (source, *passage.wordings) if wording is not None]
    whole = (wording for wording in others if not lacking(passage.kind, wording.fields))
    # An opening that is not finished still heads the preview; a check keeps the issue from going out.
    return next(whole, (own or source) if passage.kind is PassageKind.OPENING else None)


def _entry(issue: Issue, passage: Passage, wording: Wording, reader: str) -> Entry:
    texts = {name: wording.fields.get(name, "") for name in FIELDS[passage.kind].all}
    body = clean(texts.pop("body", "")).strip()
    lines: dict[str, Any] = {
        name: safe_link(text) if name == "link" else clean_line(text) for name, text in texts.items()
    }
    picture = _image(passage.picture) if passage.picture else None
    entry = Entry(kind=passage.kind.value, language=wording.language, body=body, picture=picture, **lines)
    return _resource(issue, passage, entry, reader) if passage.kind is PassageKind.RESOURCE else entry


def _image(picture: Picture) -> Image:
    width = picture.small_width
    height = max(1, round(picture.height * width / picture.width))
    return Image(picture.small_file, picture.file, width, height)


def _resource(issue: Issue, passage: Passage, entry: Entry, reader: str) -> Entry:
    """`entry` with the document it leads to, and the same text's other languages where they have their own."""
    links = _links(issue, passage)
    document = entry.language if entry.language in links else next(iter(links), "")
    words = () if entry.language == reader and document else (entry.language,)
    return replace(
        entry,
        resource_kind=clean_line(passage.resource.kind) if passage.resource else "",
        document=document,
        link=links.get(document, ""),
        pills=tuple(dict.fromkeys((*words, document) if document else words)),
        versions=tuple(_versions(passage, links, document)),
    )


def _links(issue: Issue, passage: Passage) -> dict[str, str]:
    """Language to link of the documents there are, the source language's first."""
    ordered = sorted(passage.wordings, key=lambda wording: wording.language != issue.source_language)
    links = {wording.language: safe_link(wording.fields.get("link", "")) for wording in ordered}
    return {language: link for language, link in links.items() if link}


def _versions(passage: Passage, links: dict[str, str], document: str) -> Iterator[Version]:
    """The documents other than the one the card leads to; a link given twice is one document."""
    seen = {links.get(document, "")}
    for wording in passage.wordings:
        link = links.get(wording.language, "")
        if link and link not in seen:
            seen.add(link)
            yield Version(wording.language, clean_line(wording.fields.get("title", "")), link)
