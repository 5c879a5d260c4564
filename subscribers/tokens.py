"""Tokens in links: derived from the subscriber's id, never stored, good for years.

A token is one AES block (id, purpose, zeros) in base64url: 22 characters. The zeros are what makes a token hard to
make up: a random one reads as true once in 2**64.
"""

import enum
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

from subscribers.vault import Vault

_LAYOUT = struct.Struct(">QB7s")
_ZEROS = bytes(7)
_CANONICAL = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]", re.ASCII)
"""16 bytes in base64url: the last character carries two bits, so that each token has one spelling."""


class Purpose(enum.IntEnum):
    """What a link may do. The numbers stand in mails that were sent: never change one."""

    LEAVE = 1


def make(vault: Vault, purpose: Purpose, subscriber_id: int) -> str:
    """The token for one person and purpose, 22 characters, under the newest token key."""
    block = vault.token_blocks[-1].encrypt(_LAYOUT.pack(subscriber_id, purpose, _ZEROS))
    return urlsafe_b64encode(block)[:22].decode()


def read(vault: Vault, purpose: Purpose, token: str) -> int | None:
    """The subscriber's id, or nothing where the token was not made here for this purpose."""
    if not _CANONICAL.fullmatch(token):
        return None
    sealed = urlsafe_b64decode(token + "==")
    for block in reversed(vault.token_blocks):
        subscriber_id, meant_for, zeros = _LAYOUT.unpack(block.decrypt(sealed))
        if zeros == _ZEROS and meant_for == purpose:
            return int(subscriber_id)
    return None
