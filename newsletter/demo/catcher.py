"""A small mail server on loopback that keeps what it is sent in a Maildir instead of passing it on."""

import mailbox
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class _Keeper:
    """Writes each message as the last server on its way would (RFC 5321, section 4.4)."""

    def __init__(self, folder: Path) -> None:
        self._box = mailbox.Maildir(folder, create=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - the name and arguments are aiosmtpd's
        trace = [f"Return-Path: <{envelope.mail_from}>", *(f"Delivered-To: {who}" for who in envelope.rcpt_tos)]
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        self._box.add("".join(f"{line}\r\n" for line in trace).encode() + content)
        return "250 kept"


def _free_port() -> int:
    """aiosmtpd cannot be told to choose one itself: it would then look for itself at port 0."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def catching(folder: Path) -> Iterator[str]:
    """Catch mail into `folder` for the time of the block; gives the URL for TRANSPORT."""
    controller = Controller(_Keeper(folder), hostname="127.0.0.1", port=_free_port(), enable_SMTPUTF8=True)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}?tls=none"
    finally:
        controller.stop()
