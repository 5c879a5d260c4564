"""The month in ten steps names buttons and pages as the desk does."""

import re
from pathlib import Path

import pytest

from newsletter.desk.models import Role

ROOT = Path(__file__).parents[2]
STEPS = (ROOT / "docs" / "desk.md").read_text(encoding="utf-8")
NAMED = sorted({" ".join(words.split()) for words in re.findall(r"\*\*(.+?)\*\*", STEPS, re.DOTALL)})
FILLED = re.compile(r"\b(?:Spanish|English|December|9|resources)\b")
"""What the desk puts into its sentences."""


def _said() -> str:
    """All words of the desk's pages; what stands between tags is parted by spaces."""
    pages = [file.read_text(encoding="utf-8") for file in (ROOT / "templates" / "web").rglob("*.html")]
    places = (ROOT / "newsletter" / "web" / "site.py").read_text(encoding="utf-8")
    plain = " ".join([*pages, places, *Role, "stale"]).replace("&nbsp;", " ")
    return " ".join(plain.split())


SAID = _said()


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_is_on_a_page(name: str) -> None:
    for part in filter(None, map(str.strip, FILLED.split(name))):
        assert part in SAID, f"{part!r} stands on no page of the desk"


def test_there_are_ten_steps() -> None:
    assert re.findall(r"^## (\d+)\. ", STEPS, re.MULTILINE) == [str(step) for step in range(1, 11)]
