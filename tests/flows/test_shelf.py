"""Home and the shelf in a browser: everybody can use them, at every width, in light and dark."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from issues.models import Issue, Resource, ResourceText, Source, SourceKind
from newsletter.desk.models import Role
from tests.flows.edited import Served, served_desk
from tests.flows.everybody import excludes_nobody

pytestmark = pytest.mark.flow

SHELF = "/desk/resources"
TEXTS: list[dict[str | None, str]] = [
    {"en": "Bail, Bonds and Detainers: A Field Guide", "ar": "دليل ميداني للكفالات"},
    {"en": "DHS memo of 2021 and 2022", "es": "Memo de la migra"},
    {"vi": "Bản ghi nhớ DHS 2021 2022"},
    {None: "<script>document.title = 'taken'</script>A poster"},
    {"en": "Averylongwordwithoutanyplacetobreak" * 4},
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_desk(tmp_path_factory.mktemp("shelf")) as served:
        _fill(served)
        yield served


def _fill(served: Served) -> None:
    now = datetime.now(UTC)
    with served.database.write() as session:
        session.add(
            Source(
                kind=SourceKind.RSS,
                url="https://border-rights-wire-with-a-long-name.example.org/feed",
                imported_at=now - timedelta(days=3),
                failure="It did not answer whole within 10 seconds; try again later.",
            )
        )
        for number, texts in enumerate(TEXTS):
            made = Resource(kind="guide", published_at=now - timedelta(hours=number))
            for tag, title in texts.items():
                made.texts.append(
                    ResourceText(guid=title, language=tag, title=title, summary=f"About {title}.", changed_at=now)
                )
            session.add(made)


def test_everybody_can_use_the_pages_at_every_width(browser: Browser, desk: Served) -> None:
    context = desk.newcomer(browser, "Ana")
    page = context.new_page()
    with desk.database.read() as session:
        first = session.query(ResourceText).filter_by(title=TEXTS[0]["en"]).one().resource_id
    for path in ("/desk", SHELF, f"{SHELF}?q=zebra", f"{SHELF}/{first}?q=memo", f"{SHELF}/new"):
        page.goto(desk.url + path)
        excludes_nobody(page, also=(1000, 720, 320))
        assert "taken" not in page.title()
    context.close()


def test_by_keyboard_a_resource_is_found_put_away_and_taken_back(browser: Browser, desk: Served) -> None:
    context = desk.newcomer(browser, "Bo", Role.EDITOR)
    page = context.new_page()
    page.goto(desk.url + SHELF)
    page.get_by_label("Words in titles and texts").focus()
    page.keyboard.type("bail field")
    page.keyboard.press("Enter")
    expect(page.locator(".entry")).to_have_count(1)
    page.get_by_role("button", name="Dismiss Bail").press("Enter")
    expect(page.locator(".entry")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Dismissed")).to_be_visible()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".entry")).to_have_count(1)
    context.close()


def test_a_filter_is_looked_up_as_soon_as_it_is_chosen_and_without_script_by_its_button(
    browser: Browser, desk: Served
) -> None:
    for script in (True, False):
        context = desk.newcomer(browser, "Cy", java_script_enabled=script)
        page = context.new_page()
        page.goto(desk.url + SHELF)
        page.get_by_label("English").check()
        if not script:
            page.get_by_role("button", name="Look").click()
        expect(page.locator(".entry")).to_have_count(3)
        context.close()


def test_a_newcomers_desk_is_kind(browser: Browser, tmp_path: Path) -> None:
    with served_desk(tmp_path) as empty:
        with empty.database.write() as session:
            session.delete(session.query(Issue).one())
        context = empty.newcomer(browser, "Di")
        page = context.new_page()
        page.goto(empty.url + "/desk")
        expect(page.get_by_role("heading", level=1)).to_have_text("Welcome. Here begins your first issue.")
        excludes_nobody(page)
        context.close()
