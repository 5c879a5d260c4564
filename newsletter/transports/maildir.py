"""A Maildir as the way out: each message becomes a file, for a local mail system or for looking at."""

import os
import secrets
import time
from pathlib import Path

from newsletter.mail import Barrier, Later, Message, Reply, SendError, Take

_NAP = 0.5
"""Seconds between two questions for a message, however much later it may come: who is told to stop says so there."""


class MaildirTransport:
    """Writes each message into `folder`; durable when the reply says so.

    Its final dot is a rename: the whole file lies in `tmp` before anybody is marked as attempted, so that a full
    disk leaves nobody in doubt.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, take: Take, barrier: Barrier) -> None:
        """See `newsletter.mail.Transport`."""
        try:
            for name in ("tmp", "new", "cur"):
                (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            while message := take():
                if isinstance(message, Later):
                    time.sleep(min(message.seconds, _NAP))
                else:
                    self._deliver(message, barrier)
        except OSError as error:
            raise SendError(
                f"The Maildir cannot be written ({error.strerror}): free space or mend its rights.", permanent=False
            ) from None

    def _deliver(self, message: Message, barrier: Barrier) -> None:
        name = f"{secrets.token_hex(16)}.newsletter"
        waiting = self._folder / "tmp" / name
        try:
            _write(waiting, message)
            if message.delivery in barrier([], [message.delivery]):
                waiting.rename(self._folder / "new" / name)
                _sync(self._folder / "new")
                barrier([Reply(message.delivery, 250, "kept in the Maildir", complete=True)], [])
        finally:
            waiting.unlink(missing_ok=True)


def _write(path: Path, message: Message) -> None:
    """The envelope as the last server would add it (RFC 5321, section 4.4; Delivered-To is custom), and the message."""
    trace = f"Return-Path: <{message.sender}>\r\nDelivered-To: {message.recipient}\r\n".encode()
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(trace + message.data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """A new name is durable once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
