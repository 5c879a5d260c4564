"""The issue editor without a script: who may change what, two people at one text, and how everything is undone."""

import re
from datetime import date

import pytest
from sqlalchemy import select, update

from issues import composing
from issues.matrix import CellState, cell_state
from issues.models import Fallback, Issue, Resource
from newsletter.delivery import planning
from newsletter.delivery.models import Mailing, MailingState
from newsletter.desk.models import Role
from newsletter.web import issue_view
from tests.issues.drafted import resource, shelf
from tests.web.conftest import Web, on_both_databases
from tests.web.desk import Desk, desk_client

EDITOR = "/desk/issues/2021-11"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def desk(web: Web) -> Desk:
    """An owner before the draft of November 2021."""
    with web.database.write() as session:
        shelf(session)
        composing.draft(
            session,
            slug="2021-11",
            month=date(2021, 11, 1),
            languages=("en", "es", "ar"),
            fallback=Fallback.LABEL,
            now=web.now.replace(year=2021, day=20),
            by="Ana",
        )
    return desk_client(web)


def issue(web: Web) -> Issue:
    with web.database.read() as session:
        found = session.scalars(select(Issue)).one()
        for passage in found.passages:
            assert passage.wordings is not None
        session.expunge_all()
        return found


def words(web: Web, key: str, language: str) -> dict[str, str]:
    wording = next(p for p in issue(web).passages if p.key == key).wording(language)
    return wording.fields if wording else {}


def form(desk: Desk, text: str, to: str) -> dict[str, str]:
    """The hidden fields that the editor's page gives along with a text."""
    page = desk.client.get(f"{EDITOR}?text={text}&to={to}").text
    writing = page[page.index('id="writing"') :]
    return dict(re.findall(r'name="(base|source|text|to)" value="([^"]*)"', writing))


@on_both_databases
def test_the_list_drafts_an_issue_and_asks_before_an_empty_one(web: Web) -> None:
    owner = desk_client(web)
    assert "No issue yet" in owner.client.get("/desk/issues").text
    asked = owner.client.post("/desk/issues", data={"month": "2026-11"})
    assert asked.status_code == 409
    assert "Begin an empty one" in asked.text
    made = owner.client.post("/desk/issues", data={"month": "2026-11", "empty": "yes"})
    assert made.headers["location"] == "/desk/issues/2026-11"
    assert owner.client.post("/desk/issues", data={"month": "2026-11", "empty": "yes"}).status_code == 409
    assert "November 2026" in owner.client.get("/desk/issues").text


def test_the_editor_shows_what_needs_someone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issue_view, "MOST_SHOWN", 6)
    page = desk.client.get(EDITOR).text
    assert "7 of 7 texts need someone" in page
    assert "1 more needs someone" in page
    desk.client.post(f"{EDITOR}/texts/7/en/approve", data=form(desk, "7", "en"))
    assert "Approved." in desk.client.get(f"{EDITOR}?did=approved&of=7+en").text
    missing = desk.client.get("/desk/issues/2099-01")
    assert missing.status_code == 404
    assert "those there are.<" in missing.text


def test_a_language_alone_leads_to_the_first_text_that_needs_it(web: Web, desk: Desk) -> None:
    desk.client.post(f"{EDITOR}/texts/opening/es", data=form(desk, "opening", "es") | {"field-subject": "Hoy"})
    for key in ("7", "9"):
        desk.client.post(f"{EDITOR}/texts/{key}/es/approve", data=form(desk, key, "es"))
    first = re.search(r'data-text="([^"]+)" data-to="es"', desk.client.get(f"{EDITOR}?to=es").text)
    assert first
    with web.database.read() as session:
        passage = next(p for p in session.scalars(select(Issue)).one().passages if p.key == first[1])
        assert cell_state(passage, "es") is not CellState.APPROVED
    assert f"{EDITOR}?to=es#text" in desk.client.get("/desk").text


@on_both_databases
def test_a_text_is_saved_without_a_script_and_its_translation_is_stale(web: Web, desk: Desk) -> None:
    desk.client.post(f"{EDITOR}/texts/7/es/approve", data=form(desk, "7", "es"))
    english = form(desk, "7", "en") | {"field-title": "Priorities now", "field-body": "About Priorities <b>now</b>."}
    saved = desk.client.post(f"{EDITOR}/texts/7/en", data=english)
    assert saved.status_code == 303
    assert words(web, "7", "en")["body"] == "About Priorities <b>now</b>."
    page = desk.client.get(f"{EDITOR}?text=7&to=es").text
    assert "Stale" in page
    assert "<ins>" in page
    assert "<del>Priorities</del>" not in page  # only the words that changed are marked
    kept = desk.client.post(f"{EDITOR}/texts/7/es/true", data=form(desk, "7", "es"))
    assert kept.status_code == 303
    passage = next(p for p in issue(web).passages if p.key == "7")
    with web.database.read() as session:
        passage = session.merge(passage)
        assert cell_state(passage, "es") is CellState.DRAFT


