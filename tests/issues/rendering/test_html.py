"""The HTML of an issue: its structure, its languages, its tokens, its size, and what hostile texts make of it."""

import quopri
import re
from itertools import pairwise
from typing import Any

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from issues.fields import FIELDS
from issues.models import Fallback, Passage, PassageKind
from issues.rendering import render
from tests.issues.sample import BRAND, issue_of, passage, sample_issue
from tests.issues.sample_words import CALL

LANGUAGES = ("en", "es", "vi", "ar")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {language: render(sample_issue(), language, BRAND).html for language in LANGUAGES}


def tree(html: str) -> Any:
    return lxml.html.document_fromstring(html)


def html_of(*passages: Passage, language: str = "en", fallback: Fallback = Fallback.LABEL) -> str:
    return render(issue_of(list(passages), fallback), language, BRAND).html


def sent_size(html: str) -> int:
    return len(quopri.encodestring(html.encode()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_go_down_one_step_at_a_time(pages: dict[str, str], language: str) -> None:
    levels = [int(heading.tag[1]) for heading in tree(pages[language]).xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert set(levels) == {1, 2, 3}


def test_without_sections_cards_are_headed_one_step_lower() -> None:
    page = tree(html_of(passage(PassageKind.NOTE, "n", {"en": {"title": "A note", "body": "Words"}})))
    assert [heading.text for heading in page.xpath("//h2")] == ["A note"]
    assert page.xpath("//h1")[0].text == BRAND.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_and_direction_stand_on_page_and_body(pages: dict[str, str], language: str) -> None:
    page = tree(pages[language])
    expected = (language, "rtl" if language == "ar" else "ltr")
    assert (page.get("lang"), page.get("dir")) == expected
    assert (page.body.get("lang"), page.body.get("dir")) == expected


def test_texts_in_another_language_say_so(pages: dict[str, str]) -> None:
    page = tree(pages["ar"])
    (heading,) = page.xpath("//h3[contains(., 'Admin Platform Policy Memo')]")
    assert [(at.get("lang"), at.get("dir")) for at in heading.xpath("ancestor-or-self::*[@lang][1]")] == [("en", "ltr")]
    pills = page.xpath("//span[@class='pill']")
    assert {(pill.get("lang"), pill.get("dir"), pill.text) for pill in pills} == {
        ("en", "ltr", "English"),
        ("es", "ltr", "Español"),
        ("vi", "ltr", "Tiếng Việt"),
    }


def test_right_to_left_turns_tables_texts_and_arrows(pages: dict[str, str]) -> None:
    assert "direction:ltr" not in pages["ar"]
    assert "→" not in pages["ar"]
    assert "border-right:5px" in pages["ar"]
    assert "border-left:5px" not in pages["ar"]


def test_layout_tables_are_presentation(pages: dict[str, str]) -> None:
    assert {table.get("role") for table in tree(pages["vi"]).xpath("//table")} == {"presentation"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_has_a_name_of_its_own(pages: dict[str, str], language: str) -> None:
    links = tree(pages[language]).xpath("//a")
    names = [link.get("aria-label") or link.text_content() for link in links]
    assert len(set(names)) == len(names) > 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_from_anywhere(pages: dict[str, str], language: str) -> None:
    page = tree(pages[language])
    assert page.xpath("//link | //img | //script | //@src | //@background | //form | //iframe") == []
    assert "@import" not in pages[language]
    assert "url(" not in pages[language]


def test_the_contents_lead_to_every_section(pages: dict[str, str]) -> None:
    page = tree(pages["en"])
    anchors = page.xpath("//a[starts-with(@href, '#')]/@href")
    assert anchors == ["#s1", "#s2", "#s3"]
    assert page.xpath("//h2/@id") == ["s1", "s2", "s3"]


def test_one_section_needs_no_contents() -> None:
    section = passage(PassageKind.SECTION, "s", {"en": {"title": "Alone"}})
    html = html_of(section, passage(PassageKind.NOTE, "n", {"en": {"body": "Words"}}))
    assert "In this issue" not in html


def test_the_dark_survives_inlining(pages: dict[str, str]) -> None:
    html = pages["en"]
    assert '<meta name="color-scheme" content="light dark">' in html
    assert '<meta name="supported-color-schemes" content="light dark">' in html
    dark = html[html.index("@media (prefers-color-scheme: dark)") :]
    assert dark.count("!important") > 10
    assert "[data-ogsc] .h2" in html
    assert html.startswith("<!DOCTYPE html>")
    assert "data-premailer" not in html


def test_the_preheader_is_hidden_but_not_in_the_colour_of_its_ground(pages: dict[str, str]) -> None:
    (hidden,) = tree(pages["en"]).xpath("//div[@class='pre']")
    assert hidden.text.startswith("Ten resources")
    assert "display:none" in hidden.get("style").replace(" ", "")
    assert "#fff" not in hidden.get("style")


def test_tokens_survive_byte_for_byte(pages: dict[str, str]) -> None:
    for language, fallback in (("en", "friend"), ("vi", "quý bạn"), ("ar", "صديقنا العزيز")):
        assert f"[[name|{fallback}]]" in pages[language]
        assert pages[language].count('href="[[unsubscribe_url]]"') == 1


def test_the_phone_is_a_link(pages: dict[str, str]) -> None:
    (call,) = tree(pages["es"]).xpath("//a[@href='tel:18885550142']")
    assert call.text == "1-888-555-0142"


@pytest.mark.parametrize("language", LANGUAGES)
def test_ten_resources_stay_far_below_what_is_clipped(pages: dict[str, str], language: str) -> None:
    assert sent_size(pages[language]) < 60_000


def test_twenty_five_vietnamese_cards_stay_below_the_limit() -> None:
    texts = {
        "vi": {
            "title": "Người nhập cư xứng đáng có cơ hội thứ hai",
            "link": "https://example.org/tai-lieu/",
            "body": "ắờệ " * 50,
        }
    }
    cards = [passage(PassageKind.RESOURCE, str(number), texts, "report") for number in range(25)]
    assert sent_size(html_of(*cards, language="vi")) < 100_000


def test_omitted_texts_stand_nowhere() -> None:
    html = render(sample_issue(Fallback.OMIT), "ar", BRAND).html
    assert "Admin Platform Policy Memo" not in html
    assert "Immigration Proposal" not in html


def test_texts_are_not_template() -> None:
    note = passage(
        PassageKind.NOTE, "n", {"en": {"title": "{{ brand }} {% x", "body": "{{ 7*7 }} {# no #} <mj-raw> <!-- x -->"}}
    )
    page = tree(html_of(note)).text_content()
    assert "{{ brand }} {% x" in page
    assert "{{ 7*7 }} {# no #} <mj-raw> <!-- x -->" in page


HOSTILE = st.text(
    st.one_of(st.sampled_from("<>&\"'{}%#[]/!-=\\ \n\x0b\x00\x1b\u202e\ufffe;:"), st.characters()), max_size=40
).map(lambda text: f"{text}<script>{{{{ 1 }}}}</mj-text><mj-section x=1>{{% raw %}}]]>&bogus;<!--{text}")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE, st.sampled_from(list(PassageKind)))
def test_no_text_breaks_the_mail_or_becomes_markup(text: str, kind: PassageKind) -> None:
    fields = {name: f"https://example.org/{text}" if name == "link" else text for name in FIELDS[kind].all}
    hostile = passage(kind, "x", {"es": fields}, "report" if kind is PassageKind.RESOURCE else "")
    event = passage(PassageKind.EVENT, "call", CALL)
    rendered = render(issue_of([hostile, event]), "en", BRAND)
    page = tree(rendered.html)
    assert page.xpath("//script | //*[starts-with(name(), 'mj-')]") == []
    assert page.xpath("//h2 | //h3")
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]", rendered.html + rendered.text + rendered.subject
    )
    assert "Members’ call" in page.text_content()


@pytest.mark.parametrize("kind", list(PassageKind))
def test_every_kind_renders_with_only_what_it_must_have(kind: PassageKind) -> None:
    fields = {name: "https://example.org/x" if name == "link" else "Words" for name in FIELDS[kind].required}
    rendered = render(issue_of([passage(kind, "x", {"en": fields})]), "en", BRAND)
    assert "Words" in rendered.html or kind is PassageKind.SECTION
    assert 'href=""' not in rendered.html
