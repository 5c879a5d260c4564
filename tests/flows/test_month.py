"""A whole month at the desk: by two people, by keyboard alone, and with markup planted wherever one can write."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Literal
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import scheduler
from issues import history
from issues.fields import FIELDS
from issues.models import Issue, Passage, PassageKind, Resource, ResourceText, Source, SourceKind
from issues.models import Wording as Worded
from newsletter.demo import site
from newsletter.wiring import utc_now
from tests.flows.whole_desk import Desk, open_desk

pytestmark = pytest.mark.flow

PASSWORD = "lantern orchard ninety boats"


@contextmanager
def open_source(home: Path) -> Iterator[str]:
    """The address of a WordPress with two posts of this week, one of them in two languages."""
    at = f"{utc_now() - timedelta(days=2):%Y-%m-%dT%H:%M:%S}"
    texts = [
        ("en", "Evening clinics near you", {"en": 1, "es": 2}),
        ("es", "Clínicas de noche cerca de usted", {"en": 1, "es": 2}),
        ("en", "When you move house", {"en": 3}),
    ]
    posts = [
        {
            "id": number,
            "date_gmt": at,
            "modified_gmt": at,
            "slug": f"post-{number}",
            "status": "publish",
            "type": "post",
            "link": f"https://ijn.example.org/{number}/",
            "title": {"rendered": title},
            "excerpt": {"rendered": f"<p>{title}: all that is to know, on one page.</p>"},
            "lang": language,
            "translations": translations,
        }
        for number, (language, title, translations) in enumerate(texts, start=1)
    ]
    (home / "posts.json").write_text(json.dumps(posts))
    with site.serving(home / "posts.json") as served:
        yield served.address


def come_in(page: Page, link: str, name: str, address: str) -> None:
    """By a link, whoever one is."""
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your address").fill(address)
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    expect(page).to_have_url(re.compile("/desk$"))


def draft_from(page: Page, source: str) -> str:
    """Import a source and draft the month from it; the way to the issue."""
    page.get_by_role("link", name="Resources").click()
    page.get_by_label("Add a source").fill(source)
    page.get_by_role("button", name="Add and read it").click()
    expect(page.get_by_text("3 new, just now")).to_be_visible()
    page.get_by_role("link", name="This month").click()
    page.get_by_role("button", name=re.compile("^Draft .* from 2")).click()
    page.wait_for_selector("html.scripted")
    return page.url.partition("?")[0]


def invite_translator(page: Page, desk: Desk) -> str:
    """The link in the mail that the invited gets."""
    page.goto(f"{desk.url}/desk/people")
    page.get_by_label("Their address").fill("mai@example.org")
    invitation = page.get_by_role("region", name="Invite somebody")
    invitation.get_by_label("Role").select_option("translator")
    invitation.get_by_label("Español").check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("heading", name="Not here yet")).to_be_visible()
    scheduler.notices(desk.newsletter, Event())
    ((recipient, subject, text),) = desk.mails()
    desk.server.accepted.clear()
    assert recipient == "mai@example.org"
    assert "Rosa invites you" in subject
    link = re.search(r"http://\S+/desk/welcome/\S+", text)
    assert link
    return link[0]


def write(page: Page, **fields: str) -> None:
    """Into the open text, until it is saved."""
    for name, words in fields.items():
        page.locator(f"#f-{name}").fill(words)
    expect(page.locator("#saved")).to_have_text("Saved")


def approve(page: Page, language: str) -> None:
    page.get_by_role("button", name=f"Approve the {language}").click()
    expect(page.locator("#state")).to_have_text("Approved")


def waive_what_is_missing(page: Page, issue: str) -> None:
    page.goto(issue)
    missing = page.locator("#checks").get_by_role("listitem").filter(has_text="A text is missing")
    missing.get_by_text("Waive with a reason").click()
    missing.get_by_label("Why it may go so").fill("Its translation comes in December.")
    missing.get_by_role("button", name="Waive").click()
    expect(page.get_by_text("Waived by Rosa: “Its translation comes in December.”")).to_be_visible()


def send_a_test(page: Page, desk: Desk, issue: str) -> None:
    page.goto(issue)
    page.get_by_role("link", name="Send a test").click()
    page.get_by_label("To", exact=True).fill("rosa@example.org")
    page.get_by_label("Español").check()
    page.get_by_role("button", name="Send the test").click()
    expect(page.get_by_text("One test mail on the way.")).to_be_visible()
    ((recipient, subject, _),) = desk.mails()
    desk.server.accepted.clear()
    assert (recipient, subject) == ("rosa@example.org", "[Test] Clínicas cerca de usted")


def schedule_and_watch(page: Page, desk: Desk, issue: str) -> None:
    page.goto(f"{issue}/schedule")
    page.get_by_label("Now, after").check()
    page.get_by_role("button", name=re.compile("^Schedule")).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("goes in 15 minutes"))
    desk.send()
    assert desk.mails() == []
    desk.ahead += timedelta(minutes=16)
    desk.send()
    expect(heading).to_have_text(re.compile("went"))  # by itself
    expect(page.get_by_text("Of two people 2 were accepted.")).to_be_visible()


def test_a_month_from_the_first_link_to_the_report_by_two_people(
    browser: Browser, tmp_path: Path, sqlite_with_tables: Path
) -> None:
    with open_desk(tmp_path, sqlite_with_tables, "en,es") as desk, open_source(tmp_path) as source:
        desk.subscribe(bea="en", carlos="es")
        rosa, mai = browser.new_context().new_page(), browser.new_context().new_page()
        come_in(rosa, desk.link(), "Rosa", "rosa@example.org")
        issue = draft_from(rosa, source)
        rosa.get_by_role("link", name="English only").click()
        write(rosa, subject="Clinics near you", title="Two new pages", body="Dear [[name|friend]],\n\nthis is new.")
        rosa.get_by_role("button", name=re.compile("^Approve all shown")).click()
        expect(rosa.locator("#state")).to_have_text("Approved")

        come_in(mai, invite_translator(rosa, desk), "Mai", "mai@example.org")
        mai.goto(f"{issue}?text=opening&to=es")
        write(mai, subject="Clínicas cerca de usted", title="Dos páginas nuevas", body="Hola, [[name|compañera]].")
        approve(mai, "Spanish")
        expect(mai.get_by_role("link", name="Schedule")).to_have_count(0)
        refused = mai.context.new_page().goto(f"{issue}/schedule")
        assert refused
        assert refused.status == 403

        rosa.goto(f"{issue}?text=opening&to=en")
        write(rosa, body="Dear [[name|friend]],\n\nthis is new, and open **late**.")
        expect(rosa.locator("#c-opening-es")).to_contain_text("Stale")
        mai.reload()
        expect(mai.locator("#state")).to_have_text("Stale")
        expect(mai.locator("ins").first).to_be_visible()
        write(mai, body="Hola, [[name|compañera]]: abren **tarde**.")
        approve(mai, "Spanish")

        waive_what_is_missing(rosa, issue)
        send_a_test(rosa, desk, issue)
        schedule_and_watch(rosa, desk, issue)
        got = {recipient: (subject, text) for recipient, subject, text in desk.mails()}
        assert got["bea@example.com"][0] == "Clinics near you"
        assert got["carlos@example.com"][0] == "Clínicas cerca de usted"
        assert "Hola, Carlos: abren" in got["carlos@example.com"][1]
        assert "When you move house" in got["carlos@example.com"][1]
        for page in (rosa, mai):
            page.context.close()


HAS_FOCUS = "element => element.isConnected ? element === document.activeElement : null"


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is there, as often as it takes to go around once; it can be seen where it is."""
    element = wanted.element_handle()  # to look for it by its words each time takes longer than all the rest
    for _ in range(150):
        page.keyboard.press("Tab")
        has_focus = element.evaluate(HAS_FOCUS)
        if has_focus is None:  # scripts have put it there anew
            element = wanted.element_handle()
            has_focus = element.evaluate(HAS_FOCUS)
        if has_focus:
            style = element.evaluate("element => [getComputedStyle(element).outlineStyle, element.outerHTML]")
            assert style[0] != "none", style[1]
            return
    pytest.fail(f"Tab does not reach {wanted}")


