"""Tokens in links and forms: derived from a number, never stored.

A token is one AES block (number, purpose, zeros) in base64url: 22 characters. The zeros are what makes a token hard to
make up: a random one reads as true once in 2**64. Those that hold for a while only carry the second they were made in:
half of the number is theirs.
"""

import enum
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import NamedTuple

from subscribers.vault import Vault

_LAYOUT = struct.Struct(">QB7s")
_ZEROS = bytes(7)
_CANONICAL = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]", re.ASCII)
"""16 bytes in base64url: the last character carries two bits, so that each token has one spelling."""


class Purpose(enum.IntEnum):
    """What a link may do. The numbers stand in mails that were sent: never change one."""

    LEAVE = 1
    """A subscriber's; for years."""
    CONFIRM = 2
    """A sign-up's; for as long as it is kept."""
    PREFERENCES = 3
    """A subscriber's, for a while."""
    FORM = 4
    """When a form was shown."""
    PATIENCE = 5
    """When an address was asked to wait, or to work, before its form is taken."""
    CHANGE_OLD = 6
    """A change of address's, for who reads the old address's mail; for as long as it is kept."""
    CHANGE_NEW = 7
    """The same for the new address."""
    ERASED = 8
    """When somebody was erased, for their receipt; it says nothing of whom."""


def make(vault: Vault, purpose: Purpose, number: int) -> str:
    """The token for one row and purpose, 22 characters, under the newest token key."""
    block = vault.token_blocks[-1].encrypt(_LAYOUT.pack(number, purpose, _ZEROS))
    return urlsafe_b64encode(block)[:22].decode()


def read(vault: Vault, purpose: Purpose, token: str) -> int | None:
    """The row's number, or nothing where the token was not made here for this purpose."""
    if not _CANONICAL.fullmatch(token):
        return None
    sealed = urlsafe_b64decode(token + "==")
    for block in reversed(vault.token_blocks):
        number, meant_for, zeros = _LAYOUT.unpack(block.decrypt(sealed))
        if zeros == _ZEROS and meant_for == purpose:
            return int(number)
    return None


class Timed(NamedTuple):
    """What a token holds that is good for a while."""

    number: int
    made_at: datetime


def make_timed(vault: Vault, purpose: Purpose, number: int, now: datetime) -> str:
    """A token that says when it was made, to the second; `number` is below 2**32."""
    return make(vault, purpose, number << 32 | int(now.timestamp()))


def read_timed(vault: Vault, purpose: Purpose, token: str) -> Timed | None:
    """What `make_timed` put in, however long ago, or nothing where the token was not made here for this purpose."""
    held = read(vault, purpose, token)
    return None if held is None else Timed(held >> 32, datetime.fromtimestamp(held & 0xFFFF_FFFF, UTC))
