"""The shelf in a browser: look through, write down, pair and part, put away and take back, read the sources."""

import re
import socket
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from httpx2 import Response
from sqlalchemy import insert, select, text

from issues import composing
from issues.models import Fallback, Passage, Resource, ResourceText, Source, SourceKind
from newsletter.config import Settings
from newsletter.desk.models import Deed, Role
from tests.issues.drafted import resource
from tests.web.conftest import Web, on_both_databases
from tests.web.desk import Desk, desk_client
from tests.web.stage import on_stage

SHELF = "/desk/resources"
HOSTILE = "<script>alert(1)</script>\"'[[name]]\u202e"


@pytest.fixture
def desk(web: Web) -> Desk:
    """An editor before a shelf of four."""
    with web.database.write() as session:
        resource(session, 1, "guide", {"en": "Bail and Bonds", "es": "Fianzas"})
        resource(session, 2, "memo", {"en": "DHS memo 2021 2022"})
        resource(session, 3, "memo", {"es": "Memo DHS 2021 2022"})
        resource(session, 4, "story", {None: "A poster"})
        for one in session.scalars(select(Resource)):
            one.published_at = web.now - timedelta(days=one.id)
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ALTER SEQUENCE resource_id_seq RESTART WITH 5"))  # the numbers above were given
    return desk_client(web, Role.EDITOR)


def followed(desk: Desk, answer: Response) -> str:
    """The page that a form's answer leads to."""
    assert answer.status_code == 303, answer.text
    return desk.client.get(answer.headers["location"]).text


def undone(desk: Desk, page: str) -> str:
    """The page after the toast's button was pressed."""
    (form,) = re.findall(r'<div class="toast".*?<form method="post" action="([^"]+)">(.*?)<button', page, re.DOTALL)
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[1]):
        fields.setdefault(name, []).append(value)
    return followed(desk, desk.client.post(form[0], data=fields))


def titles(page: str) -> list[str]:
    return re.findall(r'<h3 lang="[^"]*" dir="auto"><a [^>]*>(.*?)</a>', page)


def test_an_empty_shelf_helps_a_newcomer_on(web: Web) -> None:
    page = desk_client(web).client.get(SHELF).text
    assert "No resources yet" in page
    assert "Add a source" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Bail and Bonds", "DHS memo 2021 2022", "Memo DHS 2021 2022", "A poster"]),
        ("q=bail+about", ["Bail and Bonds"]),
        ("lang=es", ["Bail and Bonds", "Memo DHS 2021 2022"]),
        ("kind=memo&lang=en", ["DHS memo 2021 2022"]),
        ("lacks=yes&kind=guide", []),
        ("issue=2026-11", []),
        ("source=9", []),
        ("source=x&page=-1&lang=&kind=", ["Bail and Bonds", "DHS memo 2021 2022", "Memo DHS 2021 2022", "A poster"]),
        ("page=99999999999999", ["Bail and Bonds", "DHS memo 2021 2022", "Memo DHS 2021 2022", "A poster"]),
        ("page=3", []),
    ],
)
@on_both_databases
def test_the_address_says_what_is_looked_for(desk: Desk, query: str, found: list[str]) -> None:
    answer = desk.client.get(f"{SHELF}?{query}")
    assert answer.status_code == 200
    if "lacks" not in query:
        assert titles(answer.text) == found


@on_both_databases
def test_put_away_and_taken_back_from_the_toast_stays_in_the_filtered_list(desk: Desk) -> None:
    answer = desk.client.post(f"{SHELF}/1/dismiss", data={"back": "kind=guide&evil=https%3A%2F%2Fexample.com"})
    assert urlsplit(answer.headers["location"]).path == SHELF
    assert "evil" not in answer.headers["location"]
    page = followed(desk, answer)
    assert "Dismissed “Bail and Bonds”. It will not come back." in page
    assert titles(page) == []
    assert titles(desk.client.get(f"{SHELF}?away=yes").text) == ["Bail and Bonds"]
    assert titles(undone(desk, page)) == ["Bail and Bonds"]
    with desk.database.read() as session:
        assert [deed.what for deed in session.scalars(select(Deed))][-2:] == ["dismissed", "restored"]


@on_both_databases
def test_a_proposed_pair_is_shown_whole_paired_and_parted_again(desk: Desk) -> None:
    page = desk.client.get(SHELF).text
    assert "Are these the same text?" in page
    assert "About DHS memo 2021 2022." in page
    assert "About Memo DHS 2021 2022." in page
    paired = followed(desk, desk.client.post(f"{SHELF}/pair", data={"resource": ["2", "3"]}))
    assert titles(paired) == ["Bail and Bonds", "DHS memo 2021 2022", "A poster"]
    parted = undone(desk, paired)
    assert len(titles(parted)) == 4
    assert len(titles(undone(desk, parted))) == 3


