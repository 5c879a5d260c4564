"""What a mail server's answer means, and what becomes of the delivery: a table over status codes (RFC 3463).

docs/sending.md shows the same table to people. Where a server sends no status code, its words are read (`reasons`).
"""

import enum
from datetime import datetime, timedelta

from newsletter.delivery.models import State
from newsletter.delivery.reasons import ABOUT_US, FILTER, NOBODY_THERE, TOO_MUCH, speaks_of
from newsletter.mail import Reply

LONGEST_WAIT = timedelta(hours=1)
"""Between two tries; they begin a minute apart, and each wait is twice the last."""

NOBODY = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No mailbox, no mail domain, no address at all, moved, takes no mail by its own word (RFC 7505), switched off."""
OUT_OF_ORDER = frozenset({503, 530})
"""We speak out of turn, or are not signed in (RFC 5321, RFC 4954): whoever the mail is for, as with..."""
OURS = frozenset({"5.1.7", "5.1.8", "5.5.1"})
"""... our own address is none, no mail can go to it, or the command is not for now. (5.5.0 is said of mailboxes.)"""
SAYS_NOTHING = frozenset({"", "4.0.0", "5.0.0"})


class Meaning(enum.Enum):
    """What an answer says, and about whom."""

    TAKEN = enum.auto()
    NOBODY = enum.auto()
    """There is no such person: no mail will ever arrive."""
    REFUSED = enum.auto()
    """Not this mail to this person."""
    TURNED_AWAY = enum.auto()
    """Our address, right to send or reputation, or their policy: about us, whoever the mail is for at that domain."""
    LATER = enum.auto()
    SILENCE = enum.auto()
    """After the whole message, so that it may have arrived."""


_FOR_GOOD = {
    Meaning.TAKEN: State.ACCEPTED,
    Meaning.NOBODY: State.REFUSED,
    Meaning.REFUSED: State.REFUSED,
    Meaning.SILENCE: State.IN_DOUBT,  # RFC 1047: sending again is a person's decision
}


def verdict(reply: Reply, tries: int, since: datetime, deadline: datetime) -> tuple[State, datetime | None]:
    """What a reply makes of a delivery after so many tries, and when to try again: a while after `since`."""
    if state := _FOR_GOOD.get(meaning(reply)):
        return state, None
    retry_at = since + back_off(tries, reply.delivery)
    return (State.PENDING, retry_at) if retry_at <= deadline else (State.GIVEN_UP, None)


def meaning(reply: Reply) -> Meaning:
    """What this reply says."""
    if reply.accepted:
        return Meaning.TAKEN
    if reply.code is None:
        return Meaning.SILENCE if reply.complete else Meaning.LATER
    return _no(reply) if reply.refused else _not_now(reply)


def back_off(tries: int, number: int) -> timedelta:
    """How long to wait after so many tries: up to a quarter less by somebody's `number`, so that those who were told
    "later" in one moment do not all come back in one."""
    spread = number * 0x9E37_79B1 % 2**32 / 2**32  # Knuth's multiplicative hash: neighbours end far apart
    return min(timedelta(minutes=2 ** min(tries - 1, 10)), LONGEST_WAIT) * (1 - spread / 4)


def _no(reply: Reply) -> Meaning:
    """Of a 5xx. Words about us count more than a code about the person: servers quote what ours was found to be."""
    if _is_about_us(reply):
        return Meaning.TURNED_AWAY
    if reply.status in SAYS_NOTHING:
        return _by_words(reply)
    if reply.status in NOBODY:  # 5.2.1 is also said of mailboxes that get too much at once
        return Meaning.REFUSED if speaks_of(TOO_MUCH, reply.text) else Meaning.NOBODY
    return Meaning.REFUSED


def _is_about_us(reply: Reply) -> bool:
    by_code = reply.code in OUT_OF_ORDER or reply.status in OURS or reply.status.startswith("5.7.")
    return by_code or speaks_of(ABOUT_US, reply.text)


def _by_words(reply: Reply) -> Meaning:
    """A 550 or 553 to the recipient alone may say that nobody is there. Words for both say nothing sure."""
    nobody = reply.code in (550, 553) and not reply.complete and speaks_of(NOBODY_THERE, reply.text)
    turned_away = speaks_of(FILTER, reply.text) or speaks_of(TOO_MUCH, reply.text)
    if nobody == turned_away:
        return Meaning.REFUSED
    return Meaning.NOBODY if nobody else Meaning.TURNED_AWAY


def _not_now(reply: Reply) -> Meaning:
    """Of a 4xx. Most are about the moment, as greylisting is (RFC 6647); those about our rate or name are not."""
    about_us = reply.status in SAYS_NOTHING or reply.status.startswith("4.7.")
    return Meaning.TURNED_AWAY if about_us and speaks_of(TOO_MUCH, reply.text) else Meaning.LATER
