"""The three keys: made once, kept in a file outside the home, never shown.

The address key may be renewed: values carry the id of the key that sealed them. The look-up key never changes, since
the hash of someone erased could not be made again. Token keys are added and never removed: links hold for years.
"""

import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from subscribers.errors import KeysMissing, SubscriberError

SIZE = 32
"""Bytes of every key."""


@dataclass(frozen=True)
class Keys:
    """The keys themselves; the repr shows none."""

    addresses: Mapping[int, bytes] = field(repr=False)
    """By id, 1 to 255."""
    current: int
    """The id of the address key that seals new values."""
    lookup: bytes = field(repr=False)
    tokens: tuple[bytes, ...] = field(repr=False)
    """The newest last."""
    retired_at: datetime | None = None
    """Since when the current address key took the place of the others; nothing where there is only one."""

    @classmethod
    def fresh(cls) -> "Keys":
        """New keys, kept nowhere yet."""
        address, lookup, token = (secrets.token_bytes(SIZE) for _ in range(3))
        return cls({1: address}, 1, lookup, (token,))

    @classmethod
    def create(cls, path: Path) -> "Keys":
        """Make new keys and keep them at `path`, readable only by this user. Never replaces a file."""
        keys = cls.fresh()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        _write_private(part, keys._as_text())
        try:
            os.link(part, path)  # unlike a rename, it fails where there is a file already
        except FileExistsError:
            raise SubscriberError(f"There is a key file at {path} already; it was left as it is.") from None
        finally:
            part.unlink()
        return keys

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """The keys kept at `path`; KeysMissing where there are none that work."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise KeysMissing(
                f"The key file {path} cannot be read ({why}); put it back from where you keep it safe, "
                "for without it no address can be opened."
            ) from None
        try:
            return cls._from_text(text)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise KeysMissing(
                f"The key file {path} is damaged; put it back from where you keep it safe."
            ) from None  # the cause would quote the keys

    def renewed(self, now: datetime) -> "Keys":
        """The same with a new address key that seals from now on; the others still open what they sealed."""
        number = self.current % 255 + 1
        addresses = {**self.addresses, number: secrets.token_bytes(SIZE)}
        return replace(self, addresses=addresses, current=number, retired_at=now)

    def without_older(self) -> "Keys":
        """The same with the current address key alone: what others sealed can be opened no more."""
        return replace(self, addresses={self.current: self.addresses[self.current]}, retired_at=None)

    def take_place(self, path: Path) -> None:
        """Put these keys where others are kept, with the same owner: after a crash there is one or the other."""
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            _write_private(part, self._as_text(), path.stat())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(path.parent)

    def _as_text(self) -> str:
        return json.dumps(
            {
                "retired_at": self.retired_at and self.retired_at.isoformat(),
                "current": self.current,
                "addresses": {str(number): _encoded(key) for number, key in self.addresses.items()},
                "lookup": _encoded(self.lookup),
                "tokens": [_encoded(key) for key in self.tokens],
            },
            indent=2,
        )

    @classmethod
    def _from_text(cls, text: str) -> "Keys":
        held: Any = json.loads(text)
        addresses = {int(number): _decoded(key) for number, key in held["addresses"].items()}
        tokens = tuple(_decoded(key) for key in held["tokens"])
        if held["current"] not in addresses or not tokens or not all(0 < number < 256 for number in addresses):
            raise ValueError("a key is missing")
        retired_at = datetime.fromisoformat(held["retired_at"]) if held.get("retired_at") else None
        return cls(addresses, held["current"], _decoded(held["lookup"]), tokens, retired_at)


def _encoded(key: bytes) -> str:
    return b64encode(key).decode()


def _decoded(text: str) -> bytes:
    key = b64decode(text, validate=True)
    if len(key) != SIZE:
        raise ValueError("a key of another size")
    return key


def _write_private(path: Path, text: str, like: os.stat_result | None = None) -> None:
    """Write a new file that only its owner may read, and wait until it is on the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        if like:
            os.fchown(handle, like.st_uid, like.st_gid)  # programs of that user must still be able to read it
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Wait until a file's new name is on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
