"""Mail domains that were probably meant otherwise, or that will soon not be there. A hint, never a refusal."""

from typing import Literal, NamedTuple

_WELL_KNOWN = (
    "gmail.com googlemail.com yahoo.com yahoo.es yahoo.fr yahoo.de yahoo.com.mx yahoo.com.ar yahoo.com.br yahoo.com.vn "
    "yahoo.co.uk ymail.com rocketmail.com hotmail.com hotmail.es hotmail.fr hotmail.co.uk outlook.com outlook.es "
    "outlook.fr live.com live.com.mx msn.com icloud.com me.com mac.com aol.com aim.com mail.com email.com gmx.com "
    "gmx.net gmx.de proton.me protonmail.com pm.me tutanota.com tuta.com fastmail.com riseup.net zoho.com yandex.com "
    "mail.ru comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net "
    "prodigy.net.mx"
)
WELL_KNOWN = frozenset(_WELL_KNOWN.split())
"""Where most readers have their mailbox; what differs from one of them by one slip is asked about."""

_DISPOSABLE = (
    "10minutemail.com 20minutemail.com burnermail.io discard.email dispostable.com dropmail.me emailondeck.com "
    "fakeinbox.com getairmail.com getnada.com grr.la guerrillamail.com guerrillamail.info guerrillamail.net "
    "guerrillamail.org guerrillamailblock.com inboxkitten.com mail-temp.com mail.tm maildrop.cc mailcatch.com "
    "mailinator.com mailinator.net mailnesia.com mailsac.com mintemail.com moakt.com mohmal.com mytemp.email "
    "sharklasers.com spam4.me spambox.us spamgourmet.com temp-mail.io temp-mail.org tempail.com tempinbox.com "
    "tempmail.com tempmail.net tempmailo.com tempr.email throwawaymail.com trash-mail.com trashmail.com trashmail.de "
    "trashmail.net wegwerfmail.de yopmail.com yopmail.fr yopmail.net"
)
DISPOSABLE = frozenset(_DISPOSABLE.split())
"""Mailboxes that live for minutes, or that anyone can open."""


class Doubt(NamedTuple):
    """Why a reader is asked once more."""

    kind: Literal["typo", "disposable"]
    instead: str
    """The domain that was probably meant; nothing for a disposable one."""


def doubt(domain: str) -> Doubt | None:
    """What is odd about this domain (A-labels in lower case), if anything."""
    if domain in WELL_KNOWN:
        return None
    if domain in DISPOSABLE:
        return Doubt("disposable", "")
    meant = next((known for known in sorted(WELL_KNOWN) if len(known) > 7 and _one_slip(domain, known)), None)
    return Doubt("typo", meant) if meant else None


def _one_slip(typed: str, meant: str) -> bool:
    """Whether one sign is missing, too many or another, or two neighbours changed places."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    start = next((place for place, pair in enumerate(zip(typed, meant, strict=False)) if pair[0] != pair[1]), -1)
    if start < 0:
        return typed != meant
    rest, wanted = typed[start:], meant[start:]
    swapped = rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]
    return swapped or rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:]
