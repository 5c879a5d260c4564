"""Headings that skip a level, or a page without its one main heading: screen readers walk by them."""

from collections.abc import Iterator

from issues.checks.inspected import Inspected, words_of
from issues.findings import Finding

NAME = "heading-order"


def check(edition: Inspected) -> Iterator[Finding]:
    """Warnings only: the mail can still be read."""
    before = 0
    for heading in edition.page.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        level, words = int(str(heading.tag)[1]), words_of(heading)
        where = edition.titled(words) or edition.place(f"the heading “{words[:60]}”")
        if not words:
            yield _finding(edition, where, "has a heading without words", "give it a title")
        if level > before + 1:
            what = f"has a heading of level {level} behind level {before}"
            yield _finding(edition, where, what, "put a section heading above it")
        if level == 1 and before:
            yield _finding(edition, where, "has a second main heading", "keep one: the opening's title")
        before = level
    if not before:
        yield _finding(edition, edition.place("the edition"), "has no heading", "give the opening a title")


def _finding(edition: Inspected, where: str, what: str, fix: str) -> Finding:
    return Finding(NAME, where, what, fix, blocks=False, language=edition.language)
