"""A passage that is not written in this language, or not completely."""

from collections.abc import Iterator

from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.matrix import CellState, cell_state, lacking
from issues.wordings import called

NAME = "missing-text"


def check(edition: Inspected) -> Iterator[Finding]:
    """One finding per passage; it blocks, since readers of this language get another one or nothing."""
    for passage in edition.issue.passages:
        if cell_state(passage, edition.language) is CellState.MISSING:
            wording = passage.wording(edition.language)
            lacks = " and ".join(lacking(passage.kind, wording.fields)) if wording else "text"
            yield Finding(
                NAME,
                edition.place(called(passage.kind, passage.key)),
                f"has no {lacks}",
                "write it in the issue file and apply it, or waive this check",
                blocks=True,
                language=edition.language,
            )
