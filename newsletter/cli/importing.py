"""`newsletter subscribers import ...` and `newsletter subscribers imports ...`"""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from newsletter.cli.terminal import AsJson, console, opened, print_json, print_table, say
from newsletter.wiring import Newsletter, utc_now
from subscribers import importing
from subscribers.consent import Wording
from subscribers.errors import SubscriberError
from subscribers.importing import Agreed, Columns, Standing
from subscribers.models import Import, ImportState

app = typer.Typer(no_args_is_help=True, help="What was imported: go on with it, take it back.")

Number = Annotated[int, typer.Argument(help="As `subscribers imports list` shows it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before people are put on the list.")]

ROLES = {"address": "address", "name": "name", "languages": "languages", "day": "agreed_on", "standing": "standings"}
"""What `--map` says of a column, and what that is called in `Columns`."""
OUTCOMES = {
    "added": "added",
    "there": "on the list already",
    "twice": "in the file once more",
    "away": "left or bounced here before: they stay away",
    "unconfirmed": "never confirmed there: not taken",
    "left": "had left there: never written to",
    "bounced": "had bounced there: never written to",
    "complained": "had complained there: never written to",
    importing.OFF: "of these were on the list: taken off it",
    "refused": "could not be read",
}


def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, or Mailchimp's ZIP.")],
    consent: Annotated[str, typer.Option(help="What these people agreed to, and where: it is kept as proof.")],
    consent_language: Annotated[str, typer.Option(help="The language of that wording.")] = "en",
    agreed_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day, where the file names none; else today.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--map", help="ROLE=COLUMN, for address, name (several), languages, day, standing (several)."),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(help="WORD=subscribed, unconfirmed, left, bounced or complained: a word of the file."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Where it is not found out: cp1252, cp1258, cp1256.")] = "",
    group: Annotated[int, typer.Option(help="Put everybody into this group.")] = 0,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Import people: looked at first, then put on the list. Who left stays away; bad lines are listed by number."""
    with opened() as newsletter:
        tools = newsletter.import_tools
        with file.open("rb") as content:
            number = importing.keep(tools, content, file.name)
        try:
            found = importing.outline(tools, number, encoding=encoding)
            columns = _columns(found, column or [], status or [])
            if not json and (caution := replace(found, columns=columns).caution):
                say(caution)
            day = agreed_on.date() if agreed_on else utc_now().date()
            agreed = Agreed(Wording(consent_language, consent), day)
            importing.choose(tools, number, columns, agreed, encoding=encoding, group=group or None)
        except SubscriberError:
            with newsletter.database.write() as session:
                importing.give_up(session, number)
            raise
        _go_on(newsletter, number, yes=yes, json=json)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """Every import, the newest first."""
    with opened() as newsletter, newsletter.database.read() as session:
        rows = [_as_row(one) for one in importing.imports(session)]
    if json:
        print_json(rows)
        return
    print_table(("number", "began", "from", "stands", "people"), ([*row.values()][:5] for row in rows))


@app.command()
def show(number: Number, json: AsJson = False) -> None:
    """What became of an import, and each line that somebody should know about."""
    with opened() as newsletter:
        _tell(newsletter, number, json=json, most=None)


@app.command("continue")
def continue_(number: Number, yes: Yes = False, json: AsJson = False) -> None:
    """Go on with an import that was interrupted, or that waits for a word."""
    with opened() as newsletter:
        _go_on(newsletter, number, yes=yes, json=json)


@app.command()
def undo(number: Number) -> None:
    """Take an import back: whom it added and who did nothing since. Who had left there stays away.

    Whom it took off the list comes back, but for those who are erased by now or left by themselves.
    """
    with opened() as newsletter:
        with newsletter.database.write() as session:
            importing.begin_undo(session, number, utc_now())
        _work(newsletter, number, quiet=False)
        with newsletter.database.read() as session:
            counts = importing.find(session, number).counts
    say(f"{counts.get('removed', 0)} taken off the list again.")
    if off := counts.get(importing.OFF):
        back = counts.get("returned", 0)
        say(f"{back} on the list again whom it had taken off; {off - back} stay off: they left, or are erased.")


@app.command("give-up")
def give_up(number: Number) -> None:
    """Forget a file before its people are put on the list."""
    with opened() as newsletter, newsletter.database.write() as session:
        importing.give_up(session, number)
    say("The file is forgotten.")


def _columns(found: importing.Outline, chosen: Iterable[str], words: Iterable[str]) -> Columns:
    """The guess, with what was said on the command line in its place."""
    names = {shown.casefold(): name for name, shown in reversed(found.names.items())} | {n: n for n in found.names}
    said: dict[str, list[str]] = {}
    for pair in chosen:
        role, _, column = pair.partition("=")
        if role not in ROLES or column.strip().casefold() not in names:
            columns = ", ".join(f"“{shown}”" for shown in found.names.values())
            raise SubscriberError(f"--map takes {', '.join(ROLES)}, and a column: {columns}.")
        said.setdefault(ROLES[role], []).append(names[column.strip().casefold()])
    values: dict[str, Any] = {role: tuple(c) if role in ("name", "standings") else c[-1] for role, c in said.items()}
    return replace(found.columns, **values, words={**found.columns.words, **dict(map(_word, words))})


def _word(pair: str) -> tuple[str, str]:
    word, _, standing = pair.rpartition("=")
    if standing not in list(Standing):
        raise SubscriberError(
            f"--status takes a word of the file and one of {', '.join(Standing)}: pending=unconfirmed."
        )
    return " ".join(word.lower().split()), standing


def _go_on(newsletter: Newsletter, number: int, *, yes: bool, json: bool) -> None:
    _work(newsletter, number, quiet=json, look_first=not yes)
    with newsletter.database.read() as session:
        waits = importing.find(session, number).state is ImportState.READ
    if waits and not yes:
        _tell(newsletter, number, json=json)
        if json:
            return
        typer.confirm(f"Put {_would_add(newsletter, number)} on the list?", abort=True)
    if waits:
        with newsletter.database.write() as session:
            importing.begin_merge(session, number, utc_now())
        _work(newsletter, number, quiet=json)
    _tell(newsletter, number, json=json)


def _work(newsletter: Newsletter, number: int, *, quiet: bool, look_first: bool = True) -> None:
    with nullcontext() if quiet else console.status("Reading the file …") as shown:
        for progress in importing.go_on(newsletter.import_tools, number, look_first=look_first):
            if shown:
                left = "left" if progress.state is ImportState.MERGING else "done"
                shown.update(f"Import {number}, {progress.state}: {progress.done:,} {left} …")


def _would_add(newsletter: Newsletter, number: int) -> int:
    with newsletter.database.read() as session:
        return importing.find(session, number).counts.get("added", 0)


def _tell(newsletter: Newsletter, number: int, *, json: bool, most: int | None = 20) -> None:
    with newsletter.database.read() as session:
        row = _as_row(importing.find(session, number))
        notes = importing.notes(session, number, most=None if json else most)
    if json:
        print_json({**row, "notes": [note._asdict() for note in notes]})
        return
    say(f"Import {number} ({row['from']}): {row['stands']}")
    counts = row["counts"]
    for name, words in OUTCOMES.items():
        if isinstance(counts, dict) and counts.get(name):
            say(f"  {counts[name]:>9,} {words}")
    if notes:
        print_table(("file", "line", "what"), ((note.table, note.line, note.why) for note in notes))


def _as_row(one: Import) -> dict[str, object]:
    return {
        "number": one.id,
        "began": one.begun_at.date(),
        "from": one.columns.get("product") or "a file",
        "stands": one.state.value,
        "people": one.counts.get("added", 0),
        "agreed_on": one.agreed_on,
        "counts": one.counts,
    }
