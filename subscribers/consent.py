"""By what right people are on the list: what they were told, by version, and on which days."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from subscribers.errors import BadLanguage, NoConsent
from subscribers.inserting import insert_new
from subscribers.languages import normal
from subscribers.models import Consent, ConsentWording


@dataclass(frozen=True, slots=True)
class Wording:
    """What people were told when they agreed, and in which language."""

    language: str
    text: str


def wording_id(session: Session, wording: Wording) -> int:
    """The number under which this very wording is kept; a new one is kept from now on.

    Raises NoConsent for an empty wording, BadLanguage for a language that is none.
    """
    text = wording.text.strip()
    if not text:
        raise NoConsent("Say what these people agreed to, and where: nobody is written to without consent.")
    language = normal(wording.language)
    if not language or "," in language:
        raise BadLanguage("The wording's language is one tag, like en, es, vi or ar.")
    kept = {"language": language, "digest": hashlib.sha256(text.encode()).hexdigest()}
    session.execute(insert_new(session, ConsentWording).values(**kept, text=text))
    return session.scalars(select(ConsentWording.id).filter_by(**kept)).one()


def record(
    session: Session,
    people: Iterable[int],
    *,
    wording: int,
    came_by: str,
    now: datetime,
    asked_on: date | None = None,
) -> None:
    """Note for each of `people` (subscriber ids) that consent stands from today; `asked_on` where a form asked."""
    kept = {"wording_id": wording, "came_by": came_by, "asked_on": asked_on, "confirmed_on": now.date()}
    rows = [{"subscriber_id": person, **kept} for person in people]
    if rows:
        session.execute(insert(Consent), rows)
