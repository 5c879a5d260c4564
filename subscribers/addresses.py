"""Addresses: what may be written to, how it is compared, and how it goes into the envelope."""

import re
import unicodedata
from dataclasses import dataclass, field

from email_validator import EmailNotValidError, validate_email

from subscribers.errors import BadAddress

LONGEST = 254
"""RFC 5321, section 4.5.3.1.3: a path has 256 octets, two of them its brackets."""

_DOTLESS = ("gmail.com", "googlemail.com")
"""Where dots in the local part make no difference, and the two names are one."""
_ALIKE = {"LATIN", "CYRILLIC", "GREEK"}
_PLAIN = re.compile(
    r"""[\w+\-]++(?:\.[\w+\-]++)*+                       # a dot-atom (RFC 5322, section 3.2.3) of common signs
    @
    (?:[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.)++          # labels (RFC 1035, section 2.3.1) without --
    (?!(?i:arpa|invalid|local|localhost|onion|test)\Z) # names that mail cannot go to (RFC 6761)
    [A-Za-z]{2,}""",
    re.VERBOSE | re.ASCII,
)
"""What nearly all addresses are like: these are known to be good without a closer look, a hundred times as fast."""
_PLAIN_LONGEST = 64
"""Signs of one that is looked at no closer: none of its parts can be too long (RFC 5321, section 4.5.3.1)."""

_NO_ADDRESS = "This is not an address that mail can be sent to; look for a typing error."
_SLIPPED = re.compile("[\N{REPLACEMENT CHARACTER}\N{FULLWIDTH EXCLAMATION MARK}-\N{FULLWIDTH TILDE}]")
"""What was read in another encoding than it was written in, and Latin letters of a keyboard for Chinese or Japanese."""
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
    if _is_plain(address):
        local, _, domain = address.partition("@")
        return Address(local=local, domain_ascii=domain.lower(), text=f"{local}@{domain.lower()}")
    _refuse_early(address)
    known = _validated(address)
    _refuse_look_alikes(known.text.casefold())  # as it is compared: a micro sign is a Greek letter then
    return known


def forms(address: str) -> tuple[str, str]:
    """`for_lookup(normal(address))` and `normal(address).text`, quickly: for many addresses. Raises BadAddress."""
    if seen := glance(address):
        return seen
    known = normal(address)
    return for_lookup(known), known.text


def glance(address: str) -> tuple[str, str] | None:
    """`forms` of an address that is good at a glance; nothing for one that needs a closer look."""
    if not _is_plain(address):
        return None
    compared = address.lower()
    if compared == address:
        return compared, compared
    local, _, domain = address.partition("@")
    return compared, f"{local}@{domain.lower()}"


def _is_plain(address: str) -> bool:
    """Whether it needs no closer look."""
    return len(address) <= _PLAIN_LONGEST and _PLAIN.fullmatch(address) is not None


def _validated(address: str) -> Address:
    try:
        valid = validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise BadAddress(_NO_ADDRESS) from None
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
    if address.startswith('"'):
        raise BadAddress("The address begins with a quotation mark; such addresses are not written to.")
    if address.endswith(("]", ">")):
        raise BadAddress("The address has brackets; give the bare address, with a name for its domain.")
    if _SLIPPED.search(address.rpartition("@")[0]):
        raise BadAddress(_NO_ADDRESS)


def _refuse_look_alikes(address: str) -> None:
    """Latin, Cyrillic and Greek share shapes: mixed within one part they are a slip, or a trap (UTS #39, section 5)."""
    for part in re.split(r"[@.\-]", address):
        scripts = {unicodedata.name(sign, "").partition(" ")[0] for sign in part if sign.isalpha()} & _ALIKE
        if len(scripts) > 1:
            raise BadAddress("The address mixes Latin, Cyrillic or Greek letters, which look alike; type it anew.")


def for_lookup(address: Address) -> str:
    """The form that decides whether two spellings are one person: the local part case-folded."""
    return f"{unicodedata.normalize('NFC', address.local.casefold())}@{address.domain_ascii}"


def mailbox(text: str) -> Address:
    """Where mail to `text`, an address as it was kept, probably ends up: without what follows a plus (RFC 5233)."""
    local, _, domain = kept_envelope(text).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), _DOTLESS[0]
    return Address(local=local, domain_ascii=domain, text=f"{local}@{domain}")


def envelope(address: Address) -> str:
    """The form for SMTP's RCPT TO: the domain as A-labels, the local part as it is."""
    return f"{address.local}@{address.domain_ascii}"


def kept_envelope(text: str) -> str:
    """The same from `Address.text` as it was kept: one all in ASCII has no domain in another script."""
    return text if text.isascii() else envelope(_validated(text))
