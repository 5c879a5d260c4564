"""Readers leave as mail programs and people do it; looking changes nothing."""

import re
from datetime import timedelta
from urllib.parse import urljoin

import pytest
from sqlalchemy import event, func, select

from issues.languages import words
from subscribers.keys import Keys
from subscribers.models import State, Subscriber
from subscribers.retention import erase_left
from subscribers.tokens import Purpose, make
from subscribers.vault import Vault
from tests.web.conftest import Web, on_both_databases

OWN = {"Sec-Fetch-Site": "same-origin"}
ONE_CLICK = "List-Unsubscribe=One-Click"


def links(html: str) -> list[str]:
    return re.findall(r'(?:href|src|action)="([^"]+)"', html)


@pytest.mark.parametrize(
    "request_as",
    [
        {"content": ONE_CLICK, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {},
        {"content": ONE_CLICK, "headers": {"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example.com"}},
        {"content": b"\xff\x00", "headers": {"Content-Type": "multipart/form-data"}},
    ],
    ids=["form", "multipart", "empty", "from a web mail", "broken body"],
)
@on_both_databases
def test_one_click_leaves_as_a_mail_program_does_it(web: Web, request_as: dict[str, object]) -> None:
    token = web.join()
    answer = web.client().post(f"/u/{token}", **request_as)  # type: ignore[arg-type] # the kinds vary
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert (web.held().state, web.held().suppressed) == (State.LEFT, "left")


def test_a_program_is_answered_in_a_few_words_and_the_same_whoever_it_was(web: Web) -> None:
    token, unknown = web.join(), make(web.vault, Purpose.LEAVE, 4711)
    client = web.client(**{"Accept-Language": "es"})
    asked = {"files": {"List-Unsubscribe": (None, "One-Click")}}, {"data": {"List-Unsubscribe": "One-Click"}}
    answers = {client.post(f"/u/{link}", **form) for link in (token, token, unknown) for form in asked}
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, "Ha dejado el boletín.")}
    assert web.held().state is State.LEFT


def test_pressing_again_changes_nothing_and_says_the_same(web: Web) -> None:
    token = web.join()
    first = web.client().post(f"/u/{token}")
    web.now += timedelta(hours=3)
    second = web.client().post(f"/u/{token}")
    assert second.text == first.text
    assert web.held().left_at == web.now - timedelta(hours=3)


@on_both_databases
def test_the_link_of_someone_erased_still_answers_politely(web: Web) -> None:
    token = web.join(languages="")
    left = web.client().post(f"/u/{token}")
    web.now += timedelta(days=400)
    with web.database.write() as session:
        assert erase_left(session, web.now) == 1
    for answer in (web.client().post(f"/u/{token}"), web.client().get(f"/u/{token}")):
        assert answer.status_code == 200
        assert heading(answer.text) == heading(left.text) == "You have left."
        assert "<form" not in answer.text
    assert web.client(**OWN).post(f"/u/{token}/undo").status_code == 410


def heading(html: str) -> str:
    found = re.search("<h1>(.*)</h1>", html)
    assert found is not None
    return found[1]


def test_the_page_shows_one_button_and_changes_nothing(web: Web) -> None:
    token = web.join()
    page = web.client().get(f"/u/{token}")
    assert page.status_code == 200
    assert page.text.count("<button") == 1
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert "ana" not in page.text.lower().replace("semana", "")
    assert web.held().state is State.SUBSCRIBED
    assert len(page.content) < 30_000


def test_a_scanner_that_follows_every_link_changes_nothing(web: Web) -> None:
    token = web.join()
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement.split()[0].upper())

    event.listen(web.database.engine, "before_cursor_execute", note)
    client, waiting, seen = web.client(), {f"/u/{token}", f"/u/{token}/undo"}, set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = client.request(method, path)
            assert answer.status_code in (200, 405)
            waiting |= {urljoin(path, link) for link in links(answer.text)} - seen
    assert set(statements) <= {"BEGIN", "SELECT"}
    assert web.held().state is State.SUBSCRIBED


@on_both_databases
def test_undo_within_the_day(web: Web) -> None:
    token = web.join()
    page = web.client().post(f"/u/{token}").text
    (undo,) = (link for link in links(page) if "/undo?" in link)
    assert web.held().state is State.LEFT
    for _twice in range(2):
        answer = web.client(**OWN).post(undo)
        assert (answer.status_code, heading(answer.text)) == (200, "Qué bien que siga aquí.")
    assert (web.held().state, web.held().suppressed) == (State.SUBSCRIBED, "")


