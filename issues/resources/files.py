"""Resources in a JSON or CSV file, at an address or on this machine's disk."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from issues.errors import FetchFailed, Unreadable
from issues.languages import normal
from issues.models import Source
from issues.resources.cleaning import kind_of, link_of, summary_of, title_of, word_of
from issues.resources.fetching import LIMIT, Fetched, host_of
from issues.resources.found import OTHER_KIND, Collector, Fetch, Found, Parsed, Reading, instant

COLUMNS = ("key", "language", "kind", "title", "summary", "link", "published")
"""What a CSV file's first line names; the order is free."""

_NEEDED = {"language", "title", "link"}
_OTHER_NAMES = {"excerpt": "summary", "same_text_as": "key", "number": "guid", "id": "guid"}
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def read(source: Source, fetch: Fetch) -> Reading:
    """The file's entries, or nothing where its server says that it is unchanged since the last visit."""
    if not is_remote(source.url):
        return Reading(parse(from_disk(source.url).body, source.url, source.language))
    fetched = fetch(source.url, etag=source.etag, last_modified=source.last_modified)
    if fetched.unchanged:
        return Reading(Parsed(), source.etag, source.last_modified)
    return Reading(parse(fetched.body, fetched.url, source.language), fetched.etag, fetched.last_modified)


def is_remote(url: str) -> bool:
    """Whether this is an address, not a path on this machine."""
    return "://" in url


def from_disk(path: str) -> Fetched:
    """A file of this machine as if it had been fetched. Raises FetchFailed."""
    try:
        with Path(path).open("rb") as file:
            body = file.read(LIMIT + 1)
    except (OSError, ValueError):
        raise FetchFailed(f"{Path(path).name} could not be opened; look at the path and its rights.") from None
    if len(body) > LIMIT:
        raise FetchFailed(f"{Path(path).name} has more than {LIMIT:,} bytes; split it.")
    return Fetched(path, body, {})


def parse(body: bytes, url: str, language: str | None) -> Parsed:
    """JSON (a list of objects) or CSV. `language` is for entries that name none. Raises Unreadable."""
    name = _name(url)
    text = _decoded(body, name)
    collector = Collector()
    rows = _json_rows(text, name) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text, name)
    for place, row in rows:
        with collector.entry(f"{place} of {name}") as take:
            take(_found(row, url, language))
    return collector.parsed


def _name(url: str) -> str:
    return host_of(url) if is_remote(url) else Path(url).name


def _decoded(body: bytes, name: str) -> str:
    mark, encoding = next(((mark, how) for mark, how in _BOMS if body.startswith(mark)), (b"", "utf-8"))
    try:
        text = body[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise Unreadable(f"{name} is not UTF-8 (line {line}); save it as UTF-8 and try again.") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise Unreadable(f"{name} holds a NUL character (line {line}); save it as plain UTF-8 text and try again.")
    return text


def _json_rows(text: str, name: str) -> list[tuple[str, Any]]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"{name} is no JSON from line {error.lineno} on; check it there.") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or brackets as deep
        raise Unreadable(f"{name} is no JSON that a list of resources would be.") from None
    if not isinstance(rows, list):
        raise Unreadable(f"{name} is no list; write the resources as [{{...}}, {{...}}].")
    return [(f"Entry {number}", row) for number, row in enumerate(rows, 1)]


def _csv_rows(text: str, name: str) -> list[tuple[str, Any]]:
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)  # what spreadsheets write differs by country
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [column.strip().lower() for column in next(reader, [])]
        _check_columns(columns, name)
        return [(f"Line {reader.line_num}", _row(columns, cells)) for cells in reader if any(cells)]
    except csv.Error:
        raise Unreadable(f"{name} is no CSV from line {reader.line_num} on; look for a quote left open.") from None


def _check_columns(columns: list[str], name: str) -> None:
    lacking = _NEEDED - set(columns)
    unknown = [column for column in columns if column not in COLUMNS]
    if lacking or unknown or len(set(columns)) < len(columns):
        raise Unreadable(f"The first line of {name} must name the columns {', '.join(COLUMNS)}, each once.")


def _row(columns: list[str], cells: list[str]) -> dict[str, str] | None:
    return dict(zip(columns, cells, strict=True)) if len(cells) == len(columns) else None


def _found(row: Any, url: str, language: str | None) -> Found:
    if not isinstance(row, Mapping):
        raise Unreadable("it has not one value for each name.")
    values = {_OTHER_NAMES.get(str(name), str(name)): _text(value) for name, value in row.items()}
    tongue = _language(values.get("language", ""))
    key, link = word_of(values.get("key", "")), link_of(values.get("link", ""), url)
    image = link_of(values.get("image", ""), url)
    return Found(
        guid=_guid(values, key, tongue, link),
        language=tongue or language,
        kind=kind_of(values.get("kind", "")) or OTHER_KIND,
        title=title_of(values.get("title", "")),
        summary=summary_of(values.get("summary", "")),
        link=link,
        image=image,
        alt=title_of(values.get("alt", "")) if image else "",
        published=_time(values.get("published", "")),
        pair_key=key or None,
    )


def _language(tag: str) -> str | None:
    try:
        return normal(tag) if tag.strip() else None
    except ValueError:
        raise Unreadable("its language is no tag; write it like en, vi or pt-br.") from None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (str, int, float)):
        return str(value)
    raise Unreadable("a value is neither text nor number.")


def _guid(values: Mapping[str, str], key: str, language: str | None, link: str) -> str:
    guid = word_of(values.get("guid", "") or (f"{key}/{language or ''}" if key else link))
    if not guid:
        raise Unreadable("it has neither a key nor a link to know it by next time.")
    return guid


def _time(text: str) -> datetime | None:
    try:
        return instant(text)
    except ValueError:
        raise Unreadable("its date is not like 2021-11-30.") from None
