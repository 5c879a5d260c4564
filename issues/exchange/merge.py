"""What one apply knows, and the questions that both of its halves ask."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from issues import history
from issues.exchange.document import Block, Document
from issues.matrix import fields_digest
from issues.models import Edit, Issue, Passage
from issues.texts import tidy


@dataclass
class Applied:
    """What became of a file."""

    changes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What would have lost somebody's later edit, or is not complete: the issue was left as it is."""
    notes: list[str] = field(default_factory=list)
    """What else is good to know: what the file does not give, what turned stale."""


@dataclass(frozen=True)
class Merge:
    """One file on its way into one issue."""

    session: Session
    issue: Issue
    document: Document
    by: str
    now: datetime
    small_edit: bool
    said: Applied = field(default_factory=Applied)
    added: set[str] = field(default_factory=set)
    """The keys of passages that this file adds."""

    def base_fields(self, passage: Passage, language: str) -> dict[str, str]:
        """What the passage said when the file was exported."""
        wording = passage.wording(language)
        if wording and wording.revision <= self.document.revision:
            return tidy(passage.kind, wording.fields)
        return self.fields_then(passage.key, language)

    def fields_then(self, key: str, language: str) -> dict[str, str]:
        """The same from the history alone: the passage may be gone."""
        return history.fields_at(self.session, self.issue, key, language, self.document.revision)

    def made_from(self, passage: Passage, block: Block) -> str | None:
        """The digest of the source text that the file's author had before them; nothing where it was empty."""
        source = self.issue.source_language
        fields = block.cells[source].fields if source in block.cells else self.base_fields(passage, source)
        return fields_digest(fields) if fields else None

    def last_change(self, key: str, language: str) -> str:
        """Who changed a text last, and when."""
        return signed(history.history(self.session, self.issue, key, language)[-1:])


def signed(edits: list[Edit]) -> str:
    """`by Ana on 2021-11-03`: the last of `edits`."""
    return f"by {edits[-1].by} on {edits[-1].at:%Y-%m-%d}" if edits else "by somebody"
