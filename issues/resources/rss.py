"""RSS 2.0 and Atom, by feedparser over bytes that we fetched ourselves."""

import calendar
import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import feedparser

from issues.errors import Unreadable
from issues.models import Source
from issues.resources.cleaning import link_of, summary_of_html, title_of_html, word_of
from issues.resources.fetching import host_of
from issues.resources.found import Collector, Fetch, Found, Parsed, Reading, entry_language, kind_among

ENTRIES = 1_000
"""Taken of one feed: the newest."""

_PARTS = 300_000
"""Tags that a feed may have: broken XML of more keeps the forgiving parser busy for minutes."""

_ROOT = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_ENTITY = re.compile(rb"<!\s*ENTITY", re.IGNORECASE)


def read(source: Source, fetch: Fetch) -> Reading:
    """The feed, or nothing where it says that it is unchanged since the last visit."""
    fetched = fetch(source.url, etag=source.etag, last_modified=source.last_modified)
    if fetched.unchanged:
        return Reading(Parsed(), source.etag, source.last_modified)
    parsed = parse(fetched.body, fetched.url, source.language, fetched.headers.get("content-type", ""))
    return Reading(parsed, fetched.etag, fetched.last_modified)


def parse(body: bytes, url: str, language: str | None, content_type: str = "") -> Parsed:
    """A feed's entries. `language` is for those that name none, nor the feed. Raises Unreadable for what is no feed."""
    host = host_of(url)
    _check(body.replace(b"\0", b""), host)  # without NULs, UTF-16 looks like ASCII
    feed = _feed(body, content_type, host)
    collector = Collector()
    for doubt in _doubts(feed, host):
        collector.fault(doubt)
    said = entry_language(dict.get(feed.feed, "language"), language)
    for number, entry in enumerate(_newest(feed.entries, collector, host), 1):
        with collector.entry(f"Entry {number} of {host}") as take:
            take(_found(entry, url, said))
    return collector.parsed


def _check(body: bytes, host: str) -> None:
    """What is refused before any parser meets it."""
    if not _ROOT.search(body[:10_000]):
        raise Unreadable(f"{host} did not answer with a feed (RSS or Atom); look for the feed's own address.")
    if _ENTITY.search(body):
        raise Unreadable(f"The feed of {host} declares entities of its own, which is never read: they can be a bomb.")
    if body.count(b"<") > _PARTS:
        raise Unreadable(f"The feed of {host} has more than {_PARTS:,} tags; ask its owner for a shorter one.")


def _feed(body: bytes, content_type: str, host: str) -> Any:
    try:
        # Wrapped, as bytes would be tried as a file name first. Cleaning and links are ours, for every source alike.
        feed = feedparser.parse(
            BytesIO(body),
            response_headers={"content-type": content_type},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # noqa: BLE001 - it raises whatever its many parsers raise on hostile bytes
        raise Unreadable(f"The feed of {host} could not be read; ask its owner to check it.") from None
    if not feed.get("version") or (_doubts(feed, host) and not feed.entries):
        raise Unreadable(f"{host} answered with no feed that can be read (RSS or Atom); ask its owner to check it.")
    return feed


def _doubts(feed: Any, host: str) -> list[str]:
    """feedparser reads on after most faults and says which was the first."""
    fault = feed.get("bozo_exception")
    if fault is None or isinstance(fault, feedparser.NonXMLContentType):
        return []
    if isinstance(fault, feedparser.CharacterEncodingOverride):
        return [f"The feed of {host} is not in the encoding it names; read as {feed.encoding}."]
    return [f"The feed of {host} is broken in places; {len(feed.entries):,} entries could be read."]


def _newest(entries: list[Any], collector: Collector, host: str) -> list[Any]:
    if len(entries) <= ENTRIES:
        return entries
    collector.fault(f"{host} has {len(entries):,} entries; the newest {ENTRIES:,} were taken.")
    return sorted(entries, key=lambda entry: tuple(_stamp(entry) or ()), reverse=True)[:ENTRIES]


def _found(entry: Any, url: str, language: str | None) -> Found:
    link = link_of(_text(entry, "link"), url)
    guid = word_of(_text(entry, "id") or link)
    if not guid:
        raise Unreadable("it has neither a guid nor a link.")
    image, alt = _picture(entry, link or url)
    return Found(
        guid=guid,
        language=_language(entry, language),
        kind=kind_among([str(dict.get(tag, "term") or "") for tag in dict.get(entry, "tags") or []]),
        title=title_of_html(_text(entry, "title")),
        summary=summary_of_html(_summary(entry), link or url),
        link=link,
        image=image,
        alt=alt,
        published=_time(_stamp(entry)),
        modified=_time(dict.get(entry, "updated_parsed")),
    )


def _text(entry: Any, key: str) -> str:
    """`dict.get`, as feedparser's own look-up answers with other keys' values."""
    return str(dict.get(entry, key) or "")


def _summary(entry: Any) -> str:
    contents = dict.get(entry, "content") or []
    return _text(entry, "summary") or (_text(contents[0], "value") if contents else "")


def _language(entry: Any, otherwise: str | None) -> str | None:
    """`xml:lang` as it is inherited to the entry's texts, else `dc:language`."""
    details = [dict.get(entry, key) or {} for key in ("title_detail", "summary_detail")]
    tags = [dict.get(detail, "language") for detail in details] + [dict.get(entry, "language")]
    return next((found for found in map(entry_language, tags) if found), otherwise)


def _picture(entry: Any, base: str) -> tuple[str, str]:
    """A thumbnail, or an enclosed or linked picture. Feeds say no alternative text."""
    places = [*(dict.get(entry, "media_thumbnail") or []), *(dict.get(entry, "media_content") or [])]
    places += [link for link in dict.get(entry, "links") or [] if dict.get(link, "rel") == "enclosure"]
    for place in places:
        kind = str(dict.get(place, "type") or dict.get(place, "medium") or "image")
        if kind.startswith("image"):
            return link_of(str(dict.get(place, "url") or dict.get(place, "href") or ""), base), ""
    return "", ""


def _stamp(entry: Any) -> Any:
    return dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")


def _time(parts: Any) -> datetime | None:
    return datetime.fromtimestamp(calendar.timegm(parts), UTC) if parts else None
