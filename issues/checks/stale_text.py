"""A translation whose source text has changed since."""

from collections.abc import Iterator

from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.matrix import CellState, cell_state
from issues.wordings import called

NAME = "stale-text"


def check(edition: Inspected) -> Iterator[Finding]:
    """One finding per passage; it blocks, since it may say what is no longer so."""
    for passage in edition.issue.passages:
        if cell_state(passage, edition.language) is CellState.STALE:
            yield Finding(
                NAME,
                edition.place(called(passage.kind, passage.key)),
                f"may no longer say what the {edition.issue.source_language} text says, which has changed",
                "bring it up to date, or approve it if it is still true, or waive this check",
                blocks=True,
                language=edition.language,
            )