def test_what_is_kept_apart_is_proposed_no_more_but_for_undo(desk: Desk) -> None:
    page = followed(desk, desk.client.post(f"{SHELF}/apart", data={"resource": ["2", "3"]}))
    assert "Are these the same text?" not in page
    assert "Are these the same text?" in undone(desk, page)


def test_a_missing_language_is_said_with_one_button(desk: Desk) -> None:
    assert "It names no language," in desk.client.get(SHELF).text
    with desk.database.read() as session:
        (number,) = session.scalars(select(ResourceText.id).where(ResourceText.language.is_(None)))
    page = followed(desk, desk.client.post(f"{SHELF}/4/language", data={"text": str(number), "language": "en"}))
    assert "It names no language," not in page
    wrong = desk.client.post(f"{SHELF}/1/language", data={"text": str(number), "language": "en"})
    assert (wrong.status_code, "has no such text" in wrong.text) == (404, True)


def test_a_text_by_hand_and_its_second_language(desk: Desk) -> None:
    typed = {"language": "en", "kind": "training", "title": HOSTILE, "summary": HOSTILE, "link": ""}
    page = followed(desk, desk.client.post(SHELF, data=typed))
    assert "<script>alert" not in page
    assert "\u202e" not in page
    number = re.search(r"/desk/resources/(\d+)/dismiss", page)
    assert number is not None
    more = {"language": "ar", "title": "تدريب", "resource": number[1], "link": "https://example.org/ar"}
    page = followed(desk, desk.client.post(SHELF, data=more))
    assert 'lang="ar" dir="rtl"><h3>تدريب</h3>' in page
    assert "<script>alert" not in page


def test_what_cannot_be_kept_is_said_and_what_was_typed_stays(desk: Desk) -> None:
    answer = desk.client.post(SHELF, data={"language": "en", "title": "Bail", "link": "javascript:alert(1)"})
    assert answer.status_code == 422
    assert "This is no link that can stand in a mail" in answer.text
    assert 'value="Bail"' in answer.text


def test_a_text_is_rewritten_and_the_issue_keeps_its_own_words(desk: Desk, web: Web) -> None:
    with web.database.write() as session:
        month = {"slug": "2026-11", "month": date(2026, 11, 1), "languages": ("en", "es")}
        composing.draft(session, **month, fallback=Fallback.LABEL, now=web.now)  # type: ignore[arg-type] # as above
        text = session.scalars(select(ResourceText).where(ResourceText.title == "Bail and Bonds")).one()
        source = Source(kind=SourceKind.RSS, url="https://example.org/feed", imported_at=web.now)
        session.add(source)
        session.flush()
        text.source_id, number = source.id, text.id
    form = f"{SHELF}/1/texts/{number}"
    assert form in desk.client.get(f"{SHELF}/1").text
    page = desk.client.get(form).text
    assert "/desk/issues/2026-11?text=1&amp;to=en#text" in page
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    words = {"title": HOSTILE, "summary": "New **words**.", "seen": seen[1]}
    page = followed(desk, desk.client.post(form, data=words))
    assert "New <strong>words</strong>." in page
    assert "<script>" not in page
    assert "rewritten here" in page
    late = desk.client.post(form, data=words | {"title": "A colleague’s"})
    assert late.status_code == 409
    assert "What stands there now" in late.text
    assert 'value="A colleague’s"' in late.text
    with web.database.read() as session:
        wording = session.scalars(select(Passage).where(Passage.key == "1")).one().wording("en")
        assert wording
        assert wording.fields["title"] == "Bail and Bonds"
    assert "Give it back" in desk.client.get(form).text
    assert "is its source’s again" in followed(desk, desk.client.post(f"{form}/give-back"))
    elsewhere = f"{SHELF}/2/texts/{number}"
    assert desk.client.get(elsewhere).status_code == 404
    seen = re.search(r'name="seen" value="(\w+)"', desk.client.get(form).text)
    assert seen
    assert desk.client.post(elsewhere, data={"title": "Of another", "seen": seen[1]}).status_code == 404
    assert "Of another" not in desk.client.get(form).text


@on_both_databases
def test_a_zero_byte_breaks_no_page(desk: Desk) -> None:
    for path in ("/desk/resources?q=%00", "/desk/issues/a%00b"):
        assert desk.client.get(path).status_code < 500


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/4/language", {"text": "9" * 30, "language": "en"}),
        ("/pair", {"resource": ["1", "9" * 30]}),
        ("/1/unpair", {"text": "9" * 5000}),
    ],
)
def test_a_number_that_no_row_has_is_refused(desk: Desk, path: str, data: dict[str, str]) -> None:
    assert desk.client.post(f"{SHELF}{path}", data=data).status_code == 422


