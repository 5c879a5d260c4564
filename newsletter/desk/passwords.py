"""Passwords: long enough and not the worst; no other rules (NIST SP 800-63B, section 3.1.1.2)."""

import unicodedata
from functools import cache

from pwdlib import PasswordHash

from newsletter.desk.errors import WeakPassword

SHORTEST, LONGEST = 12, 256

_WORST = [
    "123456789012",
    "1234567890123",
    "passwordpassword",
    "password1234",
    "password12345",
    "qwertyuiop123",
    "qwertyuiopasdf",
    "iloveyouiloveyou",
    "letmeinletmein",
    "adminadminadmin",
    "administrator",
    "newsletter123",
    "newsletternewsletter",
    "abcdefghijkl",
    "abc123abc123",
    "changemechangeme",
    "welcome12345",
    "correcthorsebatterystaple",
]


def hashed(password: str) -> str:
    """The argon2 hash to keep. Raises WeakPassword, which never repeats it."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"A password has {SHORTEST} signs or more; a few words in a row are good and easy to keep.")
    if password.lower() in _WORST or len(set(password)) < 5:
        raise WeakPassword("Everybody tries this one first: take a few words that do not belong together.")
    return _hasher().hash(_typed(password))


def matches(password: str, kept: str | None) -> bool:
    """Whether it is the one; where none is kept it takes just as long and says no."""
    right = _hasher().verify(_typed(password[:LONGEST]), kept or _nobody())
    return right and kept is not None


def _typed(password: str) -> str:
    """The same for every keyboard that writes the same signs (NIST SP 800-63B, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")