def press(page: Page, role: Literal["link", "button"], name: str) -> None:
    """A link or button, by Tab and Enter."""
    tab_to(page, page.get_by_role(role, name=re.compile(name)).first)
    page.keyboard.press("Enter")


def enter(page: Page, field: str, words: str) -> None:
    tab_to(page, page.locator(field))
    page.keyboard.insert_text(words)


def test_by_keyboard_alone_from_signing_in_to_a_scheduled_issue(
    browser: Browser, tmp_path: Path, sqlite_with_tables: Path
) -> None:
    with open_desk(tmp_path, sqlite_with_tables, "en") as desk, open_source(tmp_path) as source:
        come_in(browser.new_context().new_page(), desk.link(), "Rosa", "rosa@example.org")
        page = browser.new_context().new_page()
        page.goto(f"{desk.url}/desk")
        enter(page, "#address", "rosa@example.org")
        enter(page, "#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk")
        press(page, "link", "Resources")
        page.wait_for_url("**/desk/resources")
        enter(page, "#url", source)
        page.keyboard.press("Enter")
        page.wait_for_url("**did=imported**")
        press(page, "link", "This month")
        page.wait_for_url("**/desk")
        press(page, "button", "^Draft")
        page.wait_for_selector("html.scripted")
        enter(page, "#f-subject", "Clinics near you")
        enter(page, "#f-title", "Two new pages")
        enter(page, "#f-body", "this is new.")
        expect(page.locator("#saved")).to_have_text("Saved")
        press(page, "button", "^Approve all shown")
        expect(page.get_by_text("All 5 texts are approved")).to_be_visible()
        press(page, "link", "^Schedule")
        page.wait_for_url("**/schedule")
        tab_to(page, page.locator("input[name=day]:checked"))
        while not page.get_by_label("Now, after").is_checked():
            page.keyboard.press("ArrowLeft")
        press(page, "button", "^Schedule")
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("goes in 15 minutes"))
        page.context.close()


