"""A Maildir as the way out: each message becomes a file, for a local mail system or for looking at."""

import mailbox
import os
from pathlib import Path

from newsletter.mail import Barrier, Message, Reply, SendError, Take


class MaildirTransport:
    """Writes each message into `folder`; durable when the reply says so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, take: Take, barrier: Barrier) -> None:
        """See `newsletter.mail.Transport`."""
        while message := take():
            if message.delivery in barrier([], [message.delivery]):
                barrier([self._deliver(message)], [])

    def _deliver(self, message: Message) -> Reply:
        # The envelope as the last server would add it (RFC 5321, section 4.4; Delivered-To is custom).
        trace = f"Return-Path: <{message.sender}>\r\nDelivered-To: {message.recipient}\r\n".encode()
        try:
            box = mailbox.Maildir(self._folder, create=True)
            key = box.add(trace + message.data)
            with open(self._folder / "new" / key, "rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise SendError(
                f"The Maildir cannot be written ({error.strerror}): free space or mend its rights.", permanent=False
            ) from None
        return Reply(message.delivery, 250, "kept in the Maildir", complete=True)
