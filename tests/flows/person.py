"""Someone at a terminal who gets things wrong, in a home of their own."""

import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

import scheduler
from newsletter import wiring
from newsletter.__main__ import main
from newsletter.config import Settings

CONSENT = ("--consent", "Yes, write to me.")
WAIVED = ("--waive", "missing-text", "--waive", "stale-text")


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Person:
    """Someone at a terminal, with a home, working in `folder`."""

    folder: Path
    environment: pytest.MonkeyPatch
    screen: pytest.CaptureFixture[str]

    def set(self, **settings: str) -> None:
        for name, value in settings.items():
            self.environment.setenv(f"NEWSLETTER_{name}", value)

    def types(self, *words: str) -> Done:
        """Run a command; whatever happens, no traceback is shown."""
        self.environment.setattr(sys, "argv", ["newsletter", *words])
        self.screen.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        shown = self.screen.readouterr()
        assert "Traceback" not in shown.err
        return Done(int(ended.value.code or 0), shown.out, shown.err)

    def does(self, *words: str) -> str:
        done = self.types(*words)
        assert done.code == 0, done
        return done.out

    def is_told(self, *words: str, code: int = 2) -> str:
        """The one sentence that a command refuses with, on one line."""
        done = self.types(*words)
        assert done.code == code, done
        assert done.err.count("\n") == 1, done.err
        return done.err.strip()

    def works(self) -> int:
        """One pass of the sending job."""
        self.environment.setattr(scheduler, "JOBS", scheduler.JOBS[:1])
        self.environment.setattr(signal, "signal", lambda *_: None)  # the test runner keeps its own
        return scheduler.main(["--once"])

    def drafts(self) -> Path:
        """An issue of this month's name, as a file."""
        self.does("issues", "draft", "2021-11", "--empty")
        file = self.folder / "issue.md"
        self.does("issues", "export", "2021-11", "--to", str(file))
        return file

    def subscribes(self, address: str = "ana@example.org") -> None:
        self.does("subscribers", "add", *CONSENT, "--address", address)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home and its keys, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("made")
    wiring.make_home(Settings(home=folder / "home", keys=folder / "keys.json"), "").close()
    return folder


@pytest.fixture
def person(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Person:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("COLUMNS", "200")
    person = Person(tmp_path, monkeypatch, capsys)
    person.set(
        HOME=str(tmp_path / "home"),
        KEYS=str(tmp_path / "keys.json"),
        TRANSPORT=f"maildir:{tmp_path / 'outbox'}",
        BASE_URL="https://news.example.org",
        POSTAL_ADDRESS="PO Box 1, Oakland",
        LANGUAGES="en,es",
        ALLOW_LOOPBACK="true",
    )
    return person
