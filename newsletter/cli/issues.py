"""`newsletter issues ...`"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from issues import composing, exchange, waivers
from issues.errors import Unreadable
from issues.findings import Finding
from issues.matrix import CellState, matrix
from issues.models import Fallback, Issue, PassageKind
from issues.rendering import render as render_edition
from newsletter import audiences, preflight, publishing, zones
from newsletter.cli.terminal import AsJson, By, opened, print_json, print_table, say
from newsletter.delivery import planning
from newsletter.publishing import Tried, When
from newsletter.wiring import Newsletter, utc_now
from subscribers.grammar import ALL, parse

app = typer.Typer(no_args_is_help=True, help="An issue: draft it, take it out and in as a file, check and schedule it.")

Slug = Annotated[str, typer.Argument(help="The issue's name, like 2021-11.")]


@app.command()
def draft(
    month: Annotated[str, typer.Argument(help="Like 2021-11; none: this month.")] = "",
    missing: Annotated[Fallback, typer.Option(help="What a reader gets where a text is not in their language.")] = (
        Fallback.LABEL
    ),
    empty: Annotated[bool, typer.Option("--empty", help="Also when nothing is new.")] = False,
    *,
    by: By,
) -> None:
    """Begin an issue from what was published since the last one."""
    with opened() as newsletter, newsletter.database.write() as session:
        first = _month(month, newsletter)
        issue = composing.draft(
            session,
            slug=f"{first:%Y-%m}",
            month=first,
            languages=newsletter.settings.languages,
            fallback=missing,
            now=utc_now(),
            by=by,
            empty=empty,
        )
        placed = sum(passage.kind is PassageKind.RESOURCE for passage in issue.passages)
        offered = len(composing.on_offer(session, issue))
        say(f"Issue {issue.slug} holds {placed} resources; {offered} more are on offer.")
        say(f"Next: newsletter issues export {issue.slug} --to {issue.slug}.md; edit it; newsletter issues apply it.")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """All issues, the newest first."""
    with opened() as newsletter, newsletter.database.read() as session:
        issues = session.scalars(select(Issue).order_by(Issue.month.desc(), Issue.id.desc())).all()
        rows = [(i.slug, " ".join(i.languages), len(i.passages), i.revision) for i in issues]
    columns = ("issue", "languages", "passages", "revision")
    if json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@app.command()
def show(slug: Slug, json: AsJson = False) -> None:
    """The matrix: every text in every language, and its state."""
    with opened() as newsletter, newsletter.database.read() as session:
        issue = publishing.find_issue(session, slug)
        rows = [(f"{p.kind} {p.key}" if p.key != p.kind else p.key, states) for p, states in matrix(issue)]
        languages = list(issue.languages)
    if json:
        print_json([{"passage": name, **states} for name, states in rows])
        return
    print_table(("passage", *languages), ([name, *(states[tag] for tag in languages)] for name, states in rows))
    open_cells = sum(state is not CellState.APPROVED for _, states in rows for state in states.values())
    say(f"{open_cells} texts are not approved yet." if open_cells else "Every text is approved.")


@app.command()
def export(
    slug: Slug,
    to: Annotated[Path | None, typer.Option("--to", "-o", help="A file; none: standard output.")] = None,
) -> None:
    """The whole issue as one text file, all languages side by side."""
    with opened() as newsletter, newsletter.database.read() as session:
        text = exchange.export(publishing.find_issue(session, slug))
    if to:
        to.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)


@app.command()
def sheet(
    slug: Slug,
    language: Annotated[str, typer.Argument(help="The language to translate into, like es.")],
    xlsx: Annotated[bool, typer.Option("--xlsx", help="A workbook for Excel; none: CSV in UTF-8.")] = False,
    to: Annotated[Path | None, typer.Option("--to", "-o", help="A file; none: standard output.")] = None,
) -> None:
    """One language as a sheet for a translator; `issues apply` takes it in again."""
    with opened() as newsletter, newsletter.database.read() as session:
        made = exchange.sheet(publishing.find_issue(session, slug), language)
        data = exchange.to_xlsx(made) if xlsx else exchange.to_csv(made)
    if to:
        to.write_bytes(data)
    else:
        typer.echo(data, nl=False)


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An exported file or sheet, edited.")],
    small_edit: Annotated[
        bool, typer.Option("--small-edit", help="Translations of the source texts changed here stay true.")
    ] = False,
    *,
    by: By,
) -> None:
    """Take an edited issue file or sheet in; what somebody changed since is kept, and said."""
    with opened() as newsletter, _naming(file):
        given = exchange.opened(file.read_bytes())
        with newsletter.database.write() as session:
            issue = publishing.find_issue(session, given.slug)
            applied = exchange.take_in(session, issue, given, by=by, now=utc_now(), small_edit=small_edit)
    for line in [*applied.changes, *applied.notes]:
        say(line)
    for line in applied.refused:
        typer.echo(line, err=True)
    if not applied.changes and not applied.refused:
        say("Nothing to change.")
    if applied.refused:
        raise typer.Exit(2)


@app.command()
def check(
    slug: Slug,
    links: Annotated[
        bool, typer.Option("--links", help="Try every link first, those of the last day excepted.")
    ] = False,
    json: AsJson = False,
) -> None:
    """What to mend before the issue goes: what, where, how."""
    with opened() as newsletter:
        if links:
            database = newsletter.database
            tried = publishing.try_links(database.read, database.write, newsletter.ask, slug, utc_now())
            if not json:
                say(_trying(tried))
        with newsletter.database.read() as session:
            findings = publishing.check(session, publishing.find_issue(session, slug), newsletter.press)
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_findings(findings)
    if any(finding.blocks for finding in findings):
        raise typer.Exit(2)


@app.command()
def render(
    slug: Slug,
    to: Annotated[Path, typer.Option("--to", "-o", help="A folder; it is made.")],
    name: Annotated[str, typer.Option(help="The reader's name; none: a reader without one.")] = "",
) -> None:
    """Write every edition as it would be sent now: HTML, plain text, raw message."""
    with opened() as newsletter, newsletter.database.read() as session:
        issue = publishing.find_issue(session, slug)
        files: dict[str, bytes] = {}
        for language in issue.languages:
            rendered = render_edition(issue, language, newsletter.brand)
            mail = publishing.sample_message(rendered, language, slug, newsletter.press, name=name, date=utc_now())
            finished = preflight.read(mail, language, newsletter.brand.postal_address)
            for ending, content in (("html", finished.html.encode()), ("txt", finished.text.encode()), ("eml", mail)):
                files[f"{slug}-{language}.{ending}"] = content
    to.mkdir(parents=True, exist_ok=True)
    for name_, content in files.items():
        (to / name_).write_bytes(content)
    say(f"The editions are in {to}.")


@app.command()
def approve(
    slug: Slug,
    keys: Annotated[list[str] | None, typer.Argument(help="Passages by their key; none: all.")] = None,
    language: Annotated[str | None, typer.Option(help="Only in this language.")] = None,
    *,
    by: By,
) -> None:
    """Approve texts: someone has read them, and they are true."""
    with opened() as newsletter, newsletter.database.write() as session:
        issue = publishing.find_issue(session, slug)
        count = composing.approve(session, issue, keys=keys or None, language=language, by=by, now=utc_now())
    say(f"{count} texts approved by {by}.")


@app.command()
def schedule(
    slug: Slug,
    at: Annotated[str, typer.Option(help="`now`, or like 2021-12-01 09:00 in the newsletter's zone.")],
    not_later_than: Annotated[str, typer.Option(help="A later start asks first; none: 24 hours after.")] = "",
    waive: Annotated[
        list[str] | None, typer.Option(help="Let it go in spite of a check: stale-text, or stale-text:vi.")
    ] = None,
    audience: Annotated[
        str,
        typer.Option(help="For whom: `everyone`, or like `language es; group 3; not got 2021-10` (`groups list`)."),
    ] = ALL,
    *,
    by: By,
) -> None:
    """Freeze the issue and say when it goes, and to whom."""
    chosen = parse(audience)
    with opened() as newsletter, newsletter.database.write() as session:
        issue = publishing.find_issue(session, slug)
        now = utc_now()
        for waived in waive or ():
            name, _, language = waived.partition(":")
            waivers.waive(session, issue, name, language, by=by, now=now)
        when = _when(at, not_later_than, newsletter)
        mailing = publishing.schedule(session, issue, when, newsletter.press, now, chosen)
        say(f"Mailing {mailing.id}: issue {slug} goes on {zones.show(mailing.due_at, mailing.zone)}.")
        people = sum(planning.expected(session, issue.languages, chosen).values())
        say(f"It is for {audiences.in_words(session, chosen)}.")
        say(f"It would reach {people} people now." if people else "Now it would reach no one.")


def print_findings(findings: list[Finding]) -> None:
    """Blocking ones first; each with its place and its mending."""
    ordered = sorted(findings, key=lambda finding: not finding.blocks)
    rows = [("blocks" if f.blocks else "warns", f.check, f"{f.where} {f.what}", f.fix) for f in ordered]
    print_table(("", "check", "what", "how to mend it"), rows)
    blocking = sum(finding.blocks for finding in findings)
    say(
        f"{blocking} of {len(findings)} keep the issue from going."
        if blocking
        else "Nothing keeps the issue from going."
    )


def _trying(tried: Tried) -> str:
    known = f" {tried.known} answered not long ago." if tried.known else ""
    left = f" {tried.left} were left for another time: try again." if tried.left else ""
    return f"Links tried: {tried.asked}.{known}{left}"


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """An error of a file names its line or row; here it gets the file's name too."""
    try:
        yield
    except Unreadable as error:
        sentence = str(error)
        behind = "," if sentence.startswith(("line ", "row ")) else ":"
        raise Unreadable(f"{file.name}{behind} {sentence}.") from None


def _month(text: str, newsletter: Newsletter) -> date:
    if not text:
        return utc_now().astimezone(newsletter.zone).date().replace(day=1)
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = None
    if first is None or first.year not in zones.YEARS:
        raise zones.TimeError(f"{text[:40]!r} is no month of an issue: write it like 2021-11.")
    return first


def _when(at: str, not_later_than: str, newsletter: Newsletter) -> When:
    now = utc_now()
    until = zones.read(not_later_than, newsletter.zone, now) if not_later_than else None
    return When(zones.read(at, newsletter.zone, now), newsletter.settings.timezone, until)
