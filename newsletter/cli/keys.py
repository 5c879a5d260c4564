"""`newsletter keys ...`"""

import typer
from rich.progress import Progress

from newsletter import config, rotation
from newsletter.cli.terminal import console, opened, say
from newsletter.wiring import Newsletter, utc_now

app = typer.Typer(no_args_is_help=True, help="The keys that addresses and names are sealed with; none is ever shown.")


@app.command("show-location")
def show_location() -> None:
    """Where the key file is: keep a copy of it in a safe place, apart from any copy of the home."""
    say(str(config.keys_path(config.load())))


@app.command()
def rotate() -> None:
    """Make a new address key and seal everything anew with it, while sending and the pages go on.

    Whoever was interrupted runs it again, or waits: the job goes on with it each hour. The older key stays in the
    file for a day and until nothing needs it. A backup from before can only be opened with a key file from before.
    """
    with opened() as newsletter:
        rotation.begin(newsletter.key_file, utc_now())
        _seal_anew(newsletter)
        is_over = rotation.put_away(newsletter.database, newsletter.key_file, utc_now())
        with newsletter.database.read() as session:
            left = rotation.count_left(session, newsletter.vault.current)
    if is_over:
        say("Only the new key is left in the key file: the change is over. Run this again for another new key.")
    elif left:
        say(f"{left} values are still under the older key, which stays: run this again, or leave it to the job.")
    else:
        say("Nothing is sealed with the older key any more; the job takes it out of the key file after a day.")
    say(f"Copy {newsletter.key_file.path} to where you keep it safe; keep its older copy as long as older backups.")


def _seal_anew(newsletter: Newsletter) -> None:
    """With a bar: a million addresses take minutes."""
    with newsletter.database.read() as session:
        left = rotation.count_left(session, newsletter.vault.current)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Sealing anew", total=left)
        for moved in rotation.seal_anew(newsletter.database, newsletter.vault):
            progress.advance(task, moved)
