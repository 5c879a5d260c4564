"""The demonstration, step by step: each step calls what the command of the same name calls."""

import email
import email.policy
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from mailbox import Maildir
from pathlib import Path

from rich.panel import Panel
from rich.progress import Progress
from rich.table import Table

from issues import composing, exchange, pictures
from issues.languages import own_name
from issues.models import Fallback
from issues.resources import importing
from newsletter import config, publishing, wiring
from newsletter.config import SettingsError
from newsletter.delivery import account
from newsletter.delivery.account import Account
from newsletter.demo import catcher, past, site
from newsletter.demo.drawing import dawn
from newsletter.demo.telling import console, step
from newsletter.demo.this_month import ThisMonth
from newsletter.desk import guest, members
from newsletter.desk.models import Role
from newsletter.publishing import When
from newsletter.wiring import Newsletter, utc_now
from subscribers.consent import Wording
from subscribers.importing import Agreed, find, take_in

CONTENT = Path(__file__).parent / "content"
SLUG = "2021-11"
LONGEST = 50.0
"""Seconds the sending may take before the story says that something is wrong."""

_SETTINGS = """# Made by `newsletter demo`, with people and addresses that do not exist.
demo = true
allow_loopback = true
brand = "Immigrant Justice Network"
from = "Immigrant Justice Network <news@ijn.example.org>"
reply_to = "Immigrant Justice Network <hello@ijn.example.org>"
list_id = "news.ijn.example.org"
base_url = "http://localhost:{port}"
postal_address = "PO Box 1000, Oakland, CA 94600, USA"
timezone = "America/Los_Angeles"
languages = "en,es,vi,ar"
keys = "{home}/keys.json"
transport = "maildir:{home}/inbox"
"""


def tell(home: Path, port: int, serve: Callable[[], None] | None) -> None:
    """Make the home anew and tell the story, about ten seconds; then `serve`, with the site still up."""
    newsletter = _make_home(home, port)
    try:
        with site.serving(CONTENT / "posts.json") as posts, catcher.catching(home / "inbox") as transport:
            _import(newsletter, posts.address)
            _draft_and_edit(newsletter)
            _check(newsletter)
            _subscribe(newsletter)
            mailing = _schedule(newsletter)
            _send(newsletter, mailing, transport)
            _report(newsletter, mailing)
            ThisMonth(newsletter, CONTENT, utc_now()).tell(posts)
            link = _open_desk(newsletter)
            if serve:
                _show_the_way(newsletter, link)
                serve()
    finally:
        newsletter.close()


def _make_home(home: Path, port: int) -> Newsletter:
    """Only what a demonstration made is ever thrown away."""
    marker = home / config.FILE
    if home.exists() and any(home.iterdir()):
        if not marker.exists() or "\ndemo = true" not in marker.read_text(encoding="utf-8"):
            raise SettingsError(f"{home} holds something that is no demonstration: name another folder with --home.")
        shutil.rmtree(home)
    with step("A home, its keys and its database"):
        os.environ["NEWSLETTER_HOME"] = str(home)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        toml = _SETTINGS.format(home=home.resolve(), port=port)
        marker.write_text(toml, encoding="utf-8")
        return wiring.make_home(config.load(), toml)


def _import(newsletter: Newsletter, address: str) -> None:
    with step("Ten resources from the network's site") as told:
        with newsletter.database.write() as session:
            importing.add_source(session, address)
        database = newsletter.database
        (report,) = importing.import_all(database.read, database.write, newsletter.fetch, utc_now())
        told += [f"{report.added} new", *report.flagged]


def _draft_and_edit(newsletter: Newsletter) -> None:
    with step("The draft of November 2021") as told, newsletter.database.write() as session:
        languages = newsletter.settings.languages
        month = date(2021, 11, 1)
        issue = composing.draft(
            session, slug=SLUG, month=month, languages=languages, fallback=Fallback.LABEL, now=utc_now(), by="The demo"
        )
        told.append(f"{len(issue.passages)} passages in {', '.join(map(own_name, languages))}")
    with step("The editor's file: translations, a picture, a hotline") as told, newsletter.database.write() as session:
        issue = publishing.find_issue(session, SLUG)
        drawing = pictures.keep(session, pictures.encoded(dawn()), utc_now())
        text = (CONTENT / "november.md").read_text(encoding="utf-8").replace("PICTURE", drawing.name, 1)
        applied = exchange.apply(session, issue, text, by=guest.NAME, now=utc_now())
        told.append(f"{len(applied.changes)} changes")
        told += applied.refused


