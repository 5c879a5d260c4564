"""The issue editor in a browser: nobody's words are lost, the keyboard is enough, and everybody can use it."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from issues.models import Wording
from newsletter.desk.models import Role
from tests.flows.edited import EDITOR, Served, served_desk
from tests.flows.everybody import excludes_nobody

pytestmark = pytest.mark.flow

NOWHERE = "http://127.0.0.1:9"
SPANISH = f"{EDITOR}?text=opening&to=es"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_desk(tmp_path_factory.mktemp("desk")) as served:
        yield served


def opened(browser: Browser, desk: Served, path: str = SPANISH, name: str = "Ana") -> Page:
    """The editor, ready to be typed in."""
    page = desk.newcomer(browser, name, viewport={"width": 1280, "height": 900}).new_page()
    page.goto(desk.url + path)
    page.wait_for_selector("html.scripted")
    return page


def eventually(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def test_every_page_fits_and_excludes_nobody(browser: Browser, desk: Served) -> None:
    context = desk.newcomer(browser, "Ana")
    page = context.new_page()
    for path in (
        SPANISH,
        f"{EDITOR}?text=7&to=ar",
        f"{EDITOR}?text=opening&to=en&did=removed",
        f"{EDITOR}/texts/opening/en/history",
        f"{EDITOR}/checks",
        "/desk/issues",
    ):
        page.goto(desk.url + path)
        page.wait_for_function(
            "!document.querySelector('#frame') || document.querySelector('#frame iframe:not(.is-coming)')"
        )
        excludes_nobody(page, also=(1000, 720, 320))
    context.close()


def test_a_smaller_window_shows_what_there_is_room_for(browser: Browser, desk: Served) -> None:
    page = opened(browser, desk)
    page.set_viewport_size({"width": 1000, "height": 800})
    frame = page.locator("#frame")
    expect(frame).to_be_hidden()
    page.get_by_role("checkbox", name="Preview").check()
    expect(frame).to_be_visible()  # a drawer, which covers no word of the text
    pane, drawer = page.locator("#text").bounding_box(), page.locator("#preview").bounding_box()
    assert pane
    assert drawer
    assert pane["x"] + pane["width"] <= drawer["x"]
    page.keyboard.press("Escape")
    expect(frame).to_be_hidden()
    page.set_viewport_size({"width": 375, "height": 400})
    source = page.locator(".side").first
    expect(source.locator("ins").first).to_be_visible()
    expect(source.get_by_text("Headline")).to_be_hidden()  # nothing changed in it
    page.get_by_label("Show all of it").check()
    expect(source.get_by_text("Headline")).to_be_visible()
    page.locator("#f-body").fill("Una línea.\n" * 40)
    page.locator("#f-body").evaluate("area => scrollTo(0, area.getBoundingClientRect().top + scrollY - 50)")
    expect(page.get_by_role("button", name="Bold")).to_be_in_viewport()  # as above a keyboard
    page.context.close()


def test_the_outline_can_be_read_without_a_script(browser: Browser, desk: Served) -> None:
    page = desk.newcomer(browser, "Ana", viewport={"width": 1280, "height": 900}, java_script_enabled=False).new_page()
    page.goto(desk.url + SPANISH)
    widths = [box["width"] for name in page.locator(".leaf > a").all() if (box := name.bounding_box())]
    assert len(widths) > 5
    assert min(widths) > 80
    page.context.close()


def test_what_is_typed_is_saved_and_the_preview_follows_where_it_stood(browser: Browser, desk: Served) -> None:
    page = opened(browser, desk)
    frame = page.frame_locator("#frame iframe:not(.is-coming)")
    expect(frame.get_by_text("Cada mes reunimos")).to_be_visible()
    page.evaluate("document.querySelector('#frame iframe').contentDocument.scrollingElement.scrollTop = 200")
    page.locator("#f-body").fill("Hola, [[name]].\n\nUn texto nuevo.")
    expect(page.locator("#saved")).to_have_text("Saved")
    expect(frame.get_by_text("Un texto nuevo.")).to_be_visible()
    assert page.evaluate("document.querySelector('#frame iframe').contentDocument.scrollingElement.scrollTop") == 200
    assert desk.words("opening", "es")["body"].endswith("Un texto nuevo.")
    expect(page.locator("#state")).to_contain_text("Stale")  # until somebody says that it is true again
    page.get_by_role("button", name="Approve the Spanish").click()
    expect(page.locator("#state")).to_contain_text("Approved")
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(page.locator("#state")).to_contain_text("Stale")
    page.context.close()


COUNT_OPEN_REQUESTS = """window.open_requests = 0;
const ask = window.fetch;
window.fetch = (...what) => { open_requests++; return ask(...what).finally(() => open_requests--); };"""


def test_a_browser_killed_in_mid_typing_loses_less_than_two_seconds(browser: Browser, desk: Served) -> None:
    """By the browser's own clock, which goes on only when the server answered: a busy machine is no failure."""
    page = opened(browser, desk, f"{EDITOR}?text=4&to=vi")
    page.evaluate(COUNT_OPEN_REQUESTS)
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    page.locator("#f-body").focus()
    for typed in range(1, 31):
        page.keyboard.type("x")
        page.clock.run_for(100)  # never a pause long enough to count as one
        eventually(lambda: page.evaluate("open_requests === 0"))
        assert len(desk.words("4", "vi").get("body", "")) >= typed - 20
    page.context.close()


