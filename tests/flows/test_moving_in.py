"""Moving in from another product, by keyboard: every page on the way is for everybody, and all of it can be undone."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.desk.models import Role
from subscribers import importing
from subscribers.models import ImportState
from tests.flows.edited import Served, served_desk
from tests.flows.everybody import excludes_nobody

pytestmark = pytest.mark.flow

MAILCHIMP = Path(__file__).parents[1] / "data" / "exports" / "mailchimp"
CONSENT = "They signed up on our old form for one mail a month."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Served]:
    with served_desk(tmp_path) as served:
        yield served


@pytest.fixture
def keeper(browser: Browser, desk: Served) -> Iterator[Page]:
    """A list keeper's browser."""
    with desk.newcomer(browser, "Lina", Role.LIST_KEEPER, has_touch=True) as context:
        yield context.new_page()


def archive(folder: Path) -> Path:
    """What Mailchimp's export of an audience is."""
    file = folder / "audience_export.zip"
    with zipfile.ZipFile(file, "w") as packed:
        for one in MAILCHIMP.iterdir():
            packed.write(one, one.name)
    return file


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).press("Enter")


def unfold(page: Page, words: str) -> None:
    page.locator("summary").filter(has_text=words).press("Enter")


def stands(desk: Served, state: ImportState) -> None:
    with desk.database.write() as session:
        importing.find(session, 1).state = state


def is_shown(page: Page, heading: str) -> None:
    """A page with this heading, which is for everybody."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    excludes_nobody(page, also=())


def test_an_audience_of_mailchimps_is_brought_looked_at_and_taken_back(
    keeper: Page, desk: Served, tmp_path: Path
) -> None:
    keeper.goto(f"{desk.url}/desk/readers/groups")
    keeper.get_by_label("Name").fill("Came along")
    press(keeper, "Make the group")
    unfold(keeper, "Change")
    is_shown(keeper, "Groups and topics")

    keeper.goto(f"{desk.url}/desk/readers")
    keeper.get_by_label("The file").set_input_files(archive(tmp_path))
    press(keeper, "Look at it first")
    expect(keeper.get_by_text("It looks like an export of Mailchimp.")).to_be_visible()
    press(keeper, "Read the whole file")
    expect(keeper.get_by_role("alert")).to_contain_text("Say what these people agreed to")
    is_shown(keeper, "What is in this file?")

    keeper.get_by_label("What these people agreed to").fill(CONSENT)
    keeper.get_by_label("Put everybody into a group").select_option("Came along")
    press(keeper, "Read the whole file")
    is_shown(keeper, "One person would be added.")
    waits_for_a_long_list(keeper, desk)
    press(keeper, "Put them on the list")
    is_shown(keeper, "One person was added.")
    exports_them(keeper, desk)

    keeper.goto(f"{desk.url}/desk/readers/imports")
    is_shown(keeper, "Imports")
    keeper.get_by_role("link", name="Number 1").press("Enter")
    press(keeper, "Take it back")
    expect(keeper.get_by_text("This import was taken back: one person is off the list again.")).to_be_visible()
    is_shown(keeper, "One person was added.")


def waits_for_a_long_list(keeper: Page, desk: Served) -> None:
    """As while another process reads it: the page says so, and leads on by itself."""
    stands(desk, ImportState.READING)
    keeper.reload()
    is_shown(keeper, "The file is being read.")
    stands(desk, ImportState.READ)
    expect(keeper.get_by_role("heading", level=1)).to_have_text("One person would be added.")


def exports_them(keeper: Page, desk: Served) -> None:
    """Who came is in the export, with what they agreed to."""
    keeper.goto(f"{desk.url}/desk/readers")
    for words in ("Add one reader", "Import a list", "Export the list"):
        unfold(keeper, words)
    is_shown(keeper, "One person reads it.")
    with keeper.expect_download() as coming:
        press(keeper, "Everything (JSON)")
    [reader] = json.loads(coming.value.path().read_text())["readers"]
    assert reader["address"] == "subscribed@example.org"
    assert reader["groups"] == ["Came along"]
    assert reader["consents"][0]["wording"] == CONSENT
