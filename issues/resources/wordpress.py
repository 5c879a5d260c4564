"""WordPress by its REST API, version 2: posts in pages, their terms, and their languages by Polylang or WPML."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from issues.errors import IssueError, Unreadable
from issues.models import Source
from issues.resources.cleaning import link_of, summary_of_html, title_of_html
from issues.resources.fetching import host_of
from issues.resources.found import (
    OTHER_KIND,
    Collector,
    Fetch,
    Found,
    Parsed,
    Reading,
    entry_language,
    instant,
    kind_among,
)

POSTS = "wp-json/wp/v2/posts"
PAGES = 20
"""Of a hundred posts each."""

# A site may read `modified_after` in its own zone: a day covers every zone's distance from UTC.
_OVERLAP = timedelta(days=1)
_FIELDS = (
    "id,date_gmt,modified_gmt,link,title,excerpt,class_list,lang,language,locale,translations,"
    "wpml_current_locale,wpml_translations,_links.wp:term,_links.wp:featuredmedia,_embedded"
)
_LANGUAGE_FIELDS = ("lang", "language", "locale", "wpml_current_locale")


def read(source: Source, fetch: Fetch) -> Reading:
    """All pages of a site's posts that changed since the last visit, newest first.

    Where a later page fails, what came before it counts, and the next visit asks for the same again.
    """
    parsed = Parsed()
    pages, number, whole = 1, 1, True
    while number <= min(pages, PAGES):
        try:
            page, pages = _page(source, fetch, number)
        except IssueError as error:
            if number == 1:
                raise
            parsed.faults.append(f"From page {number} on nothing was read: {error}")
            whole = False
            break
        parsed.entries.extend(page.entries)
        parsed.faults.extend(page.faults)
        number += 1
    if pages > PAGES:
        parsed.faults.append(f"{host_of(source.url)} has more posts: the {PAGES * 100:,} changed last were taken.")
    return Reading(parsed, modified_until=_newest(source, parsed) if whole else source.modified_until)


def posts_url(url: str, page: int, modified_after: datetime | None) -> str:
    """The address of one page of posts; `url` is a site's, or already one of its REST addresses."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    path = parts.path
    if not ("/wp-json/" in path or "rest_route" in query or path.endswith(".json")):
        path = f"{path.rstrip('/')}/{POSTS}"
    query |= {"per_page": "100", "page": str(page), "orderby": "modified", "order": "desc"}
    query |= {"_embed": "wp:term,wp:featuredmedia", "_fields": _FIELDS}
    if modified_after:
        query["modified_after"] = (modified_after - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%S")
    return urlunsplit(parts._replace(path=path, query=urlencode(query), fragment=""))


def parse(body: bytes, url: str, language: str | None) -> Parsed:
    """One page of posts. `language` is for those that name none. Raises Unreadable for what is no list of posts."""
    collector = Collector()
    for post in _posts(body, host_of(url)):
        name = f"Post {post.get('id', 'without number')}" if isinstance(post, dict) else "A post"
        with collector.entry(name) as take:
            if not _is_hidden(post):
                take(_found(post, url, language))
    return collector.parsed


def _page(source: Source, fetch: Fetch, number: int) -> tuple[Parsed, int]:
    fetched = fetch(posts_url(source.url, number, source.modified_until))
    pages = fetched.headers.get("x-wp-totalpages", "1")
    return parse(fetched.body, fetched.url, source.language), int(pages[:6]) if pages.isdecimal() else 1


def _newest(source: Source, parsed: Parsed) -> datetime | None:
    times = [entry.modified for entry in parsed.entries if entry.modified]
    return max([*times, *([source.modified_until] if source.modified_until else [])], default=None)


def _posts(body: bytes, host: str) -> list[Any]:
    try:
        posts = json.loads(body)
    except (ValueError, RecursionError):
        said = "a web page" if body.lstrip()[:1] == b"<" else "no JSON"
        raise Unreadable(
            f"{host} answered with {said} instead of WordPress posts; look whether its REST API is open."
        ) from None
    if not isinstance(posts, list):
        raise Unreadable(f"{host} answered with something else than a list of WordPress posts; look at the address.")
    return posts


def _is_hidden(post: Mapping[str, Any]) -> bool:
    return any(bool(_map(post.get(part)).get("protected")) for part in ("excerpt", "content"))


def _found(post: Mapping[str, Any], url: str, language: str | None) -> Found:
    number = int(post["id"])
    link = link_of(str(post.get("link") or ""), url)
    translations = _translations(post)
    members = sorted({number, *translations.values()})
    found = Found(
        guid=str(number),
        language=_language(post, number, translations) or language,
        kind=_kind(post),
        title=title_of_html(_rendered(post.get("title"))),
        summary=summary_of_html(_rendered(post.get("excerpt")), link or url),
        link=link,
        published=_time(post.get("date_gmt")),
        modified=_time(post.get("modified_gmt")),
        pair_key=str(members[0]) if len(members) > 1 else None,
        same_as=tuple(str(member) for member in members if member != number),
    )
    image, alt = _picture(post, url)
    return replace(found, image=image, alt=alt)


def _rendered(value: Any) -> str:
    text = value.get("rendered") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""


def _time(value: Any) -> datetime | None:
    """A post never published has the date 0000-00-00."""
    return None if str(value).startswith("0000") else instant(value)


def _language(post: Mapping[str, Any], number: int, translations: Mapping[str, int]) -> str | None:
    for name in _LANGUAGE_FIELDS:
        value = post.get(name)
        tag = value if isinstance(value, str) else _map(value).get("code") or _map(value).get("slug")
        if language := entry_language(tag):
            return language
    return next((entry_language(tag) for tag, member in translations.items() if member == number), None)


def _translations(post: Mapping[str, Any]) -> dict[str, int]:
    """Language to post number: Polylang's map, or WPML's list of {locale, id}."""
    pairs: list[tuple[Any, Any]] = list(_map(post.get("translations")).items())
    pairs += [(_map(one).get("locale"), _map(one).get("id")) for one in _list(post.get("wpml_translations"))]
    return {str(tag): int(number) for tag, number in pairs if tag and number}


def _kind(post: Mapping[str, Any]) -> str:
    """By the categories that are embedded, else by those that the theme's class names tell."""
    groups = _list(_map(post.get("_embedded")).get("wp:term"))
    slugs = [str(_map(term).get("slug", "")) for group in groups for term in _list(group)]
    classes = [str(name).removeprefix("category-") for name in _list(post.get("class_list"))]
    return kind_among(slugs) if kind_among(slugs) != OTHER_KIND else kind_among(classes)


def _picture(post: Mapping[str, Any], url: str) -> tuple[str, str]:
    media = _list(_map(post.get("_embedded")).get("wp:featuredmedia"))
    first = _map(media[0]) if media else {}
    image = link_of(str(first.get("source_url") or ""), url)
    return image, title_of_html(str(first.get("alt_text") or "")) if image else ""


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    """PHP writes a list with gaps as an object."""
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
