"""A passage that is not written in this language, or not completely."""

from collections.abc import Iterator

from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.matrix import lacking
from issues.wordings import called

NAME = "missing-text"


def check(edition: Inspected) -> Iterator[Finding]:
    """One finding per passage; it blocks, since readers of this language get another one or nothing."""
    for passage in edition.issue.passages:
        wording = passage.wording(edition.language)
        lacks = lacking(passage.kind, wording.fields) if wording else ["text"]
        if lacks:
            yield Finding(
                NAME,
                edition.place(called(passage.kind, passage.key)),
                f"has no {' and '.join(lacks)}",
                "write it, or waive this check",
                blocks=True,
                language=edition.language,
            )