PLANT = """'"></textarea><img src=x onerror=ran=1><script>ran=1</script>"""
"""Breaks out of an attribute and of a text, and would run."""
RAN = "window.ran !== undefined || document.querySelector('[onerror]') !== null"


def planted_issue(now: datetime) -> Issue:
    """Passages of every kind, planted in every field of two languages, over a resource that is as bad."""
    planted = dict.fromkeys(("title", "summary", "link", "image", "alt", "pair_key"), PLANT)
    texts = [ResourceText(language=tag, guid=f"{tag} {PLANT}", changed_at=now, **planted) for tag in ("en", "es", None)]
    resource = Resource(kind="<script>ran=1</script>", published_at=now, texts=texts)
    passages = [
        Passage(
            kind=kind,
            key=kind.value,
            position=position,
            resource=resource if kind is PassageKind.RESOURCE else None,
            wordings=[
                Worded(language=tag, fields=dict.fromkeys(FIELDS[kind].all, PLANT), revision=1) for tag in ("en", "es")
            ],
        )
        for position, kind in enumerate(FIELDS)
    ]
    return Issue(
        slug="2021-11",
        month=date(2021, 11, 1),
        languages=["en", "es"],
        covers_until=now,
        created_at=now,
        passages=passages,
    )


def plant(desk: Desk) -> None:
    """Wherever one can write, and in what a source sends."""
    with desk.newsletter.database.write() as session:
        issue = planted_issue(desk.clock())
        session.add(issue)
        session.add(Source(kind=SourceKind.RSS, url=f"https://feed.example.org/?{PLANT}", failure=PLANT))
        session.flush()
        history.record_frame(session, issue, by=PLANT, now=desk.clock())
        for passage in issue.passages:
            for wording in passage.wordings:
                history.record_text(
                    session, issue, passage.key, wording.language, wording.fields, by=PLANT, now=desk.clock()
                )
    desk.subscribe(called=PLANT, bea="en", carlos="es")


def planted_pages() -> list[str]:
    """Every page of the desk that shows what somebody wrote; the way to the planted issue."""
    issue = "/desk/issues/2021-11"
    readers = [f"language={tag}&name={quote(PLANT)}" for tag in ("en", "es")]
    return [
        *("/desk", "/desk/issues", "/desk/resources", f"/desk/resources?q={quote(PLANT)}", "/desk/resources/1"),
        *("/desk/resources/1?q=ran", "/desk/resources/new", "/desk/people", "/desk/account", "/desk/readers"),
        *("/desk/settings", *(f"{issue}?text={kind}&to=es&show=all" for kind in FIELDS)),
        *(f"{issue}/preview?{reader}{text}" for reader in readers for text in ("", "&text=yes")),
        *(f"{issue}/{page}" for page in ("checks", "schedule", "proof", "texts/opening/es/history")),
    ]


def nothing_ran(page: Page) -> None:
    assert [frame.url for frame in page.frames if frame.evaluate(RAN)] == []


def write_at_once(one: Page, other: Page, issue: str) -> None:
    """Two people in one text, both called by the planted name: what our scripts write into the page."""
    for page in (one, other):
        page.goto(f"{issue}?text=section&to=es")
        page.wait_for_selector("html.scripted")
    write(one, title=f"One {PLANT}")
    expect(one.frame_locator("#frame iframe:not(.is-coming)").get_by_text("One '")).to_be_visible()
    nothing_ran(one)
    other.locator("#f-title").fill(f"Other {PLANT}")
    expect(other.locator("#conflict")).to_contain_text(f"One {PLANT}")
    nothing_ran(other)
    one.reload()
    expect(one.locator("#here")).to_contain_text("is here too")
    one.get_by_role("button", name="Take out").click()
    one.wait_for_url("**did=removed**")
    expect(one.locator(".toast")).to_contain_text(PLANT)
    nothing_ran(one)


def test_planted_markup_runs_on_no_page_and_in_no_preview(
    browser: Browser, tmp_path: Path, sqlite_with_tables: Path
) -> None:
    with open_desk(tmp_path, sqlite_with_tables, "en,es") as desk:
        plant(desk)
        said: list[str] = []
        pages = []
        for address in ("rosa@example.org", "mai@example.org"):
            context = browser.new_context()
            context.on("console", lambda message: said.append(message.text))
            pages.append(context.new_page())
            come_in(pages[-1], desk.link(), PLANT, address)
        shown = 0
        for path in planted_pages():
            answer = pages[0].goto(desk.url + path)
            assert answer
            assert answer.ok
            nothing_ran(pages[0])
            shown += sum("<script>ran=1</script>" in frame.locator("body").inner_text() for frame in pages[0].frames)
        assert shown >= len(planted_pages())  # it stands there as words
        write_at_once(pages[0], pages[1], f"{desk.url}/desk/issues/2021-11")
        assert [text for text in said if "Content Security Policy" in text] == []
        for page in pages:
            page.context.close()
