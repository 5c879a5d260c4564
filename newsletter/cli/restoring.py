"""`newsletter restored`: after a backup of the database was put back."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter import restoring
from newsletter.cli.terminal import opened, say
from newsletter.wiring import utc_now


def _number(written: str) -> int:
    try:
        return int(written, 16)
    except ValueError:
        raise typer.BadParameter("a journal's id is written as in its file's name, like 3f9c01ab") from None


def restored(
    journals: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="Journals of other machines, or copies kept elsewhere."),
    ] = None,
    lost: Annotated[
        list[int] | None, typer.Option(parser=_number, metavar="ID", help="A journal that is nowhere any more.")
    ] = None,
) -> None:
    """After a backup of the database was put back: take off again who left since, and let no mailing go on by itself.

    Until then nothing is sent. Run it also where the program did not notice, as with a copy of a whole machine.
    """
    with opened() as newsletter, newsletter.database.write() as session:
        done = restoring.catch_up(
            session,
            newsletter.journal,
            utc_now(),
            undo_for=newsletter.settings.undo_for,
            files=journals or (),
            lost=lost or (),
        )
    people = "1 person" if done.people == 1 else f"{done.people} people"
    say(f"The journal told of {people} since: who left is off the list again, and who came back is on it.")
    if done.unreadable:
        say(f"Lines of the journal that nobody can read any more: {done.unreadable}.")
    if done.mailings:
        say(f"Mailings that wait for your word, since they may be out: {done.mailings} (`newsletter mailings list`).")
    say("Who joined or changed something since the backup is not known: that is lost with the newer database.")
