"""Pictures at the desk and in public: one address for everybody, and nothing that is no picture ever served."""

import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from issues import composing, editing
from issues.models import Fallback, Issue, Picture, Resource
from newsletter.config import Settings
from newsletter.desk.models import Role
from tests.issues.drafted import shelf
from tests.web.conftest import Web
from tests.web.desk import Desk, desk_client
from tests.web.stage import on_stage

SLUG = "2021-11"
EDITOR = f"/desk/issues/{SLUG}"
OPENING = f"{EDITOR}/passages/opening/picture"
AT = {"text": "opening", "to": "es"}


@pytest.fixture
def desk(web: Web) -> Desk:
    with web.database.write() as session:
        shelf(session)
        composing.draft(
            session,
            slug=SLUG,
            month=date(2021, 11, 1),
            languages=("en", "es"),
            fallback=Fallback.LABEL,
            now=web.now.replace(year=2021, day=20),
            by="Ana",
        )
    return desk_client(web)


def photo(color: str = "teal") -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (37.0, 48.0, 16.0)
    out = BytesIO()
    Image.new("RGB", (1500, 750), color).save(out, "JPEG", exif=exif, comment=b"SecretComment")
    return out.getvalue()


def sent(desk: Desk, data: bytes, name: str = "photo.jpg", **headers: str) -> tuple[int, str]:
    """Status, and where it leads or what is said."""
    answer = desk.client.post(f"{OPENING}/file", data=AT, files={"file": (name, data)}, headers=headers)
    return answer.status_code, answer.headers.get("location") or answer.text


def picture(web: Web) -> Picture | None:
    with web.database.read() as session:
        found = editing.find(session.query(Issue).one(), "opening", "en").passage.picture
        session.expunge_all()
        return found


def test_a_picture_is_added_shown_said_and_taken_out_with_undo(web: Web, desk: Desk) -> None:
    assert "Add a picture" in desk.client.get(f"{EDITOR}?text=opening&to=es").text
    status, way = sent(desk, photo())
    assert status == 303
    shown = picture(web)
    assert shown is not None
    page = desk.client.get(way).text
    assert "The picture is in." in page
    assert f"/pictures/{shown.small_file}" in page
    assert 'name="field-alt"' in page
    assert "<small>what the picture shows</small>" in page  # what the matrix says is missing
    assert "A picture has no words" in desk.client.get(f"{EDITOR}/checks").text
    assert f"/pictures/{shown.file} 2x" in desk.client.get(f"{EDITOR}/preview?language=en").text

    taken = desk.client.post(OPENING, data=AT | {"picture": ""}).headers["location"]
    page = desk.client.get(taken).text
    assert picture(web) is None
    assert "The picture is out." in page
    assert 'name="field-alt"' not in page
    desk.client.post(OPENING, data=AT | {"picture": shown.name})
    back = picture(web)
    assert back is not None
    assert back.name == shown.name


def test_everybody_may_look_and_nothing_of_the_file_is_left_but_its_points(web: Web, desk: Desk) -> None:
    sent(desk, photo() + b"<script>Polyglot</script>", "page.html")
    shown = picture(web)
    assert shown is not None
    for file, size in ((shown.small_file, (600, 300)), (shown.file, (1200, 600))):
        answer = web.client().get(f"/pictures/{file}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert Image.open(BytesIO(answer.content)).size == size
        for secret in (b"Exif", b"SecretComment", b"Polyglot"):
            assert secret not in answer.content
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        assert not web.client().head(f"/pictures/{file}").content


def test_no_other_address_shows_anything(web: Web, desk: Desk) -> None:
    sent(desk, photo())
    shown = picture(web)
    assert shown is not None
    name = shown.name
    for file in (
        f"{name}-601.jpg",
        f"{name}-600.png",
        name,
        f"{name}-600.jpg.html",
        f"{'0' * 32}-600.jpg",
        "..%2Fsite.css",
    ):
        answer = web.client().get(f"/pictures/{file}")
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store"), file
    assert web.client(**{"Sec-Fetch-Site": "same-origin"}).post(f"/pictures/{name}-600.jpg").status_code == 405


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "there is nothing in this file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "no picture that can be read"),
        (b"\xff\xd8" + b"\0" * (21 * 1024 * 1024), "21.0 MB, and 20 are the most"),
    ],
    ids=["empty", "svg", "large"],
)
def test_what_is_no_picture_is_refused_in_a_sentence_and_changes_nothing(
    web: Web, desk: Desk, data: bytes, sentence: str
) -> None:
    sent(desk, photo())
    before = picture(web)
    status, page = sent(desk, data)
    assert status == 409
    assert sentence in page.lower() or sentence in page
    assert f"{EDITOR}?text=opening" in page  # the way back
    status, said = sent(desk, data, Accept="application/json")
    assert (status, sentence in said) == (409, True)
    assert before is not None
    assert picture(web).name == before.name  # type: ignore[union-attr] # it is still there


