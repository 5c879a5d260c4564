"""`newsletter resources ...`"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from issues.languages import own_name
from issues.models import Resource, SourceKind
from issues.resources import importing, pairing, shelf
from issues.resources.flags import flags
from newsletter.cli.terminal import LARGEST_NUMBER, AsJson, console, opened, print_json, print_table, say
from newsletter.wiring import utc_now

app = typer.Typer(no_args_is_help=True, help="What there is to share: import it, list it, pair languages, put away.")

Number = Annotated[int, typer.Argument(max=LARGEST_NUMBER, help="The resource's number, as `resources list` shows it.")]
TextNumber = Annotated[
    int, typer.Argument(max=LARGEST_NUMBER, help="The text's number, as `resources list --json` shows it.")
]


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="A site's or feed's address, or a CSV or JSON file; none: all.")] = "",
    kind: Annotated[SourceKind | None, typer.Option(help="Guessed from the address where it is not said.")] = None,
    language: Annotated[str | None, typer.Option(help="For entries that name no language.")] = None,
    json: AsJson = False,
) -> None:
    """Look what a source has that is new; it is remembered, and visited again by itself."""
    with opened() as newsletter:
        only = None
        if source:
            address = str(Path(source).resolve()) if Path(source).is_file() else source
            with newsletter.database.write() as session:
                only = [importing.add_source(session, address, kind, language).id]
        with console.status("Reading the sources …"):
            reports = importing.import_all(
                newsletter.database.read, newsletter.database.write, newsletter.fetch, utc_now(), only
            )
    if json:
        print_json([asdict(report) for report in reports])
    else:
        _tell(reports)
    if any(report.failure for report in reports):
        raise typer.Exit(2)


@app.command("list")
def list_(
    dismissed: Annotated[bool, typer.Option("--dismissed", help="Those put away instead.")] = False,
    json: AsJson = False,
) -> None:
    """All resources, the newest first, and which may be one text in several languages."""
    with opened() as newsletter, newsletter.database.read() as session:
        resources = shelf.listing(session, dismissed=dismissed)
        if json:
            print_json([_as_json(resource) for resource in resources])
            return
        print_table(
            ("No.", "Published", "Kind", "Languages", "Title", "To look at"),
            (_cells(resource, newsletter.settings.languages) for resource in resources),
        )
        for proposal in pairing.proposals(session):
            numbers = " ".join(map(str, proposal.resource_ids))
            shared = ", ".join(proposal.shared)
            say(f"Perhaps one text (both say {shared}): if so, newsletter resources pair {numbers}")


@app.command()
def pair(
    number: Number,
    others: Annotated[list[int], typer.Argument(max=LARGEST_NUMBER, help="The same text in other languages.")],
) -> None:
    """Say that these are one text in several languages."""
    with opened() as newsletter, newsletter.database.write() as session:
        for other in others:
            resource = pairing.pair(session, number, other)
        say(f"Resource {number} now has {', '.join(own_name(t.language) for t in resource.texts if t.language)}.")


@app.command()
def unpair(
    text: TextNumber,
) -> None:
    """Give a text a resource of its own again; issues keep what they show."""
    with opened() as newsletter, newsletter.database.write() as session:
        resource = pairing.unpair(session, text)
        say(f"Text {text} is resource {resource.id} now.")


@app.command()
def dismiss(
    number: Number,
    undo: Annotated[bool, typer.Option("--undo", help="Take it back.")] = False,
) -> None:
    """Put a resource away: no import brings it back."""
    with opened() as newsletter, newsletter.database.write() as session:
        if undo:
            shelf.restore(session, number)
        else:
            shelf.dismiss(session, number, utc_now())
    say(f"Resource {number} is {'back' if undo else 'put away; --undo takes it back'}.")


@app.command()
def language(
    text: TextNumber,
    tag: Annotated[str, typer.Argument(help="en, es, vi ...")],
) -> None:
    """Say which language a text is in, where its source did not."""
    with opened() as newsletter, newsletter.database.write() as session:
        changed = shelf.set_language(session, text, tag)
        say(f"Text {text} is in {own_name(changed.language or tag)}.")


def _tell(reports: list[importing.SourceReport]) -> None:
    for report in reports:
        if report.failure:
            say(f"{report.source_url}: {report.failure}")
            continue
        say(
            f"{report.source_url}: {report.added} new, {report.changed} changed, {report.unchanged} as before, "
            f"{report.skipped_dismissed} put away earlier."
        )
        for line in [*report.flagged, *report.faults]:
            say(f"  look at: {line}")


def _cells(resource: Resource, languages: tuple[str, ...]) -> list[object]:
    """The title shown is the one in the earliest of our languages."""
    order = [*languages, None]
    texts = sorted(
        resource.texts, key=lambda text: order.index(text.language) if text.language in order else len(order)
    )
    title = next((text.title for text in texts if text.title), "(no title)")
    flagged = "; ".join(f"{text.language or '?'}: {flag}" for text in texts for flag in flags(text))
    tongues = " ".join(text.language or "?" for text in texts)
    return [resource.id, f"{resource.published_at:%Y-%m-%d}", resource.kind, tongues, title, flagged]


def _as_json(resource: Resource) -> dict[str, object]:
    return {
        "number": resource.id,
        "kind": resource.kind,
        "published": resource.published_at,
        "texts": [
            {"number": t.id, "language": t.language, "title": t.title, "link": t.link, "flags": flags(t)}
            for t in resource.texts
        ],
    }
