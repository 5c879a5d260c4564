"""What commands share: opening the newsletter, saying things, and JSON for programs."""

import getpass
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsletter import config, wiring
from newsletter.wiring import Newsletter

console = Console(highlight=False)

LARGEST_NUMBER = 2**31 - 1
"""Of a row: beyond it no database has any."""

AsJson = Annotated[bool, typer.Option("--json", help="For a program: JSON instead of a table.")]
By = Annotated[str, typer.Option(help="Who does this; it is kept with the change.", default_factory=getpass.getuser)]


@contextmanager
def opened() -> Iterator[Newsletter]:
    """The newsletter in the home that the settings name."""
    newsletter = wiring.build(config.load())
    try:
        yield newsletter
    finally:
        newsletter.close()


def say(sentence: str) -> None:
    """One sentence; what people wrote is never taken for markup."""
    console.print(sentence, markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """JSON on standard output, in UTF-8."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """A table, or a word that there is nothing in it."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")  # in a narrow terminal too, nothing is left out
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))  # what people wrote is never taken for markup
    if table.row_count:
        console.print(table)
    else:
        say("There are none.")
