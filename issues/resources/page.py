"""A web page as a proposal for a resource or a source: what its head says of itself. Pure; a person completes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree, html

from issues.resources.cleaning import link_of, summary_of, title_of
from issues.resources.found import entry_language

_MOST = 500_000
"""Bytes: a head stands at the beginning."""
_PARTS = (" | ", " - ", " – ", " — ", " · ", " « ", " : ")
"""What sites put between a title and their own name."""
_FEEDS = ("application/rss+xml", "application/atom+xml")
_MARKDOWN = str.maketrans({sign: f"\\{sign}" for sign in "\\*_[]"})


@dataclass(frozen=True)
class PageHead:
    """What a page says of itself; empty where it says nothing."""

    link: str
    title: str = ""
    summary: str = ""
    """Markdown."""
    language: str | None = None
    image: str = ""


def read(body: bytes, url: str, content_type: str = "") -> PageHead:
    """The head of the page at `url`. What is no HTML has nothing but its link."""
    if content_type and "html" not in content_type.lower():
        return PageHead(link_of(url))
    root = _parsed(body[:_MOST], content_type)
    if root is None:
        return PageHead(link_of(url))
    said = dict(_said(root))
    title = said.get("og:title") or said.get("title", "")
    return PageHead(
        link=_link(root, url),
        title=title_of(_without_site(title, said.get("og:site_name", ""))),
        summary=summary_of((said.get("og:description") or said.get("description", "")).translate(_MARKDOWN)),
        language=entry_language(root.get("lang")) or entry_language(said.get("og:locale")),
        image=link_of(said.get("og:image", ""), url),
    )


def source_of(body: bytes, url: str, content_type: str = "") -> str:
    """The address that resources can be read from, where the page at `url` names one: WordPress's own, else a feed."""
    root = _parsed(body[:_MOST], content_type) if "html" in content_type.lower() else None
    if root is None:
        return ""
    links = list(root.iterfind(".//link"))
    api = [_aimed(link, url) for link in links if link.get("rel") == "https://api.w.org/"]
    feeds = [_aimed(link, url) for link in links if (link.get("type") or "").lower() in _FEEDS]
    named = [f"{address.rstrip('/')}/wp/v2/posts" for address in api if address] + feeds
    return next((address for address in named if address.startswith(("http://", "https://"))), "")


def _aimed(link: html.HtmlElement, url: str) -> str:
    return link_of(link.get("href") or "", url)


def _parsed(body: bytes, content_type: str) -> html.HtmlElement | None:
    _, _, charset = content_type.lower().partition("charset=")
    for encoding in (charset.partition(";")[0].strip(" \"'") or None, None):
        try:
            return html.document_fromstring(body, parser=html.HTMLParser(encoding=encoding))
        except LookupError:  # an encoding that nobody knows: the page's own word for it is next
            continue
        except (etree.ParserError, ValueError):
            return None
    return None


def _said(root: html.HtmlElement) -> Iterator[tuple[str, str]]:
    """Names and values, the last of a name first, so that in a dict the first of a page counts."""
    for title in root.iterfind(".//head/title"):
        yield "title", " ".join(title.itertext())
    for meta in reversed(root.findall(".//meta")):
        name, value = meta.get("property") or meta.get("name"), meta.get("content")
        if name and value:
            yield name.strip().lower(), value


def _link(root: html.HtmlElement, url: str) -> str:
    """The address that the page wants to be known by, where that is a whole one of the same scheme of things."""
    for link in root.iterfind(".//head/link"):
        if "canonical" in (link.get("rel") or "").lower().split() and (address := _aimed(link, url)):
            return address if address.startswith(("http://", "https://")) else link_of(url)
    return link_of(url)


def _without_site(title: str, site: str) -> str:
    """`Bail, a guide | Example Network` without the name of the site behind it."""
    return next((title.removesuffix(part + site) for part in _PARTS if site and title.endswith(part + site)), title)
