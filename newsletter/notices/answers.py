"""Mails that answer a form. What each says is found out when it is written: the form itself looks at nobody.

So a form does the same for every address, and only who reads the mail learns what the list knows about it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.notices.models import Notice
from subscribers import address_change
from subscribers.address_change import Side, Standing
from subscribers.addresses import mailbox
from subscribers.joining import FORGOTTEN_AFTER, reader_with
from subscribers.mailed import MOST, Kind, may_mail
from subscribers.models import SignUp, Suppression
from subscribers.tokens import Purpose, make, make_timed
from subscribers.vault import Vault

CHANGE: Mapping[Side, Purpose] = {Side.OLD: Purpose.CHANGE_OLD, Side.NEW: Purpose.CHANGE_NEW}
"""Of the link in each of the two mails about another address."""


class Words(NamedTuple):
    """A folder of templates/email/notices, and what fills it."""

    template: str
    values: dict[str, str]


def answer(session: Session, vault: Vault, notice: Notice, values: Mapping[str, str]) -> Words | None:
    """What to write to the owner of the address, or nothing: none is due, or they had their mail for today.

    `values` are the form's: the `brand`, the `base_url` that links begin with, for how many days a sign-up `waits`, and
    the number of a `change` of address.
    """
    kind = Kind(notice.template)
    words = FORMS[kind](session, vault, notice, values)
    counts = words is not None and kind in MOST and notice.tries == 1
    if counts and not may_mail(session, _bounded(vault, notice, kind), kind, notice.created_at.date()):
        return None
    return words


def _bounded(vault: Vault, notice: Notice, kind: Kind) -> bytes:
    """Whose mails are counted: where anybody may type an address, all spellings that one mailbox takes."""
    if kind is Kind.PREFERENCES:  # goes to readers alone
        return notice.address_hash
    return vault.hash(mailbox(vault.open_address(notice.sealed_address, notice.address_hash)))


def _to_sign_up(session: Session, vault: Vault, notice: Notice, values: Mapping[str, str]) -> Words | None:
    mine = SignUp.address_hash == notice.address_hash
    reader = reader_with(session, notice.address_hash)
    if reader is not None:
        session.execute(delete(SignUp).where(mine, SignUp.sealed_address.is_not(None)))  # there is nothing to confirm
        return _about_reader("already", vault, reader, notice, values)
    sign_up = session.scalar(select(SignUp.id).where(mine, SignUp.sealed_address.is_not(None)))
    if sign_up is None:
        return None
    link = f"{values['base_url']}/confirm/{make(vault, Purpose.CONFIRM, sign_up)}"
    left = session.get(Suppression, notice.address_hash) is not None
    told = {"brand": values["brand"], "link": link, "waits": values.get("waits", str(FORGOTTEN_AFTER.days))}
    return Words("return" if left else "confirm", told)


def _to_preferences(session: Session, vault: Vault, notice: Notice, values: Mapping[str, str]) -> Words | None:
    reader = reader_with(session, notice.address_hash)
    return None if reader is None else _about_reader("preferences", vault, reader, notice, values)


def _to_old_address(session: Session, vault: Vault, notice: Notice, values: Mapping[str, str]) -> Words | None:
    if reader_with(session, notice.address_hash) is None:
        return None
    return _about_change("change-old", session, vault, Side.OLD, notice, values)


def _to_new_address(session: Session, vault: Vault, notice: Notice, values: Mapping[str, str]) -> Words | None:
    """Who is known there is told so, and nothing changes."""
    words = _about_change("change-new", session, vault, Side.NEW, notice, values)
    if words is None:
        return None
    if known := _to_sign_up(session, vault, notice, values):
        return known
    if session.get(Suppression, notice.address_hash) is not None:
        link = f"{values['base_url']}/subscribe?lang={notice.language}"
        return Words("change-off", {"brand": values["brand"], "link": link})
    return words


def _about_change(
    template: str, session: Session, vault: Vault, side: Side, notice: Notice, values: Mapping[str, str]
) -> Words | None:
    change = int(values["change"])
    if address_change.standing(session, change, side, notice.created_at) is not Standing.ASKED:
        return None
    link = f"{values['base_url']}/address/{make(vault, CHANGE[side], change)}?lang={notice.language}"
    return Words(template, {"brand": values["brand"], "link": link, "waits": str(address_change.KEPT.days)})


def _about_reader(template: str, vault: Vault, reader: int, notice: Notice, values: Mapping[str, str]) -> Words:
    base_url = values["base_url"]
    token = make_timed(vault, Purpose.PREFERENCES, reader, notice.created_at)
    links = {
        "link": f"{base_url}/preferences/{token}?lang={notice.language}",
        "leave_link": f"{base_url}/u/{make(vault, Purpose.LEAVE, reader)}",
    }
    return Words(template, {"brand": values["brand"], **links})


FORMS: Mapping[str, Callable[[Session, Vault, Notice, Mapping[str, str]], Words | None]] = {
    Kind.SIGN_UP: _to_sign_up,
    Kind.PREFERENCES: _to_preferences,
    Kind.CHANGE_OLD: _to_old_address,
    Kind.CHANGE_NEW: _to_new_address,
}
"""What answers each form."""
