"""Links that lead nowhere from a mail: without http(s), mailto or tel, or without an address."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from issues.checks.inspected import Inspected
from issues.checks.links import leads_somewhere
from issues.findings import Finding
from issues.models import Passage, PassageKind
from issues.wordings import called

NAME = "link-address"

_IN_MARKDOWN = re.compile(r"\]\(\s*<?([^)\s>]*)")
_FRAME = "[[unsubscribe_url]]"


def check(edition: Inspected) -> Iterator[Finding]:
    """Each blocks, but for a resource that has no link at all: that may be meant."""
    said: set[str] = set()
    for where, name, text in edition.texts():
        links = _IN_MARKDOWN.findall(text) if name == "body" else [text] if name == "link" and text.strip() else []
        for link in links:
            if not leads_somewhere(link):
                said.add(link)
                yield _finding(edition, where, _what(link))
    for passage in edition.issue.passages:
        yield from _without_link(edition, passage)
    for href in dict.fromkeys(str(link.get("href")) for link in edition.page.iter("a") if "href" in link.attrib):
        fine = href == _FRAME or href.startswith("#") or leads_somewhere(href)
        if not fine and unquote(href) not in said:
            yield _finding(edition, edition.place("the HTML"), _what(href))


def _without_link(edition: Inspected, passage: Passage) -> Iterator[Finding]:
    where = edition.place(called(passage.kind, passage.key))
    wording = passage.wording(edition.language)
    if wording and wording.fields.get("label", "").strip() and not wording.fields.get("link", "").strip():
        yield _finding(edition, where, "has a label and no link")
    if passage.kind is PassageKind.RESOURCE and not any(w.fields.get("link", "").strip() for w in passage.wordings):
        yield _finding(edition, where, "has no link in any language", blocks=False)


def _what(link: str) -> str:
    return f"has the link `{link[:80]}`, which leads nowhere from a mail" if link else "has an empty link"


def _finding(edition: Inspected, where: str, what: str, *, blocks: bool = True) -> Finding:
    fix = "write the whole address, like https://example.org/page, mailto:... or tel:..."
    return Finding(NAME, where, what, fix, blocks=blocks, language=edition.language)
