"""Commands: nouns, then verbs. Thin: each calls the function that the pages and the job call too."""

import typer

from newsletter.cli import (
    groups,
    issues,
    keys,
    mailings,
    moving,
    people,
    privacy,
    resources,
    restoring,
    running,
    subscribers,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks would show what is in the variables
    help="Compose a newsletter in several languages, check it, and send it with an exact account of every person.",
)
app.add_typer(resources.app, name="resources")
app.add_typer(issues.app, name="issues")
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(groups.app, name="groups")
app.add_typer(groups.topics_app, name="topics")
app.add_typer(mailings.app, name="mailings")
app.add_typer(people.app, name="people")
app.add_typer(keys.app, name="keys")
app.add_typer(privacy.app, name="privacy")
for command in (running.init, running.work, running.run, running.demo, moving.move_in, restoring.restored):
    app.command()(command)
