"""What things and people are called, as a person typed it."""

import unicodedata

from subscribers.errors import SubscriberError


def tidy(name: str, longest: int) -> str:
    """The name in NFC on one line, without control signs and signs that turn the reading direction around.

    Raises SubscriberError where it is longer than `longest` signs.
    """
    shown = " ".join(unicodedata.normalize("NFC", name).split())
    if not shown.isprintable():  # what is unfit is not, and to look at each sign takes long
        shown = "".join(sign for sign in shown if not _is_unfit(sign))
    if len(shown) > longest:
        raise SubscriberError(f"The name is longer than {longest} signs.")
    return shown


def _is_unfit(sign: str) -> bool:
    """Unicode's control signs, lone surrogates, and the overrides of UAX #9, section 2."""
    return unicodedata.category(sign) in {"Cc", "Cs"} or "\u202a" <= sign <= "\u202e" or "\u2066" <= sign <= "\u2069"
