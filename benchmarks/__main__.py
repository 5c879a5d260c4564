"""`make bench`: run every benchmark and print the table that docs/performance.md keeps.

`python -m benchmarks messages workers` runs those alone.
"""

import json
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import choosing, finding, importing, leaving, memory, messages, pages, public, sending, workers

BENCHMARKS = {
    module.__name__.rpartition(".")[2]: module.measure
    for module in (messages, sending, memory, workers, leaving, importing, choosing, finding, pages, public)
}

wanted = sys.argv[1:] or list(BENCHMARKS)
if unknown := set(wanted) - set(BENCHMARKS):
    sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}: there are {', '.join(BENCHMARKS)}.")
table = Table("what", "ours", "peer", "ratio", title="Medians of several runs; the ratio is ours to the peer's speed")
figures = [figure for name in wanted for figure in BENCHMARKS[name]()]
for figure in figures:
    table.add_row(figure.what, figure.ours, figure.peer, f"{figure.ratio:.1f}")
Console().print(table)
print(json.dumps([figure._asdict() for figure in figures], indent=2))
