"""Test mails: an issue as it is now, to one address that nobody keeps, marked as a test."""

import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from issues.rendering import Rendered
from newsletter.delivery.message import CompiledEdition, Letterhead, Reader
from newsletter.mail import Message, Reply, Transport


@dataclass(frozen=True)
class Proof:
    """One test mail: an edition, as a reader called `name` would get it; an empty name is a reader without one."""

    language: str
    name: str
    edition: Rendered = field(repr=False)


def send(
    transport: Transport,
    proofs: Sequence[Proof],
    address: str,
    *,
    letterhead: Letterhead,
    base_url: str,
    now: datetime,
) -> list[tuple[Proof, Reply | None]]:
    """Send all `proofs` to `address` (an envelope's) at once; beside each, what the server said.

    Raises SendError where the way out does not work, HeaderError or UnsafeMessage where a mail must not leave.
    """
    waiting = deque(_messages(proofs, address, letterhead, base_url, now))
    replies: dict[int, Reply] = {}

    def take() -> Message | None:
        return waiting.popleft() if waiting else None

    def barrier(said: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        """Nobody counts a test, so nothing need be written before it departs."""
        replies.update((reply.delivery, reply) for reply in said)
        return frozenset(departing)

    transport.run(take, barrier)
    return [(proof, replies.get(number)) for number, proof in enumerate(proofs)]


def _messages(
    proofs: Sequence[Proof], address: str, letterhead: Letterhead, base_url: str, now: datetime
) -> Iterator[Message]:
    for number, proof in enumerate(proofs):
        compiled = CompiledEdition(
            letterhead=letterhead,
            subject=f"[Test] {proof.edition.subject}",
            language=proof.language,
            html=proof.edition.html,
            text=proof.edition.text,
            campaign="test",
        )
        # The link to leave belongs to nobody: it says so kindly when it is tried.
        reader = Reader(address, proof.name, f"{base_url}/u/{'A' * 22}", secrets.token_hex(16), now)
        data = compiled.message(reader)
        yield Message(number, letterhead.address, address, data)
