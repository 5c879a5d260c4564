"""`newsletter subscribers ...`"""

import os
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from newsletter import forgetting, zones
from newsletter.cli import importing
from newsletter.cli.terminal import AsJson, console, opened, print_json, print_table, say
from newsletter.delivery.history import history as told
from newsletter.delivery.reasons import MOST_PEOPLE
from newsletter.wiring import utc_now
from subscribers import exporting, finding, people
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.errors import NotFound

app = typer.Typer(no_args_is_help=True, help="The people on the list: add, import, export, look one up.")
app.command("import")(importing.import_)
app.add_typer(importing.app, name="imports")

Address = Annotated[str, typer.Option(prompt=True, help="Asked for where it is not given, so that no shell keeps it.")]
Consent = Annotated[str, typer.Option(help="What these people agreed to, and where: it is kept as proof.")]
Tongue = Annotated[str, typer.Option(help="The language of that wording.")]


@app.command()
def add(
    consent: Consent,
    address: Address,
    name: Annotated[str, typer.Option(help="As they want to be greeted.")] = "",
    languages: Annotated[str, typer.Option(help="In their order: es,en.")] = "",
    consent_language: Tongue = "en",
) -> None:
    """Add one person who asked for it."""
    with opened() as newsletter, newsletter.database.write() as session:
        people.add(
            session,
            newsletter.vault,
            address=address,
            name=name,
            languages=languages,
            came_by="added",
            wording=Wording(consent_language, consent),
            now=utc_now(),
        )
    say("Added.")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A .csv is a table of the people, a .json is everything that is kept.")],
    raw: Annotated[bool, typer.Option("--raw", help="In a .csv: let cells be what a spreadsheet runs.")] = False,
) -> None:
    """Write the list into a new file that only you may read. It names everyone: keep it safe."""
    if file.suffix not in (".csv", ".json"):
        raise typer.BadParameter("name a file that ends in .csv or .json")
    if file.exists():
        raise typer.BadParameter(f"{file} is there already: name another")
    with opened() as newsletter, newsletter.database.read() as session, console.status("Writing the file …"):
        pieces = exporting.as_json if file.suffix == ".json" else partial(exporting.as_csv, raw=raw)
        with open(file, "x", encoding="utf-8", newline="", opener=partial(os.open, mode=0o600)) as out:
            out.writelines(pieces(session, newsletter.vault))
    say(f"{file} holds the list as it is now. Delete it when you no longer need it.")


@app.command()
def find(
    part: Annotated[str, typer.Option(prompt=True, help="Asked for where it is not given, so that no shell keeps it.")],
) -> None:
    """Readers whose address holds these signs: three at least."""
    with opened() as newsletter, newsletter.database.read() as session:
        found = finding.holding(session, newsletter.vault, part, MOST_PEOPLE)
    for address in found:
        say(address)
    if not found:
        say("Nobody on the list has an address that holds this.")


@app.command()
def show(address: Address, json: AsJson = False) -> None:
    """Everything that is held about one address."""
    with opened() as newsletter, newsletter.database.read() as session:
        held = people.show(session, newsletter.vault, address)
    if json:
        print_json(asdict(held))
        return
    lists = {
        "consents": "; ".join(map(_agreed, held.consents)),
        "groups": ", ".join(held.groups),
        "unwanted_topics": ", ".join(held.unwanted_topics),
    }
    for field, value in (asdict(held) | lists).items():
        say(f"{field.replace('_', ' ')}: {value if value not in (None, '') else '-'}")


@app.command()
def history(address: Address, json: AsJson = False) -> None:
    """What happened to one person: each mailing, each try, and what the mail server answered."""
    with opened() as newsletter, newsletter.database.read() as session:
        events = told(session, people.number_of(session, newsletter.vault, address))
    if json:
        print_json([asdict(event) for event in events])
        return
    for event in events:
        why = f": {event.reason}" if event.reason else ""
        title = f"Mailing {event.mailing}, issue {event.issue} ({event.language}) is {event.state}{why}"
        rows = [(zones.show(each.at, event.zone), each.code or "no answer", each.words) for each in event.tries]
        print_table(("tried on", "code", "answer"), rows, title=title)
    if not events:
        say("No mailing that is remembered was for this person.")


@app.command()
def erase(
    address: Address, yes: Annotated[bool, typer.Option("--yes", help="Do not ask; it cannot be undone.")] = False
) -> None:
    """Erase whoever has this address, or still has to confirm: at once, and for good.

    Of a reader only a keyed hash stays, so that no import brings them back.
    """
    if not yes:
        typer.confirm("Erase for good?", abort=True)
    with opened() as newsletter, newsletter.database.write() as session:
        address_hash = newsletter.vault.hash(normal(address))
        if not forgetting.erase(session, newsletter.journal, address_hash, utc_now()):
            raise NotFound("Nobody on the list has this address.")
    say("Erased.")


def _agreed(consent: people.Agreed) -> str:
    until = f", withdrawn on {consent.withdrawn_on}" if consent.withdrawn_on else ""
    return f"{consent.came_by} on {consent.confirmed_on}{until}: {consent.wording}"
