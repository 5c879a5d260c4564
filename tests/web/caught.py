"""A way out that keeps what it is given, as a reader's mailbox does."""

import email
import email.policy
import re
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from threading import Event

from newsletter.db import Database
from newsletter.mail import Barrier, Reply, Take
from newsletter.notices import outbox
from newsletter.notices.outbox import Postroom
from subscribers.vault import Vault
from tests.journals import journal
from tests.newsletter.conftest import messages


class Mailbox:
    """Everything that was sent, the newest last."""

    def __init__(self, database: Database, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._postroom = Postroom(database, vault, "The Network <news@example.org>", "", clock, journal())
        self.mails: list[EmailMessage] = []

    def run(self, take: Take, barrier: Barrier) -> None:
        for message in messages(take):
            barrier([], [message.delivery])
            self.mails.append(email.message_from_bytes(message.data, policy=email.policy.default))
            barrier([Reply(message.delivery, 250, "kept", complete=True)], [])

    def fetch(self) -> list[EmailMessage]:
        """What has come since the last time."""
        before = len(self.mails)
        outbox.send_waiting(self._postroom, self, Event())
        return self.mails[before:]


def text_of(mail: EmailMessage) -> str:
    """Its plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def links_in(mail: EmailMessage) -> list[str]:
    """The addresses in its plain text, which are those of its HTML too."""
    found = [line for line in text_of(mail).splitlines() if line.startswith("https://")]
    html = mail.get_body(("html",))
    assert html is not None
    assert re.findall(r'href="([^"]+)"', html.get_content()) == found
    return found
