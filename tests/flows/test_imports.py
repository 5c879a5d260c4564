"""An import as a program does it: killed while it reads and while it merges, it comes to the same end."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter.__main__ import main
from newsletter.db import Database
from subscribers.importing import find
from subscribers.models import Consent, Import, ImportBatch, ImportPiece, ImportState, Subscriber, Suppression
from tests.flows.house import House
from tests.flows.theft import stolen

pytestmark = pytest.mark.flow

PEOPLE = 21_000
LEFT = 100
NUMBER = "1"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """With nobody on its list."""
    made = House(tmp_path / "home", tmp_path / "elsewhere" / "keys.json", f"sqlite:///{tmp_path / 'home' / 'n.db'}")
    with made.opened() as newsletter:
        assert newsletter.vault
    return made


def killed_when(house: House, log: Path, seen: Callable[[Import, int], bool], *words: str) -> None:
    """Start a command and kill it at once when `seen` says so of the import and how many batches it has."""
    process = house.start_work(log, main, *words)
    database = Database(house.database_url)
    ends = time.monotonic() + 60
    while process.is_alive():
        assert time.monotonic() < ends
        with database.read() as session:
            one = session.get(Import, 1)
            if one and seen(one, session.scalars(select(func.count()).select_from(ImportBatch)).one()):
                process.kill()
                break
        time.sleep(0.005)
    process.join()
    database.close()
    assert process.exitcode == -9, "it was over before it was killed"


def test_an_import_killed_while_it_reads_and_while_it_merges_comes_to_the_same_end(
    house: House, tmp_path: Path
) -> None:
    rows = [f"reader{n}@homes.example.org,Maria Delgado {n},{'left' if n < LEFT else 'active'}" for n in range(PEOPLE)]
    file, log = tmp_path / "list.csv", tmp_path / "log"
    file.write_text("\n".join(["email,name,status", *rows, *rows[:50], "nobody,,active"]))
    log.touch()
    command = ("subscribers", "import", str(file), "--consent", "At the gathering in May.", "--yes")
    killed_when(house, log, lambda one, _: one.state is ImportState.READING and one.rows_read > 0, *command)
    assert stolen(tmp_path / "home", ["homes.example.org", "maria delgado"]) == [], "half an import names nobody"
    file.unlink()  # it is kept
    staged: list[int] = []

    def is_merging(one: Import, batches: int) -> bool:
        staged.append(batches)
        return one.state is ImportState.MERGING and 0 < batches < max(staged)

    again = ("subscribers", "imports", "continue", NUMBER, "--yes")
    killed_when(house, log, is_merging, *again)
    counts = json.loads(house.run(*again, "--json"))["counts"]
    assert counts == {"added": PEOPLE - LEFT, "left": LEFT, "twice": 50, "refused": 1}
    with house.opened() as newsletter, newsletter.database.read() as session:
        assert find(session, 1).state is ImportState.DONE
        for table, many in (
            *((Subscriber, PEOPLE - LEFT), (Consent, PEOPLE - LEFT), (Suppression, LEFT)),
            *((ImportBatch, 0), (ImportPiece, 0)),
        ):
            assert session.scalars(select(func.count()).select_from(table)).one() == many, table
    assert "taken off the list again" in house.run("subscribers", "imports", "undo", NUMBER)
    with house.opened() as newsletter, newsletter.database.read() as session:
        assert session.scalars(select(func.count()).select_from(Subscriber)).one() == 0
    assert stolen(tmp_path / "home", ["homes.example.org", "maria delgado"]) == []
    assert stolen(tmp_path / "elsewhere", ["homes.example.org"]) == []