def _check(newsletter: Newsletter) -> None:
    with step("Checks on what will be sent") as told, newsletter.database.read() as session:
        findings = publishing.check(session, publishing.find_issue(session, SLUG), newsletter.press)
        blocking = [finding for finding in findings if finding.blocks]
        told.append(f"{len(blocking)} keep it from going, {len(findings) - len(blocking)} to think about")
        told += sorted({f"{finding.check}: {finding.what}" for finding in findings})


def _subscribe(newsletter: Newsletter) -> None:
    with step("24 made-up readers, encrypted") as told:
        agreed = Agreed(Wording("en", "Made up for the demonstration."), utc_now().date())
        with (CONTENT / "readers.csv").open("rb") as file:
            number = take_in(newsletter.import_tools, file, "readers.csv", agreed)
        with newsletter.database.write() as session:
            told.append(f"{find(session, number).counts['added']} added")
            past.make_up(session, utc_now().date())


def _schedule(newsletter: Newsletter) -> int:
    with step("The issue is frozen and scheduled for now"), newsletter.database.write() as session:
        now = utc_now()
        issue = publishing.find_issue(session, SLUG)
        when = When(now, newsletter.settings.timezone)
        return publishing.schedule(session, issue, when, newsletter.press, now).id


def _send(newsletter: Newsletter, mailing: int, transport: str) -> None:
    """The job is a process of its own, as it is every month; here it is told of the server that catches."""
    environment = {**os.environ, "NEWSLETTER_TRANSPORT": transport}
    with (newsletter.settings.home / "job.log").open("ab") as log:
        job = subprocess.Popen([sys.executable, "-P", "-m", "scheduler", "--once"], env=environment, stderr=log)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("The scheduled job sends over SMTP")
        ends = time.monotonic() + LONGEST
        while job.poll() is None and time.monotonic() < ends:
            counted = _account(newsletter, mailing)
            progress.update(bar, total=counted.people or None, completed=counted.people - counted.waiting)
            time.sleep(0.1)
    if job.poll() is None:
        job.terminate()
    console.print("[green]✓[/] The scheduled job sent it over SMTP")


def _account(newsletter: Newsletter, mailing: int) -> Account:
    with newsletter.database.read() as session:
        return account.account(session, mailing)


def _report(newsletter: Newsletter, mailing: int) -> None:
    readers: dict[str, list[str]] = {}
    for message in Maildir(newsletter.settings.home / "inbox", create=False):
        mail = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
        readers.setdefault(str(mail["Content-Language"]), []).append(
            mail["To"].addresses[0].display_name or "(no name)"
        )
    table = Table("Edition", "Readers", "Who", box=None, pad_edge=False, header_style="bold")
    for language in newsletter.settings.languages:
        names = readers.get(language, [])
        table.add_row(own_name(language), str(len(names)), ", ".join(sorted(names)))
    console.print()
    console.print(table)
    console.print(f"\n{_account(newsletter, mailing).sentence}.\n", soft_wrap=True)


def _open_desk(newsletter: Newsletter) -> str:
    """A made-up owner for a visitor to come in as, and a link for who wants to be an owner of their own."""
    with newsletter.database.write() as session:
        rosa = guest.settle(session, newsletter.vault, utc_now())
        token = members.invite(session, rosa, Role.OWNER, "", utc_now())
    return f"{newsletter.settings.base_url}/desk/welcome/{token}"


def _show_the_way(newsletter: Newsletter, link: str) -> None:
    """The links stand on lines of their own: a frame would break them in two."""
    door = "Begin at the desk: November 2021 is sent, this month is half done.\nOpen it and press “Come in as Rosa”:"
    console.print()
    console.print(Panel(door, expand=False))
    console.print(f"\n  [bold]{newsletter.settings.base_url}/desk[/bold]\n", soft_wrap=True)
    console.print("Or become an owner of your own, as on the first day of a real newsletter:")
    console.print(f"\n  [bold]{link}[/bold]\n", soft_wrap=True)