def test_two_browsers_at_one_text_lose_nothing(browser: Browser, desk: Served) -> None:
    ana = opened(browser, desk, f"{EDITOR}?text=words&to=es")
    lucia = opened(browser, desk, f"{EDITOR}?text=words&to=es", "Lucía")
    ana.locator("#f-title").fill("De Ana")
    expect(ana.locator("#saved")).to_have_text("Saved")
    lucia.locator("#f-title").fill("De Lucía")
    expect(lucia.locator("#conflict")).to_contain_text("De Ana")
    assert lucia.locator("#f-title").input_value() == "De Lucía"
    lucia.locator("#f-title").fill("De las dos")
    lucia.get_by_role("button", name="Save mine").click()
    expect(lucia.locator("#saved")).to_have_text("Saved")
    assert desk.words("words", "es")["title"] == "De las dos"
    ana.reload()
    expect(ana.locator("#here")).to_contain_text("Lucía is here too")
    ana.goto(f"{desk.url}{EDITOR}/texts/words/es/history")
    expect(ana.locator("main")).to_contain_text("De Ana")
    ana.context.close()
    lucia.context.close()


def test_a_lost_connection_keeps_what_was_typed(browser: Browser, desk: Served) -> None:
    page = opened(browser, desk, f"{EDITOR}?text=6&to=es")
    page.context.set_offline(True)
    page.locator("#f-title").fill("Sin conexión")
    expect(page.locator("#saved")).to_contain_text("no connection")
    assert page.locator("#f-title").input_value() == "Sin conexión"
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_have_text("Saved")
    assert desk.words("6", "es")["title"] == "Sin conexión"
    page.context.close()


def test_an_answer_that_never_came_is_no_conflict(browser: Browser, desk: Served) -> None:
    page = opened(browser, desk, f"{EDITOR}?text=3&to=es")
    lost: list[bool] = []

    def lose(route: Route) -> None:
        if lost or route.request.method != "POST":
            route.continue_()
            return
        lost.append(True)
        route.fetch()
        route.abort()

    page.route("**/texts/3/es", lose)
    page.locator("#f-title").fill("Una")
    expect(page.locator("#saved")).to_contain_text("no connection")
    assert desk.words("3", "es")["title"] == "Una"
    page.locator("#f-title").fill("Una plataforma")
    expect(page.locator("#saved")).to_have_text("Saved")
    assert desk.words("3", "es")["title"] == "Una plataforma"
    page.context.close()


def test_leaving_the_page_saves_first(browser: Browser, desk: Served) -> None:
    page = opened(browser, desk, f"{EDITOR}?text=letter&to=es")
    page.locator("#f-label").fill("Firme")
    page.locator("#o-closing").click()
    page.wait_for_url("**text=closing**")
    assert desk.words("letter", "es")["label"] == "Firme"
    page.locator("#f-title").fill("Hasta pronto")
    page.close(run_before_unload=False)
    eventually(lambda: desk.words("closing", "es")["title"] == "Hasta pronto")


def test_a_passage_is_moved_by_keyboard_alone_and_moved_back(browser: Browser, desk: Served) -> None:
    page = opened(browser, desk, f"{EDITOR}?text=4&to=es")
    order = desk.keys()
    page.locator("#g-4").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#spoken")).to_contain_text("A Second Chance for All: 5 of 17")
    at = order.index("4")
    assert desk.keys()[at : at + 2] == [order[at + 1], "4"]
    assert page.evaluate("document.activeElement.id") == "g-4"
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#spoken")).to_contain_text("4 of 17")
    assert desk.keys() == order
    page.locator("#out-4").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**did=removed**")
    expect(page.locator(".toast")).to_contain_text("Taken out: A Second Chance for All")
    page.locator(".toast button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**did=back**")
    assert desk.keys() == order
    page.context.close()


