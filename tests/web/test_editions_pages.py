"""The overview and the editions: there in a demonstration only, exact, and what is shown can do nothing."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import event, select
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from issues import editions
from issues.models import Issue
from newsletter.db import Database
from newsletter.delivery.models import OUTCOMES, Delivery, MailingState, State
from newsletter.web.editions_pages import HEADINGS
from newsletter.web.pictures import MEANINGS
from newsletter.web.security import HEADERS
from tests.issues.sample import BRAND
from tests.web.conftest import Web, on_both_databases
from tests.web.printed import NOW, catch, client, demonstration, mail_out, print_issue

LEAVING = {"/u/{token}", "/u/{token}/undo", "/u/{token}/erase"}
JOINING = {
    "/subscribe",
    "/subscribe/{slug}",
    "/sent/{sent}",
    "/confirm/{token}",
    "/preferences",
    "/preferences/{token}",
}
OWN = {f"/preferences/{{token}}/{what}" for what in ("address", "everything", "erase")}
OWN |= {"/address/{token}", "/erased/{token}"}
FILES = {"/site.css", "/icon.svg", "/favicon.ico", "/work.js", "/pictures/{file}", "/metrics"}
PUBLIC = FILES | LEAVING | JOINING | OWN
OURS = {"/", "/editions/{number}", "/inbox", "/inbox/{key}"}


@pytest.fixture
def app(database: Database, tmp_path: Path) -> FastAPI:
    return demonstration(database, tmp_path)


@pytest.fixture
def demo(app: FastAPI) -> TestClient:
    return client(app)


def walked(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """All routes, also those of the routers within."""
    for route in routes:
        within = getattr(route, "original_router", None)
        if within is None:
            yield route
        else:
            yield from walked(within.routes)


def paths(app: FastAPI) -> set[str]:
    return {route.path for route in walked(app.routes)}  # type: ignore[attr-defined] # a route without one must fail


def _is_desk(path: str) -> bool:
    """These ask who one is: tests/web/test_access.py."""
    return path == "/desk.css" or path.startswith("/desk/") or path == "/desk"


def test_what_is_no_demonstration_serves_public_pages_only(web: Web, tmp_path: Path) -> None:
    assert {path for path in paths(web.app) if not _is_desk(path)} == PUBLIC
    number = print_issue(web.database)["en"]
    (key,) = catch(tmp_path, b"To: ana@example.org\r\n\r\nHello")
    for path in ("/", "/inbox", f"/inbox/{key}", f"/editions/{number}", f"/editions/{number}/html"):
        assert web.client().get(path).status_code == 404


def test_a_demonstration_shows_and_takes_nothing(app: FastAPI) -> None:
    assert paths(app) >= PUBLIC | OURS
    others = [route for route in walked(app.routes) if getattr(route, "path", "") not in PUBLIC]
    ours = [route for route in others if not _is_desk(getattr(route, "path", ""))]
    assert {method for route in ours for method in getattr(route, "methods", {"?"})} == {"GET"}


def test_every_page_only_reads(demo: TestClient, database: Database, tmp_path: Path) -> None:
    number = print_issue(database)["en"]
    (key,) = catch(tmp_path, b"To: ana@example.org\r\n\r\nHello")
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement.split()[0].upper())

    event.listen(database.engine, "before_cursor_execute", note)
    for place in ("/", f"/editions/{number}", "/inbox", f"/inbox/{key}"):
        for view in ("", "/html", "/text", "/raw"):
            assert demo.get(place + view).status_code in (200, 404)
    assert set(statements) <= {"BEGIN", "SELECT"}


def test_before_anything_was_made_the_overview_says_so(demo: TestClient) -> None:
    page = demo.get("/")
    assert page.status_code == 200
    assert "Nothing has gone out yet." in page.text
    assert "There is no issue yet." in page.text


def test_an_issue_without_editions_is_being_written(demo: TestClient, database: Database) -> None:
    with database.write() as session:
        session.add(Issue(slug="a", month=NOW.date(), languages=["en"], covers_until=NOW, created_at=NOW))
    assert "nothing is frozen yet" in demo.get("/").text


@on_both_databases
def test_the_overview_tells_the_account_and_every_row_adds_up(demo: TestClient, database: Database) -> None:
    mail_out(database, print_issue(database))
    page = demo.get("/").text
    assert "November 2021 went out." in page
    assert (
        "24 people were counted when it began:\n11 in English, 8 in Spanish, 3 in Vietnamese and 2 in Arabic." in page
    )
    assert "20 accepted + 1 refused + 1 given up + 1 skipped + 1 in doubt = 24 people." in page
    names = re.findall(r'<th scope="row" role="rowheader">(.*?)</th>', page)
    assert names == [
        '<span lang="en">English</span>',
        '<span lang="es">Español</span>',
        '<span lang="vi">Tiếng Việt</span>',
        '<span lang="ar">العربية</span>',
        "All",
    ]
    cells = [int(cell) for cell in re.findall(r'<td class="n"[^>]*>(\d+)</td>', page)]
    rows = [cells[place : place + 6] for place in range(0, len(cells), 6)]
    assert all(sum(row[:-1]) == row[-1] for row in rows)
    assert [sum(column) for column in zip(*rows[:-1], strict=True)] == rows[-1] == [20, 1, 1, 1, 1, 24]
    lengths = [float(length) for length in re.findall(r'<rect [^>]*width="([\d.]+)%"', page)]
    assert len(lengths) == 5
    assert sum(lengths) == pytest.approx(100, abs=0.01)


def test_while_it_goes_out_those_who_wait_are_told(demo: TestClient, database: Database) -> None:
    mail_out(database, print_issue(database), MailingState.SENDING)
    with database.write() as session:
        for delivery in session.scalars(select(Delivery).where(Delivery.state == State.ACCEPTED).limit(4)):
            delivery.state = State.PENDING
    page = demo.get("/").text
    assert "November 2021 is going out." in page
    assert '<b class="num">4</b> still wait for a mail server’s word.' in page


def test_every_state_and_outcome_has_its_words() -> None:
    assert set(HEADINGS) == set(MailingState)
    assert set(MEANINGS) == set(OUTCOMES)


def test_the_overview_names_editions_in_their_own_languages(
    demo: TestClient, database: Database, tmp_path: Path
) -> None:
    numbers = print_issue(database)
    catch(tmp_path, b"To: a@example.org\r\n\r\n", b"To: b@example.org\r\n\r\n")
    page = demo.get("/").text
    assert re.findall(r'href="/editions/(\d+)"', page) == [str(number) for number in numbers.values()]
    assert '<span class="lead" lang="es">Español</span>' in page
    assert '<span class="subject" lang="ar" dir="rtl">' in page
    assert '<span class="numeral num">2</span> mails were caught.' in page


def test_only_the_newest_edition_of_a_language_is_listed(demo: TestClient, database: Database) -> None:
    numbers = print_issue(database)
    with database.write() as session:
        issue = session.scalars(select(Issue)).one()
        opening = issue.passages[0].wording("es")
        assert opening is not None
        opening.fields = opening.fields | {"subject": "Otra cosa"}
        newer = editions.freeze(session, issue, BRAND, NOW)["es"].id
    page = demo.get("/").text
    assert "Otra cosa" in page
    assert f'"/editions/{newer}"' in page
    assert f'"/editions/{numbers["es"]}"' not in page
    assert demo.get(f"/editions/{numbers['es']}").status_code == 200


def test_our_own_pages_hold_no_script_and_no_inline_style(demo: TestClient, database: Database, tmp_path: Path) -> None:
    numbers = print_issue(database)
    mail_out(database, numbers)
    (key,) = catch(tmp_path, b"To: ana@example.org\r\nContent-Type: text/html\r\n\r\n<p>Hello")
    for path in ("/", f"/editions/{numbers['en']}", "/inbox", f"/inbox/{key}"):
        answer = demo.get(path)
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        policy = answer.headers["Content-Security-Policy"].removesuffix("; frame-src 'self'")
        assert policy == HEADERS["Content-Security-Policy"]


def test_an_edition_is_shown_on_paper_and_on_a_phone(demo: TestClient, database: Database) -> None:
    number = print_issue(database)["ar"]
    answer = demo.get(f"/editions/{number}")
    frames = re.findall(r"<iframe ([^>]*)>", answer.text)
    assert len(frames) == len({*re.findall(r'title="([^"]*)"', answer.text)}) == 2
    for frame in frames:
        assert f'src="/editions/{number}/html"' in frame
        assert 'sandbox="allow-top-navigation-by-user-activation"' in frame
    assert answer.headers["Content-Security-Policy"].endswith("; frame-src 'self'")
    assert 'lang="ar" dir="rtl">' in answer.text
    for view in ("html", "text", "raw"):
        assert f'href="/editions/{number}/{view}"' in answer.text


@pytest.mark.parametrize("language", ["en", "es", "vi", "ar"])
def test_an_edition_is_filled_for_a_made_up_reader(demo: TestClient, database: Database, language: str) -> None:
    number = print_issue(database)[language]
    for view, kind in (("html", "text/html"), ("text", "text/plain")):
        answer = demo.get(f"/editions/{number}/{view}")
        assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert "Ana" in answer.text
        assert "[[" not in answer.text
        assert "https://news.example.org/u/" in answer.text


def test_an_editions_html_can_do_nothing(demo: TestClient, database: Database) -> None:
    answer = demo.get(f"/editions/{print_issue(database)['en']}/html")
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "style-src 'unsafe-inline'", "form-action 'none'", "frame-ancestors 'self'"} <= {
        *policy
    }
    (sandbox,) = (rule for rule in policy if rule.startswith("sandbox"))
    assert sandbox.split()[1:] == ["allow-top-navigation-by-user-activation"]
    assert answer.text.count('<base target="_top">') == 1


def test_the_raw_message_is_shown_and_not_downloaded(demo: TestClient, database: Database) -> None:
    answer = demo.get(f"/editions/{print_issue(database)['vi']}/raw")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Disposition" not in answer.headers
    assert answer.content.startswith(b'To: "Ana"')
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in answer.content


def test_an_unknown_edition_is_not_found(demo: TestClient) -> None:
    for number in ("0", "99", "x", "-1", "1.0", "٣", "9" * 10, "9" * 5000, "%00", "1%20"):
        for view in ("", "/html", "/text", "/raw"):
            assert demo.get(f"/editions/{number}{view}").status_code == 404


def test_the_style_sheet_asks_for_nothing_else(demo: TestClient) -> None:
    answer = demo.get("/desk.css")
    assert answer.headers["Content-Type"].startswith("text/css")
    assert "url(" not in answer.text
    assert "@import" not in answer.text
