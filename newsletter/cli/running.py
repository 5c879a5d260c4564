"""`newsletter init`, `work`, `run`, `demo`: making a home, and what goes on by itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.panel import Panel

from newsletter import config, wiring
from newsletter.cli.terminal import console, opened, say
from newsletter.config import SettingsError
from newsletter.desk import members
from newsletter.wiring import Newsletter, utc_now

_PYTHON = (sys.executable, "-P", "-m")
"""-P: a file in the working folder must never be taken for one of our modules."""

_TOML = """# The settings of this newsletter: docs/settings.md explains each. Variables (NEWSLETTER_FROM) win over them.
# brand = "Our network"
# from = "Our network <news@example.org>"
# base_url = "https://news.example.org"
# list_id = "news.example.org"
# postal_address = "Our network, PO Box 1, Our Town"
# languages = "en,es,vi"
# timezone = "America/New_York"
# transport = "smtp://user:password@mail.example.org:587"
"""


def init() -> None:
    """Make a home: a settings file, a database, and the keys (elsewhere)."""
    settings = config.load()
    wiring.make_home(settings, _TOML).close()
    say(f"The home is {settings.home}: write your settings into {settings.home / config.FILE}.")
    say(f"The keys are in {config.keys_path(settings)}: keep a copy in a safe place, apart from any copy of the home.")


def work(once: Annotated[bool, typer.Option("--once", help="Do what is due now, and end.")] = False) -> None:
    """The job: send what is due, read the sources, erase who left."""
    os.execv(sys.executable, [*_PYTHON, "scheduler", *(["--once"] if once else [])])  # noqa: S606 - no shell is wanted


def run(
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Where the pages are served, on this machine only.")
    ] = 8000,
    desk_closed: Annotated[
        bool, typer.Option("--desk-closed", help="While somebody is at work on it: readers' pages and the job alone.")
    ] = False,
) -> None:
    """The pages and the job, as two processes: a big mailing never slows a page."""
    _look_at(port)
    with opened() as newsletter:
        newsletter.vault  # noqa: B018 - a wrong setting or a missing key is said here, once
        _greet_the_first_owner(newsletter)
    children = [
        subprocess.Popen(  # noqa: S603 - our own module
            [*_PYTHON, "newsletter.web", str(port), *(["--desk-closed"] if desk_closed else [])]
        ),
        subprocess.Popen([*_PYTHON, "scheduler"]),  # noqa: S603 - our own module
    ]

    def end_all(*_: object) -> None:
        for child in children:
            child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end_all)
    _wait_for_the_first(children)
    end_all()
    codes = {child.wait() for child in children} - {0, -signal.SIGTERM, -signal.SIGINT}
    raise typer.Exit(1 if codes else 0)


def _look_at(port: int) -> None:
    """Raise SettingsError where no pages can be served there: before the work, not after it."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise SettingsError(
            f"Nothing can be served at port {port} of this machine ({os.strerror(error.errno or 0)}): end what listens "
            "there, or name another with --port."
        ) from None


def _greet_the_first_owner(newsletter: Newsletter) -> None:
    """Print the link that makes the first owner, on a line of its own: a frame would break it in two."""
    with newsletter.database.write() as session:
        token = members.first_link(session, utc_now())
    if token:
        link = f"{newsletter.settings.base_url}/desk/welcome/{token}"
        console.print(Panel("Nobody works here yet. Open this page to become the first owner:", expand=False))
        console.print(f"\n  [bold]{link}[/bold]\n", soft_wrap=True)


def _wait_for_the_first(children: list["subprocess.Popen[bytes]"]) -> None:
    """Until one of them ends: one without the other is no newsletter."""
    while all(child.poll() is None for child in children):
        time.sleep(0.2)


def demo(
    home: Annotated[Path, typer.Option(help="A folder for the demonstration; it is made anew.")] = Path("demo-home"),
    once: Annotated[bool, typer.Option("--once", help="Tell the story and end, without serving pages.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where the pages are served.")] = 8000,
) -> None:
    """The demonstration: ten resources become an issue that arrives in its readers' languages."""
    from newsletter.demo.story import tell

    if not once:
        _look_at(port)  # before its home is made anew: another demonstration may be served from there

    def serve() -> None:
        say(f"What readers got is at http://localhost:{port}: the editions, and the caught mail. Ctrl-C ends it.")
        run(port)

    tell(home, port, None if once else serve)
