"""A link whose page may be gone, as it answered when it was last tried."""

from collections.abc import Iterator

from issues.checks.inspected import Inspected
from issues.checks.links import UNKNOWN_HOST, target
from issues.findings import Finding

NAME = "dead-link"

_GONE = {"404": "it answered 404", "410": "it answered 410", UNKNOWN_HOST: "nobody knew its host"}


def is_gone(status: str) -> bool:
    """Whether an answer says that there is nothing any more."""
    return status in _GONE


def check(edition: Inspected) -> Iterator[Finding]:
    """Warns, and never blocks: a server may be wrong for an hour."""
    for where, link in edition.links:
        answer = edition.answers.get(target(link))
        if answer and is_gone(answer.status):
            day = f"{answer.tried_at:%B} {answer.tried_at.day}"
            yield Finding(
                NAME,
                where,
                f"has the link `{link[:80]}`, which may be gone: {_GONE[answer.status]} on {day}",
                "open it; write the address it has now, or leave it out",
                blocks=False,
                language=edition.language,
            )