def test_what_came_of_a_press_can_be_read_in_another_language(web: Web) -> None:
    client, here = web.client(**OWN), f"/u/{web.join()}"
    presses = [
        ("GET", here, "Leave the newsletter?"),
        ("POST", here, "You have left."),
        ("POST", f"{here}/undo", "Good to have you back."),
        ("POST", "/u/cut-off/undo", "This link does not work."),
        ("GET", "/confirm/cut-off", "This link does nothing more."),
    ]
    for method, path, said in presses:
        page = client.request(method, path)
        assert 'href="?lang=ar"' in page.text
        arabic = client.get(f"{path}?lang=ar")
        assert (arabic.status_code, heading(arabic.text)) == (page.status_code, words("ar").gettext(said))
        assert 'lang="ar" hreflang="ar" aria-current="true"' in arabic.text


def test_a_chosen_language_stays_through_leaving_and_coming_back(web: Web) -> None:
    client, here = web.client(**OWN), f"/u/{web.join('es')}"
    (undo,) = (link for link in links(client.post(f"{here}?lang=vi").text) if "/undo?" in link)
    assert '<html lang="vi"' in client.post(undo).text
    assert web.held().state is State.SUBSCRIBED


def test_undo_after_the_day_says_so(web: Web) -> None:
    token = web.join()
    web.client().post(f"/u/{token}")
    web.now += timedelta(days=1)
    assert web.client(**OWN).post(f"/u/{token}/undo").status_code == 410
    assert web.held().state is State.LEFT


def test_who_left_sees_that_and_can_undo(web: Web) -> None:
    token = web.join("en")
    web.client().post(f"/u/{token}")
    page = web.client().get(f"/u/{token}").text
    assert heading(page) == "You have left."
    assert page.count("<button") == 1


def test_every_link_not_made_here_gets_the_same_page(web: Web) -> None:
    token = web.join()
    other_keys = make(Vault(Keys.fresh()), Purpose.LEAVE, 1)
    wrong = ["x", "A" * 22, other_keys, token[:-1], token + "=", "%00", "a" * 5000]
    answers = {
        (answer.status_code, answer.text)
        for path in wrong
        for answer in (
            web.client().get(f"/u/{path}"),
            web.client().post(f"/u/{path}"),
            web.client(**OWN).post(f"/u/{path}/undo"),
        )
    }
    assert len(answers) == 1
    ((status, text),) = answers
    assert (status, heading(text)) == (404, "This link does not work.")
    assert web.held().state is State.SUBSCRIBED


@pytest.mark.parametrize(
    ("languages", "browser", "shown", "way"),
    [
        ("vi,en", "es", "vi", "ltr"),
        ("ar", "", "ar", "rtl"),
        ("es-mx", "", "es", "ltr"),
        ("fr", "de, es;q=0.5, ar;q=0.8", "ar", "rtl"),
        ("", "vi-VN,vi;q=0.9,en;q=0.8", "vi", "ltr"),
        ("", "en;q=0,*", "en", "ltr"),
        ("", ",;q=,es;q=9;;" * 900, "en", "ltr"),
        ("", "", "en", "ltr"),
    ],
)
def test_the_page_speaks_the_readers_language(web: Web, languages: str, browser: str, shown: str, way: str) -> None:
    token = web.join(languages)
    page = web.client(**{"Accept-Language": browser}).get(f"/u/{token}").text
    assert f'<html lang="{shown}" dir="{way}">' in page


def test_the_brand_is_escaped(web: Web) -> None:
    page = web.client().get(f"/u/{web.join('en')}").text
    assert "no more newsletters from Border &amp; Rights Network." in page


def test_leaving_touches_nobody_else(web: Web) -> None:
    token = web.join()
    web.join(address="bo@example.org")
    web.client().post(f"/u/{token}")
    with web.database.read() as session:
        staying = select(func.count()).select_from(Subscriber).where(Subscriber.state == State.SUBSCRIBED)
        assert session.scalar(staying) == 1
    assert web.held("bo@example.org").suppressed == ""


def test_pages_lead_on_in_their_own_language(web: Web) -> None:
    token, arabic = web.join(languages="ar"), {"Accept-Language": "ar"}
    pages = [web.client().get(f"/u/{token}"), web.client().post(f"/u/{token}")]
    web.now += timedelta(days=2)
    pages += [
        web.client().get(f"/u/{token}"),
        web.client(**OWN).post(f"/u/{token}/undo"),
        web.client().get("/confirm/cut-off", headers=arabic),
    ]
    ways = [link for page in pages for link in re.findall(r'<a [^>]*?href="([^"]+)"', page.text)]
    assert len(ways) >= len(pages)
    assert [way for way in ways if not way.endswith("?lang=ar") and not way.startswith("?lang=")] == []
