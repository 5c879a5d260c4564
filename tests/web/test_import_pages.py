"""A list at the desk: given, its columns said, looked at, put on the list, taken back; and never in a file of ours."""

import re
from pathlib import Path

import pytest
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from newsletter.desk.models import Deed, Role
from newsletter.web.uploads import LARGEST_LIST
from subscribers.models import ImportPiece, State, Subscriber
from tests.subscribers.test_exports import zipped
from tests.web.a_month import subscribe
from tests.web.conftest import Web, on_both_databases
from tests.web.desk import desk_client

PLACE = "/desk/readers/imports"
CONSENT = {"consent": "They signed a list in May.", "agreed_on": "2026-05-01", "language": "en"}
EXPORTS = Path(__file__).parents[1] / "data" / "exports"


def words(answer: Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def keeper(web: Web) -> TestClient:
    subscribe(web, "ana", "ben")
    return desk_client(web, Role.LIST_KEEPER).client


def given(client: TestClient, content: bytes, called: str = "list.csv") -> Response:
    return client.post(PLACE, files={"file": (called, content, "text/csv")})


def chosen(page: Response) -> dict[str, object]:
    """The form as the page shows it, sent by the button that reads the file."""
    columns = re.findall(r'name="column" value="([^"]*)"', page.text)
    roles = re.findall(r'<option value="(\w*)" selected>(?:not taken|the |languages|how )', page.text)
    product = re.search(r'name="role" value="product"', page.text)
    assert product
    return {"column": columns, "role": ["product", *roles], "what": "read", **CONSENT}


def followed(client: TestClient, answer: Response) -> Response:
    while answer.status_code == 303:
        answer = client.get(answer.headers["location"])
    return answer


def on_list(web: Web) -> int:
    with web.database.read() as session:
        return session.query(Subscriber).count()


@on_both_databases
def test_a_list_is_looked_at_put_on_the_list_and_taken_back(web: Web, keeper: TestClient) -> None:
    content = "email,name\nzoe@example.com,Zoë\nana@example.com,Ana\nnobody,Nobody\n".encode()
    page = followed(keeper, given(keeper, content))
    assert re.search(r"2 zoe@example.com Zoë", words(page))
    assert "everybody in it counts as subscribed" in words(page)
    look = followed(keeper, keeper.post(f"{PLACE}/1/columns", data=chosen(page)))
    assert "One person would be added. Nothing was changed yet." in words(look)
    assert re.search(r"4\s*The address has no @", words(look))
    assert "nobody@" not in look.text.lower()
    assert on_list(web) == 2
    done = followed(keeper, keeper.post(f"{PLACE}/1/merge"))
    assert "One person was added." in words(done)
    assert web.held("zoe@example.com").consents[0].wording == CONSENT["consent"]
    assert on_list(web) == 3
    with web.database.read() as session:
        assert session.query(ImportPiece).count() == 0
        assert "imported readers" in session.scalars(select(Deed.what)).all()
    assert "one person leaves the list again" in words(done)
    assert "taken back: one person is off the list again" in words(followed(keeper, keeper.post(f"{PLACE}/1/undo")))
    assert on_list(web) == 2
    assert "taken back" in words(keeper.get(PLACE))


def test_an_export_is_recognised_and_who_had_left_there_is_never_written_to(web: Web, keeper: TestClient) -> None:
    page = followed(keeper, given(keeper, (EXPORTS / "civicrm.csv").read_bytes()))
    assert "It looks like an export of CiviCRM." in words(page)
    look = followed(keeper, keeper.post(f"{PLACE}/1/columns", data=chosen(page)))
    assert "6 had left there" in words(look)
    assert "2 had bounced there" in words(look)
    followed(keeper, keeper.post(f"{PLACE}/1/merge"))
    assert web.held("do.not@example.org").suppressed == "imported left"


def test_a_reader_whose_mail_bounced_elsewhere_is_written_to_again_by_one_button(web: Web, keeper: TestClient) -> None:
    ana = {"address": "ana@example.com"}
    page = followed(keeper, given(keeper, b"email\nana@example.com\n", "bounced.csv"))
    followed(keeper, keeper.post(f"{PLACE}/1/columns", data=chosen(page)))
    followed(keeper, keeper.post(f"{PLACE}/1/merge"))
    found = keeper.post("/desk/readers/find", data=ana)
    assert "when a list that was imported said that nobody is there" in words(found)
    assert "Write to them again" in words(found)
    assert "This reader is written to again." in words(keeper.post("/desk/readers/lift", data=ana))
    assert web.held("ana@example.com").suppressed == ""


def test_whom_a_file_takes_off_the_list_is_said_before_and_brought_back_after(web: Web, keeper: TestClient) -> None:
    page = followed(keeper, given(keeper, b"email\nana@example.com\nzoe@example.com\n", "unsubscribed.csv"))
    look = followed(keeper, keeper.post(f"{PLACE}/1/columns", data=chosen(page)))
    assert "One person would be taken off the list," in words(look)
    done = words(followed(keeper, keeper.post(f"{PLACE}/1/merge")))
    assert "One person was taken off the list" in done
    assert "Of those whom it took off the list one person comes back" in done
    assert web.held("ana@example.com").state is State.LEFT
    undone = words(followed(keeper, keeper.post(f"{PLACE}/1/undo")))
    assert "the file says that they left or complained; one person is on it again." in undone
    held = web.held("ana@example.com")
    assert (held.state, held.suppressed) == (State.SUBSCRIBED, "")


def test_what_a_file_does_not_tell_is_said_unless_its_name_does(keeper: TestClient) -> None:
    content = (EXPORTS / "mailchimp" / "subscribed_members.csv").read_bytes()
    assert "Mailchimp tells by a file" in words(followed(keeper, given(keeper, content, "people.csv")))
    named = words(followed(keeper, given(keeper, content, "subscribed_email_audience_export_1a2b.csv")))
    assert "export of Mailchimp" in named
    assert "Mailchimp tells by a file" not in named


def test_of_an_archive_each_line_is_shown_with_its_file(keeper: TestClient) -> None:
    files = {"subscribed.csv": b"email\nzoe@example.com\n", "cleaned <1>.csv": b"email\nyan@example.com\n"}
    seen = words(followed(keeper, given(keeper, zipped(more=files), "list.zip")))
    assert re.search("file 1, 2 zoe@example.com .* file 2, 2 yan@example.com", seen)
    assert "File 1 is subscribed.csv , file 2 is cleaned &lt;1&gt;.csv ." in seen


def test_a_word_that_nobody_knows_is_asked_about(keeper: TestClient) -> None:
    page = followed(keeper, given(keeper, b"email,status\nzoe@example.com,odd\n"))
    assert "What do these words mean?" in words(page)
    form = chosen(page)
    assert "of whom the file says “odd”" in words(keeper.post(f"{PLACE}/1/columns", data=form))
    look = followed(keeper, keeper.post(f"{PLACE}/1/columns", data=form | {"word": ["odd"], "means": ["left"]}))
    assert "1 had left there" in words(look)
    again = followed(keeper, keeper.post(f"{PLACE}/1/again"))
    assert "What is in this file?" in words(again)
    assert "forgotten" in words(followed(keeper, keeper.post(f"{PLACE}/1/give-up")))


@pytest.mark.parametrize(
    ("change", "says", "about"),
    [
        ({"consent": " "}, "Say what these people agreed to", ["consent"]),
        ({"agreed_on": "soon"}, "Choose the day", ["agreed_on"]),
        ({"agreed_on": "2027-01-01"}, "still to come", ["agreed_on"]),
        ({"role": ["product", "", ""]}, "No column holds addresses", []),
        ({"encoding": "cp037"}, "cannot be read as cp037 here", []),
    ],
)
def test_what_is_missing_is_said(keeper: TestClient, change: dict[str, object], says: str, about: list[str]) -> None:
    page = followed(keeper, given(keeper, b"email,name\nzoe@example.com,Zoe\n"))
    answer = keeper.post(f"{PLACE}/1/columns", data=chosen(page) | change)
    assert answer.status_code == 422
    assert says in words(answer)
    wrong = r'name="(\w+)"[^>]* aria-invalid="true"[^>]* aria-describedby="[^"]*\bproblem">\s*<p class="error"'
    assert re.findall(wrong, answer.text) == about, "it is said at its field"


def test_a_file_that_is_none_is_said_kindly(keeper: TestClient) -> None:
    assert "cut off or broken" in words(followed(keeper, given(keeper, b"PK\x03\x04rest")))
    assert "The file is empty." in words(given(keeper, b""))
    assert keeper.post(PLACE, content=b"no form").status_code == 400
    assert keeper.get(f"{PLACE}/99").status_code == 404


def test_the_report_names_lines_and_nobody(keeper: TestClient) -> None:
    page = followed(keeper, given(keeper, b"email,name\nzoe example.com,Zoe\nana@example.com,Anna\n"))
    followed(keeper, keeper.post(f"{PLACE}/1/columns", data=chosen(page)))
    report = keeper.get(f"{PLACE}/1/notes.csv")
    assert report.text.splitlines()[1].startswith("1,2,refused,The address has no @")
    assert "1,3,conflict," in report.text
    assert "zoe" not in report.text.lower()


def test_a_list_is_never_in_a_file_and_one_too_long_is_refused(
    keeper: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every way to a temporary file goes through this variable's folder, which is not there."""
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    padded = b"email\nzoe@example.com\n" + (b" " * 1023 + b"\n") * 3072
    assert "zoe@example.com" in followed(keeper, given(keeper, padded)).text
    assert given(keeper, b"\n" * (LARGEST_LIST + 1)).status_code == 413
