"""Who is at which text: several requests ask at the same moment."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from newsletter.desk.presence import HERE, Presence

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def crowded() -> Iterator[None]:
    """Threads take turns as often as they can."""
    was = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(was)


def test_who_is_gone_is_not_named() -> None:
    presence = Presence()
    presence.note("opening", 1, "Ana", NOW)
    assert presence.note("opening", 2, "Mai", NOW) == ["Ana"]
    assert presence.note("opening", 2, "Mai", NOW + HERE) == []


def test_people_who_say_so_at_the_same_moment_are_all_kept(crowded: None) -> None:
    presence = Presence()

    def come(member: int) -> None:
        for text in range(40):
            presence.note(text, member, f"Member {member:02}", NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, range(8)))
    assert presence.note(0, 99, "Ana", NOW) == [f"Member {member:02}" for member in range(8)]
