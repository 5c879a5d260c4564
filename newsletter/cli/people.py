"""`newsletter people ...`"""

from typing import Annotated

import typer

from newsletter.cli.terminal import LARGEST_NUMBER, AsJson, opened, print_json, print_table, say
from newsletter.desk import members
from newsletter.wiring import utc_now

app = typer.Typer(no_args_is_help=True, help="Who works at the desk; the desk itself invites them.")

Number = Annotated[int, typer.Argument(max=LARGEST_NUMBER, help="The person's number, as `people list` shows it.")]


@app.command("list")
def list_(json: AsJson = False) -> None:
    """Who works at the desk, without their addresses."""
    with opened() as newsletter, newsletter.database.read() as session:
        here = [member for member in members.everyone(session) if member.ended_at is None]
        rows = [(member.id, member.name, member.role, member.languages) for member in here]
    columns = ("person", "name", "role", "languages")
    if json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@app.command()
def link(number: Number) -> None:
    """A link for a new password, for an owner whom no other owner can send one; it opens once, for a day."""
    with opened() as newsletter, newsletter.database.write() as session:
        member = members.of(session, number)
        token = members.new_password_link(session, None, member, utc_now())
    say(f"This page takes a new password of {member.name}:")
    say(f"{newsletter.settings.base_url}/desk/welcome/{token}")
