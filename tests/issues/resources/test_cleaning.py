"""What a source wrote becomes plain titles, the closed Markdown subset and safe links."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.rendering.markdown import TOKEN, to_html, to_text
from issues.resources.cleaning import link_of, summary_of, summary_of_html, title_of, title_of_html

BASE = "https://example.org/posts/1/"


def test_entities_in_a_title_are_decoded_and_tags_dropped() -> None:
    assert (
        title_of_html("&#8220;How Did <i>We</i> Get&nbsp;Here?&#8221; &amp; more\n") == "“How Did We Get Here?” & more"
    )


def test_a_title_keeps_a_sign_that_only_looks_like_a_tag() -> None:
    assert title_of_html("Plan B &lt; Plan C") == "Plan B < Plan C"
    assert title_of("Plan B < Plan C") == "Plan B < Plan C"


@pytest.mark.parametrize("ending", ["[&hellip;]", "[…]", "[...]", "[&#8230;]", "&hellip;"])
def test_a_cut_off_excerpt_ends_in_an_ellipsis(ending: str) -> None:
    assert summary_of_html(f"<p>governments often {ending}</p>\n", BASE) == "governments often …"


def test_what_themes_put_behind_an_excerpt_goes() -> None:
    more = '<p>Text &hellip; <a class="more-link" href="/1">Continue <span>reading</span></a></p>'
    appeared = '<p>Text …</p><p>The post <a href="/1">T</a> appeared first on <a href="/">S</a>.</p>'
    assert [summary_of_html(html, BASE) for html in (more, appeared)] == ["Text …", "Text …"]


def test_the_closed_subset_of_markdown_is_kept() -> None:
    html = """<h2>A</h2><div>b <b>c</b> <em>d</em><br>e</div>
    <ul><li>x</li><li><a href="../2/">y</a></li></ul><ol><li>z</li></ol><img src="p.png" alt="P">"""
    markdown = summary_of_html(html, BASE)
    assert markdown == "A\n\nb **c** *d*\\\ne\n\n- x\n- [y](https://example.org/posts/2/)\n\n1. z"
    assert "<br>\ne" in to_html(markdown)


def test_plain_signs_stay_plain() -> None:
    text = "1. Not a list, *not* _emphasis_, [no] (link) AT&T <tag>"
    markdown = summary_of_html("<p>1. Not a list, *not* _emphasis_, [no] (link) AT&amp;T &lt;tag&gt;</p>", BASE)
    assert to_text(markdown) == text


@pytest.mark.parametrize("html", ["<script>x</script>", "<style>x</style>", "<!-- x -->", "<iframe>x</iframe>"])
def test_what_is_not_for_readers_goes(html: str) -> None:
    assert summary_of_html(f"<p>a{html}b</p>", BASE) == "ab"


@pytest.mark.parametrize("sign", ["\0", "\x0b", "\x1b", "\u202e", "\u2066", "\ud800", "\ufeff"])
def test_invisible_signs_go(sign: str) -> None:
    assert title_of_html(f"a{sign}b") == "ab"
    assert title_of(f"a{sign}b") == "ab"
    assert summary_of_html(f"<p>a{sign}b</p>", BASE) == "ab"
    assert summary_of(f"a{sign}b") == "ab"
    assert link_of(f"https://example.org/a{sign}b") == "https://example.org/ab"


def test_a_long_text_is_cut_at_a_word() -> None:
    title = title_of("word " * 100)
    assert len(title) <= 300
    assert title.endswith("word…")
    summary = summary_of_html("<p>" + "word <a href='/x'>a link</a> " * 300 + "</p>", BASE)
    assert len(summary) <= 5000
    assert to_text(summary).endswith("…")
    assert summary.count("[") == summary.count("](") == summary.count(")")


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("/x", "https://example.org/x"),
        ("2", "https://example.org/posts/1/2"),
        ("//example.com/x", "https://example.com/x"),
        ("mailto:ana@example.org", "mailto:ana@example.org"),
        ("tel:+15550100", "tel:+15550100"),
        (" https://example.org/a b ", "https://example.org/a%20b"),
        ("https://example.org/a%20b?c=ñ&d#e", "https://example.org/a%20b?c=ñ&d#e"),
        ("https://example.org/(x)[y]", "https://example.org/%28x%29%5By%5D"),
        ("javascript:alert(1)", ""),
        ("JaVa\nScript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://user:secret@example.org/", ""),
        ("https://münchen.example.org/", "https://münchen.example.org/"),
        ("", ""),
        ("https:///x", "https://example.org/x"),
        ("http://[::1", ""),
        ("https://example.org/" + "x" * 2000, ""),
    ],
)
def test_links_are_resolved_and_only_safe_ones_stay(address: str, link: str) -> None:
    assert link_of(address, BASE) == link


@pytest.mark.parametrize(
    "html",
    [
        "[[name]]",
        "[<b>[name]]</b>",
        "[<span>[name]]",
        "&#91;&#91;name|you]]",
        "[<a href='/'>[name]]</a>",
        "[[[[name]]]]",
        "<a href='/?who=[[name]]'>x</a>",
        "[\u202e[name]]",
    ],
)
def test_a_source_cannot_ask_for_a_readers_name(html: str) -> None:
    markdown = summary_of_html(html, BASE)
    assert not any(TOKEN.search(text) for text in (markdown, to_html(markdown), to_text(markdown), title_of_html(html)))


@pytest.mark.parametrize(
    "text", ["[[name]]", "\\[\\[name]]", "[*[name]]*", "[\0[name]]", "[x](https://e.org/[[name]])"]
)
def test_nor_can_a_files_author(text: str) -> None:
    markdown = summary_of(text)
    assert not any(TOKEN.search(text) for text in (markdown, to_html(markdown), to_text(markdown), title_of(text)))


@given(st.text(st.sampled_from("[]<>bap/ =\"'h*_\\\n&;x1.-"), max_size=60))
@settings(max_examples=150, deadline=None)
def test_hostile_html_makes_no_token_and_no_foreign_tag(html: str) -> None:
    markdown = summary_of_html(html, BASE)
    assert not any(TOKEN.search(text) for text in (to_html(markdown), to_text(markdown), title_of_html(html)))
