"""What a check says. Checks on editions and on finished messages (`newsletter/preflight`) both say it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing to mend: what, where, how; whether it keeps the issue from going out."""

    check: str
    """The check's name, as `--waive` takes it: `missing-text`."""
    where: str
    """The place in the author's words: `resource 7 (vi)`."""
    what: str
    fix: str
    blocks: bool
    language: str = ""
    """The edition it stands in; empty where it concerns all."""
