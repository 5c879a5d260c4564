"""Links and titles that stand in the HTML and not in the plain text."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from issues.checks.inspected import Inspected, words_of
from issues.findings import Finding

NAME = "plain-text"


def check(edition: Inspected) -> Iterator[Finding]:
    """Each blocks: who reads the plain text would miss something."""
    text = " ".join(edition.rendered.text.split())
    for heading in edition.page.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        if (words := words_of(heading)) not in text:
            yield _finding(edition, f"the title “{words[:60]}”")
    for href in dict.fromkeys(str(link.get("href", "")) for link in edition.page.iter("a")):
        if not _is_in(href, text):
            yield _finding(edition, f"the link to {href[:80]}")


def _is_in(href: str, text: str) -> bool:
    """Phone numbers and mail addresses are written there as people write them."""
    if href.startswith("tel:"):
        return _digits(href) in _digits(text)
    if href.startswith("mailto:"):
        return unquote(href.removeprefix("mailto:").partition("?")[0]) in text
    return href.startswith("#") or href in text


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _finding(edition: Inspected, what: str) -> Finding:
    fix = "the mail's templates are at fault: whoever looks after them can mend it"
    where = edition.place("the plain text")
    return Finding(NAME, where, f"lacks {what}, which the HTML has", fix, blocks=True, language=edition.language)
