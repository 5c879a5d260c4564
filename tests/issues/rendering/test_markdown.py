"""The closed subset of Markdown, as HTML and as plain text, whatever is put in."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.rendering.markdown import TOKEN, clean_line, safe_link, to_html, to_text

HOSTILE = st.text(
    alphabet=st.one_of(st.sampled_from("[]()<>*_`#!&\"'\\|{}%\n\t -1.:/=\x0b\x00\u202e"), st.characters()), max_size=120
)


def test_the_subset_becomes_html() -> None:
    html = to_html("One *two* **three** [four](https://example.org/?a=1&b=2)  \nfive\n\n- six\n- seven\n\n3. eight")
    assert html == (
        '<p>One <em>two</em> <strong>three</strong> <a href="https://example.org/?a=1&amp;b=2">four</a><br>\nfive</p>\n'
        '<ul>\n<li>six</li>\n<li>seven</li>\n</ul>\n<ol start="3">\n<li>eight</li>\n</ol>'
    )


@pytest.mark.parametrize(
    "text", ["# head", "> quote", "`code`", "![alt](https://example.org/a.png)", "<b>x</b>", "---"]
)
def test_everything_else_stays_the_characters_it_is(text: str) -> None:
    assert not re.search(r"<(?!/?p>|/?a\b)", to_html(text))
    assert to_text(text).startswith(text[:1])


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "/relative", "ftp://example.org", "//example.org"]
)
def test_a_link_of_another_kind_is_no_link(link: str) -> None:
    assert "<a" not in to_html(f"[words]({link})")
    assert safe_link(link) == ""


def test_links_for_mail_and_phone_stay() -> None:
    assert to_html("[write](mailto:desk@example.org)") == '<p><a href="mailto:desk@example.org">write</a></p>'
    assert to_html("[call](tel:+18885550142)") == '<p><a href="tel:+18885550142">call</a></p>'


@pytest.mark.parametrize(
    "token", ["[[name]]", "[[name|friend]]", "[[name|صديقنا *العزيز*]]", "[[name|bạn _thân_ mến]]"]
)
def test_a_reader_token_survives_byte_for_byte(token: str) -> None:
    body = f"Dear **{token}**, and ({token}):\n\n- {token}"
    assert to_html(body).count(token) == 3
    assert to_text(body).count(token) == 3


def test_plain_text_names_addresses_once() -> None:
    text = to_text("[site](https://example.org/) <https://example.org/b> [a@example.org](mailto:a@example.org)")
    assert text == "site <https://example.org/> https://example.org/b a@example.org"


def test_plain_text_keeps_lists() -> None:
    assert to_text("- one\n- two\n  - three\n\n7. seven\n8. eight") == "- one\n- two\n  - three\n\n7. seven\n8. eight"


def test_nesting_beyond_reason_keeps_the_words() -> None:
    assert to_html("*" * 300 + "[[name|Tom & Ann]] word" + "*" * 300) == "<p>[[name|Tom &amp; Ann]] word</p>"
    assert to_html("- " * 60 + "word").count("<") == 2


def test_control_characters_and_bidi_overrides_are_gone() -> None:
    assert clean_line("a\x0bb\u202ec\x00d\ud800e\u2066f\tg\u2028h") == "abcdef g h"
    assert to_html("a\x0b\u202e\x1b") == "<p>a</p>"


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_no_text_yields_another_tag_or_a_control_character(text: str) -> None:
    html, plain = to_html(text), to_text(text)
    assert set(re.findall(r"</?([^\s>/]*)", html)) <= {"p", "br", "em", "strong", "a", "ul", "ol", "li"}
    assert not re.search(r"<(?!a )\w+ (?!start=\"\d+\">)", html)
    assert all(
        re.fullmatch(r'<a href="(https?:|mailto:|tel:)[^"]*">', tag, re.I) for tag in re.findall(r"<a [^>]*>", html)
    )
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]", html + plain)


@settings(max_examples=60, deadline=None)
@given(st.from_regex(TOKEN, fullmatch=True).filter(lambda token: clean_line(token) == token))
def test_any_token_survives_in_the_plain_text(token: str) -> None:
    assert token in to_text(f"x {token} y")
