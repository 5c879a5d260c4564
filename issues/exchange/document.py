"""The issue file as values: what reading gives and writing takes."""

from dataclasses import dataclass, field

from issues.history import Frame
from issues.models import PassageKind

LARGEST = 2_000_000
"""Bytes of a file; an issue of a hundred texts in four languages has a tenth of that."""

MOST_PASSAGES = 200

END = "# end"
STATES = ("missing", "draft", "stale", "approved")
STANDING = "every month"


@dataclass(frozen=True)
class Cell:
    """A passage in one language."""

    state: str
    """One of STATES; empty where the file says nothing of it."""
    fields: dict[str, str]
    """Tidied; empty ones are left out."""
    line: int = 0


@dataclass(frozen=True)
class Block:
    """A passage."""

    kind: PassageKind
    key: str
    every_month: bool = False
    cells: dict[str, Cell] = field(default_factory=dict)
    """By language; those that the file gives."""
    line: int = 0
    picture: str = ""
    """The name of the one it has."""


@dataclass(frozen=True)
class Document:
    """A whole file."""

    slug: str
    revision: int
    frame: Frame
    blocks: dict[str, Block]
    """By key, in their order."""
    lines: dict[str, int] = field(default_factory=dict)
    """Where each line of the header stands, by its name."""
