"""The same link twice in one edition: a reader who follows it again wonders what was missed."""

from collections.abc import Iterator

from issues.checks.inspected import Inspected
from issues.findings import Finding

NAME = "twice"


def check(edition: Inspected) -> Iterator[Finding]:
    """Warns at each further place. A phone number may stand in many; another language's link is another link."""
    first: dict[str, str] = {}
    for where, link in edition.links:
        if link in first:
            yield _finding(edition, where, link, first[link])
        elif not link.lower().startswith("tel:"):
            first[link] = where


def _finding(edition: Inspected, where: str, link: str, first: str) -> Finding:
    place = "itself" if where == first else first.removesuffix(f" ({edition.language})")
    what = f"has the link `{link[:80]}`, which {place} has already"
    fix = "keep it where it helps most, or see whether another link was meant"
    return Finding(NAME, where, what, fix, blocks=False, language=edition.language)