@on_both_databases
def test_two_people_at_one_text_both_see_both_texts(web: Web, desk: Desk) -> None:
    lucia = desk_client(web, Role.EDITOR)
    both = form(desk, "7", "es")
    assert desk.client.post(f"{EDITOR}/texts/7/es", data=both | {"field-title": "De Ana"}).status_code == 303
    refused = lucia.client.post(f"{EDITOR}/texts/7/es", data=both | {"field-title": "De Lucía"})
    assert refused.status_code == 409
    assert "De Ana" in refused.text
    assert "De Lucía" in refused.text
    answer = lucia.client.post(
        f"{EDITOR}/texts/7/es", data=both | {"field-title": "De Lucía"}, headers={"Accept": "application/json"}
    ).json()
    assert (answer["theirs"]["title"], answer["by"]) == ("De Ana", desk.member.name)
    again = both | {"base": str(answer["revision"]), "field-title": "De Lucía"}
    assert lucia.client.post(f"{EDITOR}/texts/7/es", data=again).status_code == 303
    history = desk.client.get(f"{EDITOR}/texts/7/es/history").text
    assert "De Ana" in history


@on_both_databases
def test_an_earlier_text_is_brought_back(web: Web, desk: Desk) -> None:
    before = words(web, "7", "es")
    desk.client.post(f"{EDITOR}/texts/7/es", data=form(desk, "7", "es") | {"field-title": "Otra cosa"})
    history = desk.client.get(f"{EDITOR}/texts/7/es/history").text
    edit = re.findall(r'name="edit" value="(\d+)"', history)[-1]
    desk.client.post(f"{EDITOR}/texts/7/es/restore", data={"edit": edit, "text": "7", "to": "es"})
    assert words(web, "7", "es") == before


NOT_A_TRANSLATORS: tuple[tuple[str, dict[str, str]], ...] = (
    ("", {"month": "2026-12"}),
    ("/2021-11/passages", {"kind": "note"}),
    ("/2021-11/passages/7/move", {"before": ""}),
    ("/2021-11/passages/7/remove", {}),
    ("/2021-11/passages/7/standing", {"every_month": "yes"}),
    ("/2021-11/fallback", {"fallback": "omit"}),
    ("/2021-11/waive", {"check": "missing-text", "reason": "so"}),
    ("/2021-11/texts/7/en", {"field-title": "X", "base": "1"}),
    ("/2021-11/texts/7/en/approve", {"base": "1"}),
    ("/2021-11/approve", {"cells": "7 en 1"}),
    ("/2021-11/withdraw", {"cells": "7 en"}),
    ("/2021-11/texts/7/en/restore", {"edit": "1"}),
)


def test_a_translator_changes_texts_of_their_languages_alone(web: Web, desk: Desk) -> None:
    translator = desk_client(web, Role.TRANSLATOR, "es")
    before = issue(web).revision
    for path, data in NOT_A_TRANSLATORS:
        refused = translator.client.post(f"/desk/issues{path}", data=data)
        assert refused.status_code == 403, path
        assert "for another role" in refused.text or "another language than yours" in refused.text, path
        assert issue(web).revision == before, path
    page = translator.client.get(f"{EDITOR}?text=7&to=es").text
    assert "Take out" not in page
    assert "Waive" not in translator.client.get(f"{EDITOR}/checks").text
    own = form(translator, "7", "es") | {"field-title": "Hola"}
    assert translator.client.post(f"{EDITOR}/texts/7/es", data=own).status_code == 303
    assert words(web, "7", "es")["title"] == "Hola"


def test_a_translators_file_may_change_their_texts_alone(web: Web, desk: Desk) -> None:
    translator = desk_client(web, Role.TRANSLATOR, "es")
    file = translator.client.get(f"{EDITOR}/file").text

    def send(text: str) -> str:
        return translator.client.post(f"{EDITOR}/file", files={"file": ("issue.md", text.encode())}).text

    assert "not yours to change" in send(
        file.replace("title: Priorities", "title: Mine").replace("Prioridades", "Otra")
    )
    assert words(web, "7", "es")["title"] == "Prioridades"
    assert "taken in" in send(file.replace("Prioridades", "Otra"))
    assert words(web, "7", "es")["title"] == "Otra"
    assert "cannot" in send("nonsense").lower() or "not done" in send("nonsense").lower()