def test_a_translator_says_what_a_picture_shows_and_changes_none(web: Web, desk: Desk) -> None:
    sent(desk, photo())
    translator = desk_client(web, Role.TRANSLATOR, "es")
    assert sent(translator, photo("maroon"))[0] == 403
    assert translator.client.post(OPENING, data=AT | {"picture": ""}).status_code == 403
    page = translator.client.get(f"{EDITOR}?text=opening&to=es").text
    assert "Take the picture out" not in page
    assert "picture-form" not in page
    saved = translator.client.post(f"{EDITOR}/texts/opening/es", data={"base": "1", "field-alt": "Un cuadrado."})
    assert saved.status_code == 303
    with web.database.read() as session:
        assert editing.find(session.query(Issue).one(), "opening", "es").fields["alt"] == "Un cuadrado."
    file = translator.client.get(f"{EDITOR}/file").text
    shown = picture(web)
    assert shown is not None
    without = file.replace(f"picture: {shown.name}\n", "").encode()
    refused = translator.client.post(f"{EDITOR}/file", files={"file": ("issue.md", without)}).text
    assert "not yours to change" in refused
    assert picture(web) is not None


def test_a_passage_without_a_place_for_one_says_so(desk: Desk) -> None:
    answer = desk.client.post(f"{EDITOR}/passages/closing/picture/file", data=AT, files={"file": ("a.jpg", photo())})
    assert answer.status_code == 409
    assert "no place for a picture" in answer.text
    assert "Add a picture" not in desk.client.get(f"{EDITOR}?text=closing").text
    gone = desk.client.post(f"{EDITOR}/passages/nowhere/picture", data=AT | {"picture": "0" * 32})
    assert gone.status_code == 404


@pytest.fixture
def page_of_a_resource() -> Iterator[str]:
    """The address of a picture on somebody's site."""
    drawn = photo()

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = drawn if self.path == "/hill.jpg" else b"<html>no picture</html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_picture_of_a_resource_s_own_page_is_taken_with_its_words(
    web: Web, desk: Desk, page_of_a_resource: str, tmp_path: Path
) -> None:
    offered = {"7": ("en", "/hill.jpg", "A hill."), "4": ("en", "/nothing.html", "")}
    with web.database.write() as session:
        for number, (language, path, alt) in offered.items():
            text = next(t for t in session.get_one(Resource, int(number)).texts if t.language == language)
            text.image, text.alt = page_of_a_resource + path, alt

    def take(key: str) -> tuple[int, str]:
        answer = desk.client.post(f"{EDITOR}/passages/{key}/picture/offered", data={"text": key, "to": "en"})
        return answer.status_code, answer.text

    status, said = take("7")
    assert (status, "not public" in said or "private" in said) == (409, True)  # nobody's own network is looked into
    settings = Settings(home=tmp_path, base_url="https://news.example.org", allow_loopback=True)
    web.app = on_stage(web.database, web.vault, settings, clock=lambda: web.now)
    assert "Take the picture from its page" in desk.client.get(f"{EDITOR}?text=7&to=en").text
    assert take("7")[0] == 303
    with web.database.read() as session:
        cell = editing.find(session.query(Issue).one(), "7", "en")
        assert (cell.passage.picture is not None, cell.fields["alt"]) == (True, "A hill.")
    assert "no picture that can be read" in take("4")[1]
    assert "Its page has no picture" in take("8")[1]
