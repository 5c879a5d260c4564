"""Cells that a spreadsheet would run: our export puts an apostrophe before them, and our import takes it off again.

A spreadsheet of a country with decimal commas parts cells at semicolons, quotation marks or not: behind one, and behind
a line break, a cell may begin as well.
"""

import re

_SIGNS = "=+-@\t\r\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}"
_RUNS = f"'*[{re.escape(_SIGNS)}]"
_BEGINS = re.compile(f"(^|[;\t\r\n])(?={_RUNS})")
_BEGINS_GUARDED = re.compile(f"(^|[;\t\r\n])'(?={_RUNS})")
_FIRST = ("'", *_SIGNS)
_PARTS = re.compile("[;\t\r\n]")


def guarded(cell: str) -> str:
    """The cell so that no spreadsheet runs it; one that looks guarded is guarded once more, so that `bare` is exact."""
    return _BEGINS.sub(r"\1'", cell) if _may_run(cell) else cell


def bare(cell: str) -> str:
    """What `guarded` was given."""
    return _BEGINS_GUARDED.sub(r"\1", cell) if _may_run(cell) else cell


def _may_run(cell: str) -> bool:
    """A quick look: nearly no cell does."""
    return cell.startswith(_FIRST) or _PARTS.search(cell) is not None