def test_a_translator_takes_their_language_along_as_a_sheet(web: Web, desk: Desk) -> None:
    translator = desk_client(web, Role.TRANSLATOR, "es")
    page = translator.client.get(EDITOR).text
    assert f'href="{EDITOR}/sheet?language=es"' in page
    assert "sheet?language=ar" not in page
    sheet = translator.client.get(f"{EDITOR}/sheet?language=es&ending=csv")
    assert sheet.headers["content-disposition"] == 'attachment; filename="2021-11-es.csv"'
    assert desk.client.get(f"{EDITOR}/sheet?language=ar").content.startswith(b"PK")
    assert desk.client.get(f"{EDITOR}/sheet?language=fr").status_code == 404

    def send(data: bytes) -> str:
        return translator.client.post(f"{EDITOR}/file", files={"file": ("any.bin", data)}).text

    assert "taken in" in send(sheet.content.replace(b"Prioridades", b"Otra"))
    assert words(web, "7", "es")["title"] == "Otra"
    other = translator.client.get(f"{EDITOR}/sheet?language=ar&ending=csv").content.decode()
    theirs = other.replace('"Priorities",""', '"Priorities","X"')
    assert theirs != other
    assert "changes the Arabic texts, which are not yours" in send(theirs.encode())
    assert words(web, "7", "ar") == {}


@on_both_databases
def test_a_passage_moves_goes_and_comes_back_by_the_toast(web: Web, desk: Desk) -> None:
    order = [p.key for p in issue(web).passages]
    for path, data in (("7/move", {"before": "report"}), ("7/remove", {})):
        done = desk.client.post(f"{EDITOR}/passages/{path}", data={"text": "7", "to": "es", **data})
        assert [p.key for p in issue(web).passages] != order
        page = desk.client.get(done.headers["location"]).text
        toast = page[page.index('class="toast-place"') :]
        action = re.search(r'action="([^"]+)"', toast)
        assert action
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', toast))
        desk.client.post(action[1], data=fields)
        assert [p.key for p in issue(web).passages] == order


def test_passages_are_added_and_placed(web: Web, desk: Desk) -> None:
    with web.database.write() as session:
        resource(session, 12, "video", {"en": "A film"})
    added = desk.client.post(f"{EDITOR}/passages", data={"kind": "hotline", "text": "7"})
    assert added.headers["location"].startswith(f"{EDITOR}?text=hotline-1&to=en")
    assert "A film" in desk.client.get(EDITOR).text
    desk.client.post(f"{EDITOR}/passages", data={"resource": "12"})
    keys = [p.key for p in issue(web).passages]
    assert keys.index("hotline-1") == keys.index("7") + 1
    assert "12" in keys
    assert desk.client.post(f"{EDITOR}/passages", data={"kind": "opening"}).status_code == 409


def test_what_was_shown_is_approved_and_what_changed_since_is_not(web: Web, desk: Desk) -> None:
    page = desk.client.get(EDITOR).text
    shown = re.search(r'name="cells" value="([^"]+)"', page)
    assert shown
    desk.client.post(f"{EDITOR}/texts/7/es", data=form(desk, "7", "es") | {"field-title": "Nuevo"})
    done = desk.client.post(f"{EDITOR}/approve", data={"cells": shown[1]})
    found = issue(web)
    approved = {(p.key, w.language) for p in found.passages for w in p.wordings if w.approved_at}
    assert ("7", "en") in approved
    assert ("7", "es") not in approved
    page = desk.client.get(done.headers["location"]).text
    cells = re.findall(r'name="cells" value="([^"]+)"', page[page.index('class="toast-place"') :])
    desk.client.post(f"{EDITOR}/withdraw", data={"cells": cells[0]})
    assert not any(w.approved_at for p in issue(web).passages for w in p.wordings)


def test_the_preview_is_the_edition_in_a_sandbox(web: Web, desk: Desk) -> None:
    opening = form(desk, "opening", "ar")
    desk.client.post(
        f"{EDITOR}/texts/opening/ar",
        data=opening | {"field-subject": "S", "field-title": "عنوان", "field-body": f"[[name|صديق]] {HOSTILE}"},
    )
    named = desk.client.get(f"{EDITOR}/preview?language=ar")
    assert 'dir="rtl"' in named.text
    assert "Ana" in named.text
    assert "<script" not in named.text
    policy = named.headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    nameless = desk.client.get(f"{EDITOR}/preview?language=ar&name=").text
    assert "صديق" in nameless
    plain = desk.client.get(f"{EDITOR}/preview?language=ar&text=yes").text
    assert "<pre" in plain
    assert "<script" not in plain


def test_the_preview_follows_a_resource_that_is_of_another_kind_now(web: Web, desk: Desk) -> None:
    preview = f"{EDITOR}/preview?language=en"
    assert "Video" not in desk.client.get(preview).text
    with web.database.write() as session:
        session.execute(update(Resource).values(kind="video"))
    assert "Video" in desk.client.get(preview).text


