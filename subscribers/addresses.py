"""Addresses: what may be written to, how it is compared, and how it goes into the envelope."""

import unicodedata
from dataclasses import dataclass, field

from email_validator import EmailNotValidError, validate_email

from subscribers.errors import BadAddress

LONGEST = 254
"""RFC 5321, section 4.5.3.1.3: a path has 256 octets, two of them its brackets."""

_NEVER = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's control, format, surrogate and line-separating signs."""


@dataclass(frozen=True, slots=True)
class Address:
    """A normalised address. Its repr shows nothing: it may end up in a log."""

    local: str = field(repr=False)
    """The part before the @ as it was written (NFC); it may need SMTPUTF8 (RFC 6531)."""
    domain_ascii: str = field(repr=False)
    """The domain as A-labels in lower case (RFC 5890)."""
    text: str = field(repr=False)
    """The whole address for people to read: the domain in its own script."""


def normal(address: str) -> Address:
    """Normalise `address`, or raise BadAddress, whose message never repeats it. No name server is asked."""
    address = address.strip(" \t")
    _refuse_early(address)
    try:
        valid = validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise BadAddress("This is not an address that mail can be sent to; look for a typing error.") from None
    local, domain = valid.local_part, valid.ascii_domain.lower()
    return Address(local=local, domain_ascii=domain, text=f"{local}@{valid.domain}")


def _refuse_early(address: str) -> None:
    """What deserves its own words, said before anything else looks at it."""
    if not address:
        raise BadAddress("The address is empty.")
    if len(address) > LONGEST:
        raise BadAddress(f"The address is longer than {LONGEST} signs.")
    if any(unicodedata.category(sign) in _NEVER for sign in address):
        raise BadAddress("The address holds a line break or an invisible sign; type it anew.")
    if "@" not in address:
        raise BadAddress("The address has no @.")


def for_lookup(address: Address) -> str:
    """The form that decides whether two spellings are one person: the local part case-folded."""
    return f"{unicodedata.normalize('NFC', address.local.casefold())}@{address.domain_ascii}"


def envelope(address: Address) -> str:
    """The form for SMTP's RCPT TO: the domain as A-labels, the local part as it is."""
    return f"{address.local}@{address.domain_ascii}"


def kept_envelope(text: str) -> str:
    """The same from `Address.text` as it was kept: one all in ASCII has no domain in another script."""
    return text if text.isascii() else envelope(normal(text))
