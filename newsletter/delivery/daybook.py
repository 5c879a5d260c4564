"""The daybook: who departed and who was accepted, a line for each commit, until it is posted to the books.

As bookkeepers do: first what happens, as it happens; then everything in its place. A line is one row, where the same in
its place would be dozens on many pages, and each commit waits for its pages. Lines are posted by the hundred, or when a
second is over. What is out of the ordinary is written to its place at once, after the lines before it. Whoever settles
what a dead sender had in hand posts its lines first, and finds the books as if there were no daybook.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import JSON, Connection, DateTime, Integer, and_, bindparam, delete, func, insert, literal, select

from newsletter.db import Prepared, among
from newsletter.delivery.models import DaybookLine, Delivery, Mailing, MailingState, State
from newsletter.delivery.moves import is_still_reachable
from newsletter.delivery.statements import Entries
from newsletter.mail import Reply

_MOST = 100
"""Lines that are kept."""
_A_WHILE = timedelta(seconds=1)
"""For which they are: people want to see how far a mailing is."""


class Daybook:
    """That of one mailing and one generation; it writes in the caller's transaction."""

    def __init__(self, connection: Connection, mailing: int, generation: int, entries: Entries) -> None:
        self._connection = connection
        self._generation = generation
        self._entries = entries
        self._write = _writing(connection, mailing, generation)
        self._lines = 0
        self._since: datetime | None = None
        """When the first of them was written."""

    def write(self, accepted: Sequence[Reply], departing: frozenset[int], now: datetime) -> bool:
        """A line; none where the mailing stopped or somebody may not depart: both are asked in the statement itself."""
        ids = tuple(departing)
        if not self._write.run([(now, ids, tuple(accepted), ids, len(ids))]):
            return False
        self._lines += 1
        self._since = self._since or now
        if self._lines >= _MOST or abs(now - self._since) >= _A_WHILE:  # also where the clock was set back
            self.post()
        return True

    def post(self) -> None:
        """Put everything in its place."""
        post(self._connection, self._generation, self._entries)
        self._lines, self._since = 0, None


def post(connection: Connection, generation: int, entries: Entries) -> None:
    """Put in its place what a generation wrote, inside the caller's transaction."""
    mine = DaybookLine.generation_id == generation
    line = select(DaybookLine.written_at, DaybookLine.departed, DaybookLine.accepted).where(mine)
    lines = connection.execute(line.order_by(DaybookLine.id)).all()
    if not lines:
        return
    away: dict[int, datetime] = {}  # since when
    answered: list[tuple[Reply, datetime, datetime]] = []
    for at, departed, accepted in lines:
        replies = [Reply._make(reply) for reply in accepted]
        late = [reply for reply in replies if reply.delivery not in away]  # they departed before the last posting
        entries.end_attempts(late, at)
        entries.accept([reply.delivery for reply in late])
        answered += [(reply, away.pop(reply.delivery), at) for reply in replies if reply.delivery in away]
        away |= dict.fromkeys(departed, at)
    entries.accept_at_once(answered)
    for at in sorted(set(away.values())):
        entries.gone([delivery for delivery, since in away.items() if since == at], at)
    connection.execute(delete(DaybookLine).where(mine))


def _writing(connection: Connection, mailing: int, generation: int) -> Prepared:
    at, many = bindparam("at", type_=DateTime(timezone=True)), bindparam("many", type_=Integer)
    departed, accepted = bindparam("departed", type_=JSON), bindparam("accepted", type_=JSON)
    held = and_(Delivery.generation_id == generation, Delivery.state == State.CLAIMED)
    may = select(func.count()).where(among(Delivery.id, "all", connection), held, is_still_reachable())
    sending = select(Mailing.id).where(Mailing.id == mailing, Mailing.state == MailingState.SENDING)
    goes_on = sending.with_for_update(read=True).exists()  # nobody can pause or cancel it before the commit
    line = select(literal(generation), at, departed, accepted).where(goes_on, may.scalar_subquery() == many)
    columns = ["generation_id", "written_at", "departed", "accepted"]
    writing = insert(DaybookLine).from_select(columns, line)
    return Prepared(writing, connection, "at", "departed", "accepted", "all", "many")
