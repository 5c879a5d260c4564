"""How it is said why a column is there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Reason(NamedTuple):
    """What a column says, why, and until when where that differs from its table."""

    what: str
    why: str
    until: str = ""


@dataclass(frozen=True)
class Kind:
    """A table about people. Times in braces are filled in by `holdings`."""

    about: str
    title: str
    until: str
    columns: Mapping[str, Reason] = field(repr=False)


READERS, SENDING, DESK = "Readers", "Mailings", "People who work here"

TELL_APART = Reason("a number of ours", "to tell rows apart")
HASH = Reason("the address, as a mark that cannot be read back", "to find the person by their address, and to know it")
BY = Reason("the name of who did it", "so that colleagues can ask them")
