"""A whole desk, from its mail server to its pages, with a clock that can be put on."""

import email
import email.policy
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from pydantic import SecretStr

from newsletter.config import Settings
from newsletter.db import Database
from newsletter.delivery.sender import send_due
from newsletter.desk import members
from newsletter.desk.models import Role
from newsletter.web.app import make_app
from newsletter.wiring import Newsletter, utc_now
from subscribers import people
from subscribers.consent import Wording
from subscribers.keys import Keys
from tests.flows.pages import answering
from tests.newsletter.smtp_server import ScriptedServer, serving


@dataclass
class Desk:
    """A new installation with its pages, its mail server, and a clock that can be put on."""

    newsletter: Newsletter
    server: ScriptedServer
    ahead: timedelta = timedelta()

    @property
    def url(self) -> str:
        return self.newsletter.settings.base_url

    def clock(self) -> datetime:
        return utc_now() + self.ahead

    def link(self) -> str:
        """What makes its holder an owner: the first link, and after that an invitation."""
        with self.newsletter.database.write() as session:
            token = members.first_link(session, self.clock()) or members.invite(
                session, members.of(session, 1), Role.OWNER, "", self.clock()
            )
        return f"{self.url}/desk/welcome/{token}"

    def subscribe(self, called: str = "", **readers: str) -> None:
        """Readers by the local part of their address, with their languages."""
        for name, languages in readers.items():
            with self.newsletter.database.write() as session:
                people.add(
                    session,
                    self.newsletter.vault,
                    address=f"{name}@example.com",
                    name=called or name.title(),
                    languages=languages,
                    came_by="added",
                    wording=Wording("en", "One mail a month."),
                    now=self.clock(),
                )

    def send(self) -> None:
        """One pass of the job that sends, at the hour of this desk."""
        send_due(replace(self.newsletter.office, clock=self.clock), self.newsletter.transport, Event())

    def mails(self) -> list[tuple[str, str, str]]:
        """Recipient, subject and all text of what the mail server took."""
        taken = [(to, email.message_from_bytes(mail, policy=email.policy.default)) for to, mail in self.server.accepted]
        return [
            (to, str(mail["Subject"]), "\n".join(part.get_content() for part in mail.walk() if not part.is_multipart()))
            for to, mail in taken
        ]


@contextmanager
def open_desk(home: Path, tables: Path, languages: str) -> Iterator[Desk]:
    """With its database copied from `tables`."""
    with socket.create_server(("127.0.0.1", 0)) as listening, serving() as (mail_server, port):
        settings = Settings(
            home=home / "home",
            keys=home / "keys.json",
            base_url=f"http://localhost:{listening.getsockname()[1]}",
            transport=SecretStr(f"smtp://127.0.0.1:{port}?tls=none"),
            sender="The Network <news@example.org>",
            brand="Border & Rights Network",
            postal_address="PO Box 1, Oakland",
            languages=languages,
            allow_loopback=True,
        )
        settings.home.mkdir()
        database = Database(f"sqlite:///{shutil.copy(tables, home / 'newsletter.db')}")
        Keys.create(home / "keys.json")
        desk = Desk(Newsletter(settings, database), mail_server)
        app = make_app(database, desk.newsletter.vault, settings, clock=desk.clock)
        with closing(database), answering(app, listening):
            yield desk
