"""Cells that a spreadsheet would run: our export puts an apostrophe before them, and our import takes it off again."""

_RUNS = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """The cell so that no spreadsheet runs it; one that looks guarded is guarded once more, so that `bare` is exact."""
    return f"'{cell}" if _runs(cell) else cell


def bare(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _runs(cell) else cell


def _runs(cell: str) -> bool:
    return cell.lstrip("'").startswith(_RUNS)
