"""`make bench`: run every benchmark and print the table that docs/performance.md keeps."""

import json

from rich.console import Console
from rich.table import Table

from benchmarks import messages, pages, sending

table = Table("what", "ours", "peer", "ratio", title="Medians of five runs; the ratio is ours to the peer's speed")
figures = [*messages.measure(), *sending.measure(), *pages.measure()]
for figure in figures:
    table.add_row(figure.what, figure.ours, figure.peer, f"{figure.ratio:.1f}")
Console().print(table)
print(json.dumps([figure._asdict() for figure in figures], indent=2))
