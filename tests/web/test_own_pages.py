"""A reader takes along what is held about them, and is erased with a receipt that names nobody."""

import json
import re
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from issues.languages import words
from newsletter.config import Settings
from newsletter.holdings import NOT_HELD, OUTSIDE
from newsletter.notices.models import Notice
from newsletter.web.site import LANGUAGES
from subscribers.models import State, Subscriber
from subscribers.tokens import Purpose, make_timed
from tests.web.caught import Mailbox, links_in
from tests.web.conftest import ADDRESS, Web
from tests.web.joining import OWN, fill, heading, path_of
from tests.web.stage import on_stage
from tests.web.test_address_pages import ask, own


def test_everything_held_leaves_as_a_file_by_a_press_of_the_fresh_link(web: Web) -> None:
    web.join()
    ask(web, "ana@new.example.com")
    link = own(web)
    assert web.client().get(f"{link}/everything").status_code == 405, "what only follows links does not get it"
    answer = web.client().post(f"{link}/everything")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="what-we-hold.json"'
    held = json.loads(answer.content)
    you = held["about_you"]
    assert (you["address"], you["name"], you["languages"]) == (ADDRESS, "Ana", ["es"])
    assert you["consents"][0]["wording"] == "One mail a month."
    assert held["change_of_address"]["new_address"] == "ana@new.example.com"
    assert held["mails_that_wait"] == [{"mail": "change_old", "since": "2026-11-21T12:00:09+00:00"}]
    assert (held["mailings"], held["mails_because_of_forms"]) == ([], [])
    page = web.client().get(f"{link}?lang=ar")
    (button,) = re.findall('action="([^"]+/everything[^"]*)"', page.text)
    explained = web.client().post(button).json()
    said = words("ar").gettext
    assert (held["not_held"], explained["not_held"]) == (NOT_HELD, said(NOT_HELD))
    assert explained["beyond_this_program"] == [said(sentence) for sentence in OUTSIDE]
    web.now += timedelta(days=1)
    too_late = web.client().post(f"{link}/everything")
    assert (too_late.status_code, too_late.headers["Location"]) == (303, f"{link}?lang=en")
    assert web.client().get(f"{link}?lang=en").status_code == 404


def test_the_file_holds_what_was_typed_into_the_form(web: Web, mailbox: Mailbox) -> None:
    fill(web)
    (link,) = links_in(*mailbox.fetch())
    (mine,) = re.findall(r'href="(/preferences/[^"?]+)', web.client().post(path_of(link)).text)
    held = web.client().post(f"{mine}/everything").json()
    typed = held["sign_up"]
    assert (typed["asked_at"][:10], typed["languages"], typed["confirmed"]) == ("2026-11-21", ["en"], True)
    assert typed["wording"] == held["about_you"]["consents"][0]["wording"]
    assert held["imports"] == {"brought_you": [], "gave_you_a_group": []}


def test_what_explains_the_file_is_in_every_language() -> None:
    missing = [
        (language, told)
        for language in LANGUAGES[1:]
        for told in (NOT_HELD, *OUTSIDE)
        if words(language).gettext(told) == told
    ]
    assert missing == []


def test_a_reader_is_erased_with_a_receipt_that_names_nobody(web: Web) -> None:
    token = web.join()
    ask(web, "ana@new.example.com")
    link = own(web)
    page = web.client().get(f"{link}/erase")
    assert (heading(page), web.held().state) == ("¿Borrar todo ahora?", State.SUBSCRIBED)
    gone = web.client().post(f"{link}/erase", headers={"Accept-Language": "ar"})
    receipt = gone.headers["Location"]
    assert gone.status_code == 303
    with web.database.read() as session:
        assert session.scalar(select(Subscriber.id)) is None
        waiting = session.scalars(select(Notice.template)).all()
    assert waiting == ["change_new"], "it finds nothing to say"
    assert (web.held().state, web.held().suppressed) == (None, "left")
    arabic = web.client().get(receipt)
    assert 'dir="rtl"' in arabic.text
    web.now += timedelta(days=400)
    spanish = web.client().get(receipt.replace("lang=ar", "lang=es"))
    assert heading(spanish) == "Sus datos están borrados."
    assert "21 de noviembre de 2026" in spanish.text
    assert not re.search("ana@|>Ana<|new.example", spanish.text + arabic.text + receipt)
    for answer in (
        web.client().post(f"{link}/erase"),
        web.client().get("/erased/x"),
        web.client().get(f"/erased/{token}"),
    ):
        assert answer.status_code == 404


def test_who_left_is_erased_from_the_leave_page_and_who_did_not_is_not(web: Web) -> None:
    token = web.join()
    erase = f"/u/{token}/erase"
    for answer in (web.client().get(erase), web.client(**OWN).post(erase)):
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/u/{token}")
    assert web.held().state is State.SUBSCRIBED
    left = web.client().post(f"/u/{token}")
    assert f'href="{erase}?lang=es"' in left.text
    assert heading(web.client().get(f"{erase}?lang=es")) == "¿Borrar todo ahora?"
    assert web.client(**OWN).post(erase).headers["Location"].startswith("/erased/")
    with web.database.read() as session:
        assert session.scalar(select(Subscriber.id)) is None
    assert web.client(**OWN).post(f"/u/{token}/undo").status_code == 410


def test_a_receipt_says_until_when_backups_hold_what_was_erased(web: Web, tmp_path: Path) -> None:
    receipt = f"/erased/{make_timed(web.vault, Purpose.ERASED, 0, web.now)}?lang=en"
    assert "until they are deleted" in web.client().get(receipt).text
    settings = Settings(home=tmp_path, base_url="https://news.example.org", backup_days=30)
    web.app = on_stage(web.database, web.vault, settings, clock=lambda: web.now)
    assert "until December 21, 2026 at the latest" in web.client().get(receipt).text


def test_these_pages_are_small_and_load_nothing_else(web: Web) -> None:
    web.join()
    style = len(web.client().get("/site.css").content)
    receipt = f"/erased/{make_timed(web.vault, Purpose.ERASED, 0, web.now)}"
    for path in (own(web), f"{own(web)}/address", f"{own(web)}/erase", receipt):
        page = web.client().get(f"{path}?lang=vi")
        assert (page.status_code, len(page.content) + style < 30_000) == (200, True)
        assert not re.search("<script| style=|ana@", page.text)
        for link in re.findall(r'(?:href|src|action)="([^"]+)"', page.text):
            assert link.startswith(("/", "?"))