def test_a_pasted_link_that_is_known_leads_to_it_and_a_private_one_is_refused(desk: Desk) -> None:
    page = followed(desk, desk.client.post(f"{SHELF}/paste", data={"link": " https://example.org/1/en/"}))
    assert "This link was on the shelf already" in page
    refused = desk.client.post(f"{SHELF}/paste", data={"link": "http://127.0.0.1/secret"})
    assert (refused.status_code, "private network" in refused.text) == (422, True)


@pytest.mark.parametrize("url", ["/etc/passwd", "file:///etc/passwd", "http://10.0.0.1/feed", "ftp://example.org/", ""])
def test_only_addresses_of_the_web_are_sources_here(desk: Desk, url: str) -> None:
    answer = desk.client.post(f"{SHELF}/sources", data={"url": url})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    with desk.database.read() as session:
        assert list(session.scalars(select(Source))) == []


@on_both_databases
def test_a_source_that_fails_is_told_and_can_be_let_go(desk: Desk, web: Web) -> None:
    with web.database.write() as session:
        session.add(Source(kind=SourceKind.RSS, url="http://127.0.0.1:9/feed?key=secret", imported_at=web.now))
    begun = desk.client.post(f"{SHELF}/sources/import")
    while (answer := desk.client.get(begun.headers["location"])).status_code == 200:
        assert "The sources are being read." in answer.text
    page = followed(desk, answer)
    assert "no answer" in page
    assert "secret" not in page
    page = followed(desk, desk.client.post(f"{SHELF}/sources/remove", data={"source": "1"}))
    assert "The source is read no more; what it brought stays." in page


def test_a_source_that_is_let_go_while_it_is_read_leads_back_to_the_shelf(web: Web, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, base_url="https://news.example.org", allow_loopback=True)
    web.app = on_stage(web.database, web.vault, settings, clock=lambda: web.now)
    client = desk_client(web).client
    with socket.create_server(("127.0.0.1", 0)) as silent:
        feed = f"http://127.0.0.1:{silent.getsockname()[1]}/feed"
        with web.database.write() as session:
            session.add(Source(kind=SourceKind.RSS, url=feed, imported_at=web.now))
        progress = client.post(f"{SHELF}/sources/import").headers["location"]
        assert client.get(progress).status_code == 200
        client.post(f"{SHELF}/sources/remove", data={"source": "1"})
        assert client.get(progress).headers["location"] == f"{SHELF}?did=imported#sources"


@on_both_databases
def test_a_resource_is_put_into_the_issue_that_is_being_written(desk: Desk, web: Web) -> None:
    with web.database.write() as session:
        composing.draft(
            session,
            slug="2026-12",
            month=date(2026, 12, 1),
            languages=["en", "es"],
            fallback=Fallback.LABEL,
            now=web.now - timedelta(days=30),
            empty=True,
        )
    page = desk.client.get(SHELF).text
    assert page.count("Use in December") == 3, "the poster has no language"
    page = followed(desk, desk.client.post(f"{SHELF}/1/place", data={"issue": "2026-12"}))
    assert "In December</span>" in page
    again = desk.client.post(f"{SHELF}/1/place", data={"issue": "2026-12"})
    assert again.status_code == 409
    with desk.database.read() as session:
        assert session.scalars(select(Passage.resource_id).where(Passage.resource_id == 1)).all() == [1]


def test_translators_look_and_change_nothing(desk: Desk, web: Web) -> None:
    translator = desk_client(web, Role.TRANSLATOR, "es")
    for path in (SHELF, f"{SHELF}/1?q=memo"):
        page = translator.client.get(path)
        assert page.status_code == 200
        assert page.text.count('method="post"') == 1, "signing out"
    assert translator.client.post(f"{SHELF}/1/dismiss").status_code == 403


def test_a_partner_is_found_by_its_words(desk: Desk) -> None:
    page = desk.client.get(f"{SHELF}/2?q=memo").text
    assert "Pair with 3" in page
    assert "Pair with 2" not in page
    assert "Nothing else on the shelf has these words." in desk.client.get(f"{SHELF}/2?q=zebra").text


@on_both_databases
def test_a_long_shelf_is_shown_a_page_at_a_time(desk: Desk, web: Web) -> None:
    numbers = range(100, 220)
    with web.database.write() as session:
        session.execute(
            insert(Resource),
            [{"id": n, "kind": "guide", "published_at": web.now - timedelta(hours=n)} for n in numbers],
        )
        session.execute(
            insert(ResourceText),
            [
                {"resource_id": n, "guid": str(n), "language": "en", "title": f"Text {n}", "changed_at": web.now}
                for n in numbers
            ],
        )
    page = desk.client.get(SHELF).text
    assert page.count('class="entry"') == 50
    assert "1 to 50 of 124" in page
    assert "51 to 100 of" in desk.client.get(f"{SHELF}?page=1").text
