"""A link of which nobody knows whether it works: it could not be tried, or was not tried yet."""

from collections.abc import Iterator

from issues.checks.dead_link import is_gone
from issues.checks.inspected import Inspected
from issues.checks.links import NO_ANSWER, REFUSED, target
from issues.findings import Finding

NAME = "unchecked-link"

_WHY = {NO_ANSWER: "there was no answer", REFUSED: "its address is one that is never fetched"}


def check(edition: Inspected) -> Iterator[Finding]:
    """Warns; silent about untried links where none was ever tried."""
    untried = set()
    for where, link in edition.links:
        if url := target(link):
            answer = edition.answers.get(url)
            if answer is None:
                untried.add(url)
            elif not answer.status.startswith("2") and not is_gone(answer.status):
                why = _WHY.get(answer.status, f"it answered {answer.status}")
                what = f"has the link `{link[:80]}`, which could not be checked: {why}"
                yield _finding(edition, where, what, "open it yourself; where it works, all is well")
    if untried and edition.answers:
        count = f"{len(untried)} links that were" if len(untried) > 1 else "a link that was"
        yield _finding(edition, f"the {edition.language} edition", f"has {count} not tried yet", "try the links again")


def _finding(edition: Inspected, where: str, what: str, fix: str) -> Finding:
    return Finding(NAME, where, what, fix, blocks=False, language=edition.language)
