"""How the story is told in the terminal: one line for each step."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False)


@contextmanager
def step(title: str) -> Iterator[list[str]]:
    """One line of the story; what is put into the list is told beside it."""
    told: list[str] = []
    with console.status(title):
        yield told
    first, *more = [*told, ""]
    console.print(f"[green]✓[/] {title}" + (f": {first}" if first else ""), soft_wrap=True)
    for line in filter(None, more):
        console.print(f"    {line}", markup=False, soft_wrap=True)
