"""Numbers by language: exact for who may see addresses anyway; for everybody else no language that few read."""

from datetime import timedelta
from pathlib import Path

from newsletter.delivery.models import State
from newsletter.desk.models import Role
from newsletter.transports.maildir import MaildirTransport
from newsletter.web.tongues import rows, told
from tests.web.a_month import draft, send, subscribe
from tests.web.conftest import Web
from tests.web.desk import desk_client
from tests.web.test_mailing_pages import SCHEDULE, now_please, settings_for, words

ACCEPTED, SKIPPED, IN_DOUBT = State.ACCEPTED, State.SKIPPED, State.IN_DOUBT


def test_small_languages_of_an_account_share_a_row_and_every_row_adds_up() -> None:
    counts = {"es": {ACCEPTED: 4}, "en": {ACCEPTED: 40, IN_DOUBT: 2}, "vi": {SKIPPED: 1, ACCEPTED: 2}}
    assert rows(counts, exact=True) == counts
    assert rows(counts, exact=False) == {"en": counts["en"], "": {ACCEPTED: 6, SKIPPED: 1}}
    assert rows({"en": {ACCEPTED: 9}, "es": {IN_DOUBT: 2}}, exact=False) == {}


def test_a_small_number_is_not_said_nor_one_that_gives_it_away() -> None:
    counts = {"en": 40, "es": 6, "vi": 1, "ar": 0}
    assert told(counts, exact=False) == {"en": "40", "es": "5 or more", "vi": "fewer than 5", "ar": "0"}
    assert told(counts, exact=True) == {"en": "40", "es": "6", "vi": "1", "ar": "0"}


def test_no_page_tells_an_editor_what_the_two_readers_of_a_language_got(web: Web, tmp_path: Path) -> None:
    draft(web)
    subscribe(web, *(f"reader{number}" for number in range(6)))
    subscribe(web, "dan", "eve", languages="es")
    settings_for(web)
    editor, keeper = (desk_client(web, role).client for role in (Role.EDITOR, Role.OWNER))
    assert "Español fewer than 5" in words(editor.get(SCHEDULE))
    assert "Español 2" in words(keeper.get(SCHEDULE))
    assert ("in Spanish" in words(editor.get("/desk")), "2 in Spanish" in words(keeper.get("/desk"))) == (False, True)
    report = now_please(editor).headers["location"]
    web.now += timedelta(minutes=16)
    send(web, MaildirTransport(tmp_path / "out"), tmp_path)
    for page in ("/desk", report):
        seen = [words(client.get(page)) for client in (editor, keeper)]
        assert ["Español 2 0 0 0 0 2" in said for said in seen] == [False, True], page
        assert all("All 8 0 0 0 0 8" in said for said in seen), page
