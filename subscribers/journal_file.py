"""The journal's file: one line a deed, appended and never changed, and on the disk when `append` returns.

All lines are of one width, so a place in the file is a number of lines. Each ends with a check sum: what a crash cut
off or a disk spoiled is seen, and passed over.
"""

import enum
import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path

from subscribers.errors import SubscriberError

WIDTH = 107
"""Bytes of a line: its number, kind, mark, day and check sum, parted by spaces."""


class Kind(enum.StrEnum):
    """What a line says. The words stand in files that are kept for years: never change one."""

    BEGUN = "begun"
    """The first line; its mark is the journal's id."""
    LEFT = "left"
    ERASED = "erased"
    FORGOTTEN = "forgotten"
    """A sign-up that waited was erased by hand."""
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    IMPORTED = "imported"
    """They came with a list as somebody who had left or complained. Older lines say it of who had bounced, too."""
    MOVED = "moved"
    """They gave this address up for another one."""
    BACK = "back"
    """They came back by their own will."""
    BEAT = "beat"
    """The database lived, or was about to send; its mark is a number that the database knew before."""


@dataclass(frozen=True, slots=True)
class Line:
    """One deed."""

    kind: Kind
    mark: bytes
    """32 bytes: the keyed hash of an address, or a number."""
    day: date

    @property
    def number(self) -> int:
        """The mark as a number, where it is one."""
        return int.from_bytes(self.mark)

    def at(self, place: int) -> bytes:
        """As it stands in the file, so many lines after its beginning."""
        said = f"{place:010d} {self.kind:<10} {self.mark.hex()} {self.day.isoformat()} ".encode("ascii")
        return said + _sum(said) + b"\n"


@dataclass(frozen=True, slots=True)
class JournalFile:
    """One file, which is opened anew for each deed: it may be put back or taken away under a running program."""

    path: Path

    @classmethod
    def begin(cls, path: Path, number: int, day: date) -> "JournalFile":
        """A new file, readable only by this user. Raises OSError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        begun = cls(path)
        begun.append([Line(Kind.BEGUN, numbered(number), day)])
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return begun

    def append(self, lines: Sequence[Line]) -> int:
        """Write `lines`, wait until they are on the disk, and say how many lines there are. Raises OSError."""
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            there, cut_off = divmod(os.fstat(handle).st_size, WIDTH)
            if cut_off:  # by a crash, before anybody was answered
                os.ftruncate(handle, there * WIDTH)
            data = b"".join(line.at(place) for place, line in enumerate(lines, there))
            if os.write(handle, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fdatasync(handle)
        finally:
            os.close(handle)
        return there + len(lines)

    def length(self) -> int:
        """How many whole lines there are. Raises OSError."""
        return self.path.stat().st_size // WIDTH

    def read(self, start: int = 0) -> Iterator[Line | None]:
        """Each line from that place on; nothing for one that cannot be read. Raises OSError."""
        with self.path.open("rb") as file:
            file.seek(start * WIDTH)
            while len(text := file.read(WIDTH)) == WIDTH:
                yield _line(text)

    def number(self) -> int:
        """The id that it was begun with. Raises OSError, or SubscriberError where it is no journal."""
        first = next(self.read(), None)
        if first is None or first.kind is not Kind.BEGUN:
            raise SubscriberError(f"{self.path} is no journal of this program: its first line says something else.")
        return first.number


_KINDS = frozenset(Kind)


def numbered(number: int) -> bytes:
    """A number as a line's mark."""
    return number.to_bytes(32)


def _sum(said: bytes) -> bytes:
    return blake2b(said, digest_size=4).hexdigest().encode("ascii")


def _line(text: bytes) -> Line | None:
    said, sum_ = text[:-9], text[-9:-1]
    if _sum(said) != sum_:
        return None
    _place, kind, mark, day = said.decode("ascii").split()
    return Line(Kind(kind), bytes.fromhex(mark), date.fromisoformat(day)) if kind in _KINDS else None
