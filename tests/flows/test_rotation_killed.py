"""The program that seals everything anew is killed half-way by a signal that nothing can catch: the next goes on."""

import json
import time
from pathlib import Path

import pytest

from newsletter import rotation
from newsletter.__main__ import main
from newsletter.wiring import Newsletter
from subscribers import people
from tests.flows.house import House

pytestmark = pytest.mark.flow

PEOPLE = [f"reader{number}@example.org" for number in range(3000)]


def left(newsletter: Newsletter) -> int:
    """How many values the newest key did not seal."""
    with newsletter.database.read() as session:
        return rotation.count_left(session, newsletter.vault.current)


def test_a_killed_change_of_keys_goes_on_where_it_was(tmp_path: Path) -> None:
    house = House(tmp_path / "home", tmp_path / "elsewhere" / "keys.json", f"sqlite:///{tmp_path / 'home' / 'n.db'}")
    house.fill(PEOPLE)
    with house.opened() as newsletter:
        everything = 2 * len(PEOPLE)
        assert left(newsletter) == 0
        rotating = house.start_work(tmp_path / "log", main, "keys", "rotate")
        waited = time.monotonic() + 60
        while json.loads(house.keys.read_text())["current"] == 1 or left(newsletter) == everything:
            assert time.monotonic() < waited
        rotating.kill()
        rotating.join()
        assert 0 < left(newsletter) < everything, "killed under way"
        assert len(json.loads(house.keys.read_text())["addresses"]) == 2
        assert "Nothing is sealed with the older key" in house.run("keys", "rotate")
        assert left(newsletter) == 0
        with newsletter.database.read() as session:
            assert people.address_of(session, newsletter.vault, 1) == PEOPLE[0]
