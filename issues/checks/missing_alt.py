"""A picture without words: who does not see it, or whose mail program hides it at first, gets nothing in its place."""

from collections.abc import Iterator

from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.matrix import incomplete
from issues.wordings import called

NAME = "missing-alt"


def check(edition: Inspected) -> Iterator[Finding]:
    """Each blocks, in the language that the words are missing in (WCAG 2.2, success criterion 1.1.1)."""
    for passage in edition.issue.passages:
        wording = passage.wording(edition.language)
        if wording and incomplete(passage, wording.fields) == ["alt"]:
            yield Finding(
                NAME,
                edition.place(called(passage.kind, passage.key)),
                "has a picture, and nothing says what it shows",
                "say it in a sentence, for those who do not see it, or waive this check if it is mere ornament",
                blocks=True,
                language=edition.language,
            )