def test_hostile_words_stay_words_on_every_page(web: Web, desk: Desk) -> None:
    with web.database.write() as session:
        desk.member = session.merge(desk.member)
        desk.member.name = HOSTILE
    for name in ("subject", "title", "preheader", "body"):
        sent = form(desk, "opening", "en") | {f"field-{name}": HOSTILE}
        assert desk.client.post(f"{EDITOR}/texts/opening/en", data=sent).status_code == 303
    for path in (
        f"{EDITOR}?text=opening&to=en&show=all",
        f"{EDITOR}?text=opening&to=es",
        f"{EDITOR}/texts/opening/en/history",
        f"{EDITOR}/checks",
        f"{EDITOR}?text=%3Cscript%3E&to=%22%3E&show=%3Cimg%3E&did=moved&of=%3Cimg%3E&was=%22%3E",
        "/desk/issues",
    ):
        page = desk.client.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img" not in page.text, path


@on_both_databases
def test_a_check_is_waived_with_a_reason_and_taken_back(web: Web, desk: Desk) -> None:
    page = desk.client.get(f"{EDITOR}/checks").text
    assert "A text is missing" in page
    assert "KB, fits" in page
    desk.client.post(f"{EDITOR}/waive", data={"check": "missing-text", "reason": "Arabic comes in December."})
    page = desk.client.get(f"{EDITOR}/checks").text
    assert "Arabic comes in December." in page
    desk.client.post(f"{EDITOR}/unwaive", data={"check": "missing-text", "language": ""})
    assert "Arabic comes in December." not in desk.client.get(f"{EDITOR}/checks").text
    assert desk.client.post(f"{EDITOR}/waive", data={"check": "no-such", "reason": "x"}).status_code == 404


def test_a_revision_that_is_no_number_is_one_that_nothing_is_at(web: Web, desk: Desk) -> None:
    for revision in ("9" * 5000, "\u0663", "x"):
        assert desk.client.post(f"{EDITOR}/approve", data={"cells": f"7 en {revision}"}).status_code == 303
    wording = next(passage for passage in issue(web).passages if passage.key == "7").wording("en")
    assert wording
    assert wording.approved_at is None


def test_people_at_one_text_see_each_other(web: Web, desk: Desk) -> None:
    lucia = desk_client(web, Role.TRANSLATOR, "es")
    asked = f"{EDITOR}/presence?text=7&to=es"
    assert desk.client.get(asked).json()["here"] == []
    assert lucia.client.get(asked).json()["here"] == [desk.member.name]
    assert desk.client.get(f"{EDITOR}/presence?text=8&to=es").json()["here"] == []


def test_the_line_says_where_the_mailing_stands_and_to_how_many_it_goes(web: Web, desk: Desk) -> None:
    web.join("es")
    assert "it would go to 1 reader<" in desk.client.get(EDITOR).text
    with web.database.write() as session:
        mailing = planning.schedule(
            session, issue=session.scalars(select(Issue.id)).one(), editions={}, due_at=web.now, zone="America/New_York"
        )
        mailing.state = MailingState.HELD
    assert "It asks before it goes to 1 reader" in desk.client.get(EDITOR).text
    with web.database.write() as session:
        stopped = session.scalars(select(Mailing)).one()
        stopped.state, stopped.opened_at = MailingState.CANCELLED, web.now
    assert "Was stopped on its way" in desk.client.get(EDITOR).text
    listed = desk.client.get("/desk/issues").text
    assert f'<a href="/desk/mailings/{stopped.id}">stopped on its way, today</a>' in listed
    with web.database.write() as session:
        session.scalars(select(Mailing)).one().state = MailingState.FINISHED
    assert ">See how it went</a>" in desk.client.get(EDITOR).text


def test_the_list_proposes_the_first_month_that_has_no_issue(web: Web, desk: Desk) -> None:
    assert 'value="2026-11"' in desk.client.get("/desk/issues").text
    with web.database.write() as session:
        for month in (date(2026, 11, 1), date(2026, 12, 1), date(2027, 2, 1)):
            told = {"covers_until": web.now, "created_at": web.now}
            session.add(Issue(slug=f"{month:%Y-%m}", month=month, languages=["en"], **told))
    assert 'value="2027-01"' in desk.client.get("/desk/issues").text


def test_settings_of_the_whole_issue_are_undone(web: Web, desk: Desk) -> None:
    done = desk.client.post(f"{EDITOR}/fallback", data={"fallback": "omit"})
    assert issue(web).fallback is Fallback.OMIT
    assert "do not see its place" in desk.client.get(done.headers["location"]).text
    done = desk.client.post(f"{EDITOR}/passages/7/standing", data={"every_month": "yes", "text": "7"})
    assert "explainer, every month" in desk.client.get(done.headers["location"]).text