def test_a_passage_is_dragged_by_its_grip(browser: Browser, desk: Served) -> None:
    page = opened(browser, desk, f"{EDITOR}?text=10&to=es")
    order = desk.keys()
    page.locator("#g-8").drag_to(page.locator(".leaf[data-key='10']"))
    eventually(lambda: desk.keys() != order)
    moved = desk.keys()
    assert moved.index("8") < moved.index("10")
    page.locator(".toast button").click()
    eventually(lambda: desk.keys() == order)
    page.context.close()


def test_marks_are_undone_like_typing(browser: Browser, desk: Served) -> None:
    page = opened(browser, desk, f"{EDITOR}?text=second-chances&to=vi")
    body = page.locator("#f-body")
    body.fill("one two")
    body.evaluate("area => area.setSelectionRange(4, 7)")
    page.keyboard.press("Control+b")
    assert body.input_value() == "one **two**"
    page.get_by_role("button", name="Undo").first.click()
    assert body.input_value() == "one two"
    page.get_by_role("button", name="List").click()
    assert body.input_value() == "- one two"
    page.context.close()


def test_a_translator_sees_what_is_theirs(browser: Browser, desk: Served) -> None:
    context = desk.newcomer(browser, "Mai", Role.TRANSLATOR, "vi")
    page = context.new_page()
    page.goto(f"{desk.url}{EDITOR}")
    expect(page.locator("#l-to")).to_have_text("Tiếng Việt")
    expect(page.locator("#f-title")).to_be_visible()
    expect(page.get_by_role("button", name="Take out")).to_have_count(0)
    expect(page.locator(".grip")).to_have_count(0)
    page.goto(f"{desk.url}{EDITOR}?text=opening&to=es")
    expect(page.locator("#f-title")).to_have_count(0)
    context.close()


def test_a_picture_comes_in_beside_what_is_being_typed_and_goes_with_undo(browser: Browser, desk: Served) -> None:
    drawn = BytesIO()
    Image.new("RGB", (1300, 650), "teal").save(drawn, "PNG")
    page = opened(browser, desk, f"{EDITOR}?text=7&to=es")
    page.get_by_text("Add a picture").click()
    page.set_input_files("#picture-file", {"name": "a.png", "mimeType": "image/png", "buffer": b"<svg/>"})
    expect(page.get_by_text("This file is no picture that can be read")).to_be_visible()
    page.locator("#f-title").fill("Recién escrito")
    page.set_input_files("#picture-file", {"name": "a.png", "mimeType": "image/png", "buffer": drawn.getvalue()})
    picture, shows = page.locator("#picture img"), page.get_by_label("What the picture shows")
    expect(picture).to_be_visible()
    expect(page.locator("#f-title")).to_have_value("Recién escrito")
    shows.fill("Un cuadrado.")
    expect(page.frame_locator("#frame iframe:not(.is-coming)").get_by_alt_text("Un cuadrado.")).to_be_visible()
    page.get_by_role("button", name="Take the picture out").click()
    expect(picture).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()  # the first belongs to the text
    expect(shows).to_have_value("Un cuadrado.")
    page.context.close()


def test_links_are_tried_beside_the_text_and_lead_to_theirs(browser: Browser, tmp_path: Path) -> None:
    with served_desk(tmp_path) as house:
        with house.database.write() as session:  # to this machine itself, which is never asked: no network is used
            for wording in session.query(Wording):
                fields = {name: text.replace("https://example.org", NOWHERE) for name, text in wording.fields.items()}
                wording.fields = fields
        page = opened(browser, house)
        page.get_by_role("button", name="Try the links now").click()
        expect(page.locator("#links-said")).to_have_text(re.compile("All 21 links were tried, the last today at"))
        expect(page.get_by_role("button", name="Try the links now")).to_be_focused()
        point = page.locator(".check", has_text="A link could not be checked")
        expect(point).to_contain_text("its address is one that is never fetched")
        point.get_by_role("link", name="A Second Chance for All").first.click()
        expect(page.locator("#h-text")).to_have_text("A Second Chance for All")
        page.context.close()
