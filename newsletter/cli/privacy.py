"""`newsletter privacy ...`"""

from dataclasses import asdict
from itertools import groupby

import typer

from newsletter import config, holdings
from newsletter.cli.terminal import AsJson, print_json, print_table, say
from newsletter.holdings import Holding, Line

app = typer.Typer(no_args_is_help=True, help="What is held about people, for them and for a lawyer.")


@app.command()
def report(json: AsJson = False) -> None:
    """Every field that is held about people: what it is, in which form, why, and until when. It names nobody."""
    held = holdings.report(config.load())
    if json:
        print_json(
            {"held": [asdict(each) for each in held], "not_held": holdings.NOT_HELD, "outside": holdings.OUTSIDE}
        )
        return
    for about, tables_about in groupby(held, lambda each: each.about):
        say(f"{about}\n{'=' * len(about)}\n")
        for each in tables_about:
            rows = (_row(line, each) for line in each.lines)
            print_table(("what", "how", "why", "field"), rows, title=f"{each.title}. Until when: {each.until}.")
            say("")
    say(f"Not held: {holdings.NOT_HELD}\n\nBeyond this program:")
    for sentence in holdings.OUTSIDE:
        say(f"- {sentence}")


def _row(line: Line, held: Holding) -> tuple[str, ...]:
    why = line.why if line.until == held.until else f"{line.why} (until: {line.until})"
    return line.what, line.how, why, line.column
