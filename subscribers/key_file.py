"""The key file of a running newsletter: its address key may be renewed while programs seal and open with it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from subscribers.errors import KeysMissing
from subscribers.keys import Keys

LOOKS_EVERY = 1.0
"""Seconds: to look at the file costs nearly as much as to seal a value, and an import seals two million."""

_Stamp = tuple[int, int, int]


class KeyFile:
    """The keys at one place, for one vault that wants to know when they are others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: _Stamp | None = None
        self._looked = 0.0

    def load(self) -> Keys:
        """The keys as they are now, for the vault that is told of later ones; KeysMissing where there are none that
        work."""
        self._seen = self._stamp()  # before it is read: a change in between is seen again
        return Keys.load(self.path)

    def renewed(self, at_once: bool) -> Keys | None:
        """The keys where they changed since they were read here; nothing where they did not, or cannot be read.

        Unless it must be known `at_once`, a look a moment ago is enough. A program that has keys goes on with them
        while the file is away or damaged; the next that starts says so.
        """
        now = time.monotonic()
        if not at_once and now - self._looked < LOOKS_EVERY:
            return None
        self._looked = now
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return None
        try:
            return self.load()
        except KeysMissing:
            return None

    def is_changing(self) -> bool:
        """Whether an older address key is kept beside the current one. Raises KeysMissing."""
        return Keys.load(self.path).retired_at is not None

    def change(self, to: Callable[[Keys], Keys]) -> Keys:
        """Keep what `to` makes of the keys, and give it. Of several who do this at once each waits for the other.

        Raises KeysMissing or OSError, and then the file is as it was.
        """
        with self._alone():
            before = Keys.load(self.path)
            after = to(before)
            if after != before:
                after.take_place(self.path)
            return after

    def _stamp(self) -> _Stamp | None:
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The folder is locked, since the file itself is another one after each change."""
        handle = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
