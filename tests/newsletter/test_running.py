"""Whoever begins to serve where something else is served is told before anything happens."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.cli import app
from newsletter.config import SettingsError


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_port_that_is_taken_is_named_before_anything_is_touched(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another demonstration may be served from the very home that this one would make anew."""
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "demo-home" / "newsletter.db"
    kept.parent.mkdir()
    kept.touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, [command, "--port", str(port)])
    assert isinstance(result.exception, SettingsError)
    assert f"port {port} of this machine (Address already in use)" in str(result.exception)
    assert kept.exists()
