"""`newsletter groups ...` and `newsletter topics ...`"""

from typing import Annotated

import typer

from newsletter.cli.terminal import AsJson, opened, print_json, print_table, say
from subscribers import groups, topics

app = typer.Typer(no_args_is_help=True, help="Groups of readers, such as press: labels of ours that they do not see.")
topics_app = typer.Typer(no_args_is_help=True, help="Topics that readers may do without.")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """All groups, with the number that `issues schedule --audience` names them by."""
    with opened() as newsletter, newsletter.database.read() as session:
        people = groups.counts(session)
        rows = [(each.id, each.name, each.slug or "", people.get(each.id, 0)) for each in groups.groups(session)]
    columns = ("group", "name", "page", "people")
    if json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What it is called; readers do not see it.")],
    page: Annotated[str, typer.Option(help="The end of its own page's address, like press-list; none: no page.")] = "",
) -> None:
    """Make a group."""
    with opened() as newsletter, newsletter.database.write() as session:
        made = groups.make(session, name, page)
        say(f"Group {made.id}: {made.name}.")


@topics_app.command("list")
def list_topics(json: AsJson = False) -> None:
    """All topics, with the number that `issues schedule --audience` names them by."""
    with opened() as newsletter, newsletter.database.read() as session:
        rows = [(each.id, topics.called(each, "en").name) for each in topics.topics(session)]
    columns = ("topic", "name")
    if json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)
