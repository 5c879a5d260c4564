"""The brake: where most people are refused of late it is about us, whatever servers say, and nobody is to lose by it.

The mailing pauses, and whoever was refused of late waits again, on the list as before.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from newsletter.delivery.models import Attempt, Delivery, Mailing, MailingState, State
from newsletter.delivery.moves import move
from newsletter.delivery.verdicts import Meaning, meaning
from newsletter.mail import Reply
from subscribers import suppression

NOES = frozenset({Meaning.NOBODY, Meaning.REFUSED})
"""For good, and about a person or a message, as far as the words go."""
FEWEST = 10
"""People refused: of few, most may well be gone."""
LATELY = 100
"""Tries that are looked at: no transport has more people on its way at once."""

_GOING_ON = (MailingState.SENDING, MailingState.PAUSED)
"""What was on its way when it paused is answered for later."""


class Brake:
    """That of one mailing; it writes in a transaction of its own."""

    def __init__(self, connection: Connection, mailing: int) -> None:
        self._connection = connection
        self._mailing = mailing
        self._lately = _lately(mailing)
        self._until_look = 1.0
        """So many more must be refused before it is worth a look: to look costs as much as ten messages."""

    def pull(self, refused: int) -> bool:
        """So many more were refused: where most were of late, pause the mailing and take back what was refused then."""
        self._until_look -= refused
        if self._until_look > 0:
            return False
        with self._connection.begin():
            said = [(row, meaning(_reply(row))) for row in self._connection.execute(self._lately)]
            noes = [row for row, meant in said if meant in NOES]
            accepted = sum(meant is Meaning.TAKEN for _, meant in said)
            lacking = _lacking(noes, accepted)
            self._until_look = min(lacking, FEWEST)
            return lacking <= 0 and self._pause(noes, len(noes) + accepted)

    def _pause(self, noes: Sequence[Row[Any]], answers: int) -> bool:
        going_on = update(Mailing).where(Mailing.id == self._mailing, Mailing.state.in_(_GOING_ON))
        unresumed = going_on.where(Mailing.resumed_after == noes[0].resumed_after)
        note = _note(len(noes), answers, _reply(noes[0]).said)
        if not self._connection.execute(unresumed.values(state=MailingState.PAUSED, note=note)).rowcount:
            return False
        back = Delivery.id.in_([row.delivery_id for row in noes]) & (Delivery.state == State.REFUSED)
        people = select(Delivery.subscriber_id).where(back, Delivery.subscriber_id.is_not(None))
        suppression.take_back(self._connection, people)  # before the deliveries, as who erases somebody does
        move(self._connection, State.REFUSED, State.PENDING, back, retry_at=None, reason="")
        return True


def _lately(mailing: int) -> Select[Any]:
    """What was said of late about people of this mailing, the newest first, since somebody resumed it."""
    # Cut off before anything is joined to it: or all that the mailing ever tried might be read, each time.
    last = select(Attempt).order_by(Attempt.id.desc()).limit(LATELY).subquery()
    mine = (
        select(last.c.delivery_id, last.c.code, last.c.text, Delivery.tries, Mailing.resumed_after)
        .join(Delivery, Delivery.id == last.c.delivery_id)
        .join(Mailing, Mailing.id == Delivery.mailing_id)
    )
    answered = mine.where(Mailing.id == mailing, last.c.code.is_not(None))
    return answered.where(last.c.id > Mailing.resumed_after).order_by(last.c.id.desc())


def _lacking(noes: Sequence[Row[Any]], accepted: int) -> float:
    """How many more must be refused before it is about us: half of all, and no few.

    Who resumed the mailing is taken to know that. From then on it takes that nobody is accepted, and so many who were
    not refused before: or a mailing would never end where those who are left are gone indeed.
    """
    if not noes or not noes[0].resumed_after:
        return max(FEWEST, (len(noes) + accepted) / 2) - len(noes)
    return FEWEST - sum(row.tries == 1 for row in noes) if not accepted else FEWEST


def _reply(row: Row[Any]) -> Reply:
    return Reply(row.delivery_id, row.code, row.text, complete=True)


def _note(refused: int, answers: int, said: str) -> str:
    return (
        f"{refused} of the last {answers} people were refused, the last with “{said}”: that is likely about us. Nobody "
        "counts as refused for it, and nobody is taken off the list. Look at FROM and TRANSPORT, at the mail’s size "
        "and at the mail provider’s dashboard; then resume, and they are tried again."
    )
