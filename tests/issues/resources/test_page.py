"""A page's head becomes a proposal; whatever it holds, nothing breaks and nothing unsafe is proposed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.rendering.markdown import to_html
from issues.resources.page import PageHead, read, source_of

URL = "https://example.org/bail?from=mail"


def page(head: str, attributes: str = 'lang="es-MX"') -> bytes:
    return f"<!doctype html><html {attributes}><head>{head}</head><body><p>Hola</p></body></html>".encode()


def test_what_a_page_says_of_itself_is_proposed() -> None:
    head = (
        '<meta charset="utf-8"><title>Fianzas – Red</title><meta name="description" content="Una *guía*.">'
        '<meta property="og:title" content="Fianzas: una guía | Red"><meta property="og:site_name" content="Red">'
        '<meta property="og:image" content="/p.jpg"><link rel="canonical" href="/bail">'
    )
    assert read(page(head), URL, "text/html; charset=UTF-8") == PageHead(
        "https://example.org/bail", "Fianzas: una guía", "Una \\*guía\\*.", "es", "https://example.org/p.jpg"
    )


def test_a_plain_page_gives_title_and_description() -> None:
    head = '<title>\n Bail &amp; Bonds\n</title><meta name="Description" content="A guide.">'
    assert read(page(head, ""), URL) == PageHead(URL, "Bail & Bonds", "A guide.", None)


def test_what_is_no_html_has_only_its_link() -> None:
    assert read(b"%PDF-1.7 <title>x</title>", URL, "application/pdf") == PageHead(URL)


@pytest.mark.parametrize("charset", ["no-such-charset", "", '"utf-8"', "utf-8; x"])
def test_an_unknown_encoding_is_passed_over(charset: str) -> None:
    assert read(page("<title>Bail</title>"), URL, f"text/html; charset={charset}").title == "Bail"


def test_reader_tokens_scripts_and_unsafe_links_are_undone() -> None:
    head = (
        '<title>[[name]] &lt;script&gt;</title><meta name="description" content="[x](javascript:alert(1)) [[name]]">'
        '<link rel="canonical" href="javascript:alert(1)"><meta property="og:image" content="data:image/png,x">'
    )
    proposed = read(page(head), URL)
    assert proposed.link == URL
    assert proposed.image == ""
    assert "[[" not in proposed.title + proposed.summary
    assert "<a" not in to_html(proposed.summary)


@pytest.mark.parametrize(
    ("head", "source"),
    [
        ('<link rel="https://api.w.org/" href="/wp-json/">', "https://example.org/wp-json/wp/v2/posts"),
        ('<link rel="alternate" type="application/rss+xml" href="/feed/">', "https://example.org/feed/"),
        ('<link rel="alternate" type="application/atom+xml" href="javascript:x">', ""),
        ("<title>Bail</title>", ""),
    ],
)
def test_a_site_names_where_its_resources_are_read(head: str, source: str) -> None:
    assert source_of(page(head), URL, "text/html") == source


@given(body=st.binary(max_size=300) | st.text('<>/"= htmleadscripting\x00ü', max_size=300).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_it(body: bytes) -> None:
    for content_type in ("", "text/html; charset=utf-16", "text/html"):
        proposed = read(body, URL, content_type)
        assert "\n" not in proposed.title
        assert "\n" not in source_of(body, URL, content_type)


def test_a_deep_page_is_read_in_bounds() -> None:
    assert read(b"<html><head><title>x</title>" + b"<div>" * 200_000, URL).title in ("x", "")
