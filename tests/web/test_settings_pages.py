"""Settings: the newsletter's own are changed and win over the file; the machine's are named and not shown."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter import drafting
from newsletter.config import Settings
from newsletter.desk import habits
from newsletter.desk.models import Habit, Role
from newsletter.wiring import Newsletter
from tests.web.conftest import Web, on_both_databases
from tests.web.desk import desk_client
from tests.web.stage import on_stage

PLACE = "/desk/settings"
BRAND = {
    "brand": "The Coast Network",
    "brand_color": "#123456",
    "accent_color": "#AA3311",
    "postal_address": "PO Box 9",
}


@on_both_databases
def test_the_brand_wins_over_the_file_in_mails_and_pages(web: Web) -> None:
    client = desk_client(web).client
    assert "The Coast Network" not in client.get("/desk/readers").text
    assert client.post(f"{PLACE}/brand", data=BRAND).status_code == 303
    settings = Settings(home=Path("/nonexistent"), base_url="https://news.example.org", brand="Of the file")
    brand = Newsletter(settings, web.database).brand
    assert (brand.name, brand.accent, brand.postal_address) == ("The Coast Network", "#aa3311", "PO Box 9")
    assert "The Coast Network" in client.get("/desk/readers").text
    assert client.post(f"{PLACE}/brand", data=BRAND | {"brand": ""}).status_code == 303
    assert Newsletter(settings, web.database).brand.name == "Of the file"


@pytest.mark.parametrize(
    ("form", "entered", "said"),
    [
        ("brand", BRAND | {"brand_color": "red"}, "a colour is written like #1d2b4f"),
        ("brand", BRAND | {"brand": "x" * 200}, "at most 100"),
        ("habits", {"send_at": "25:00"}, "an hour is written like 10:00"),
        ("habits", {"cooling_off": "-5"}, "The time to think cannot be so"),
        ("habits", {"confirm_above": "many"}, "The number to confirm cannot be so"),
        ("habits", {"draft_day": "32"}, "The day of the draft cannot be so"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(web: Web, form: str, entered: dict[str, str], said: str) -> None:
    answer = desk_client(web).client.post(f"{PLACE}/{form}", data=entered)
    assert answer.status_code == 422
    assert said in answer.text
    with web.database.read() as session:
        assert habits.habits(session) == habits.Habits()
        assert session.query(Habit).count() == 0


@on_both_databases
def test_habits_are_kept_and_forgotten_again(web: Web) -> None:
    client = desk_client(web).client
    client.post(f"{PLACE}/habits", data={"send_at": "08:30", "cooling_off": "0", "confirm_above": "200"})
    with web.database.read() as session:
        kept = habits.habits(session)
    assert (f"{kept.send_at:%H:%M}", kept.cooling_off, kept.confirm_above) == ("08:30", 0, 200)
    client.post(f"{PLACE}/habits", data={"send_at": "", "cooling_off": "", "confirm_above": ""})
    with web.database.read() as session:
        assert habits.habits(session) == habits.Habits()


def test_the_machine_is_named_and_never_shown(web: Web, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        base_url="https://news.example.org",
        transport="smtp://mailuser:hidden-word@mail.example.org:587",
    )
    web.app = on_stage(web.database, web.vault, settings, clock=lambda: web.now)
    page = desk_client(web).client.get(PLACE).text
    assert "transport" in page
    for hidden in ("mailuser", "hidden-word", "mail.example.org", str(tmp_path)):
        assert hidden not in page


def test_the_look_follows_what_is_entered_and_cannot_be_broken_by_it(web: Web) -> None:
    client = desk_client(web).client
    look = client.get(f"{PLACE}/specimen", params={"brand_color": "#335577", "brand": "<script>alert(1)</script>"})
    assert "#335577" in look.text.lower()
    assert "<script" not in look.text
    assert "sandbox" in look.headers["content-security-policy"]
    broken = client.get(f"{PLACE}/specimen", params={"brand_color": "red;} body{", "accent_color": "\x00"})
    assert broken.status_code == 200
    assert "body{" not in broken.text
    numbers = client.get(f"{PLACE}/contrast", params={"accent_color": "#ffff00"}).text
    assert "1.1" in numbers  # yellow on white


def test_only_owners_find_the_way_to_settings(web: Web) -> None:
    assert f'href="{PLACE}"' in desk_client(web).client.get("/desk/readers").text
    assert f'href="{PLACE}"' not in desk_client(web, Role.EDITOR).client.get("/desk/readers").text


def test_the_page_says_when_the_next_draft_is_made_and_a_day_that_has_passed_is_over(web: Web) -> None:
    client = desk_client(web).client
    assert client.post(f"{PLACE}/habits", data={"draft_day": "20", "draft_at": "09:00"}).status_code == 303
    assert "The next one is made on Sunday, 20 December, at 09:00." in client.get(PLACE).text
    with web.database.read() as session:
        assert not drafting.is_due(session, ZoneInfo("UTC"), web.now)
