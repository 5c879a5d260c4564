"""Checks find what a reader would stumble over, say where, and how to mend it."""

from dataclasses import replace

import pytest

from issues.checks import CHECKS, check
from issues.findings import Finding
from issues.matrix import fields_digest
from issues.models import Fallback, Issue, Passage, PassageKind, Wording
from issues.rendering import Brand, Rendered, render
from tests.issues.drafted import NOW
from tests.issues.sample import BRAND, sample_issue

OPENING = {"subject": "Hello", "title": "Hello", "body": "Dear [[name|friend]] and [[name]]."}


def issue_of(kind: PassageKind, fields: dict[str, str], **more: str) -> Issue:
    """An English issue of a good opening and one more passage; `more` changes the opening."""
    opening = Passage(kind=PassageKind.OPENING, key="opening", wordings=[Wording(language="en", fields=OPENING | more)])
    other = Passage(kind=kind, key="x", wordings=[Wording(language="en", fields=fields)])
    return Issue(languages=["en", "es"], fallback=Fallback.OMIT, month=NOW.date(), passages=[opening, other])


def found(name: str, issue: Issue, language: str = "en", brand: Brand = BRAND) -> list[Finding]:
    """What the check `name` says of the rendered edition."""
    findings = check(issue, language, render(issue, language, brand), brand)
    return [finding for finding in findings if finding.check == name]


def found_in(name: str, html: str, text: str = "") -> list[Finding]:
    """What the check `name` says of an edition with this HTML and plain text."""
    findings = check(issue_of(PassageKind.NOTE, {"body": "x"}), "en", Rendered("Hello", html, text), BRAND)
    return [finding for finding in findings if finding.check == name]


@pytest.mark.parametrize("fallback", list(Fallback))
@pytest.mark.parametrize("language", ["en", "es", "vi", "ar"])
def test_a_good_issue_lacks_nothing_but_its_missing_texts(language: str, fallback: Fallback) -> None:
    issue = sample_issue(fallback)
    findings = check(issue, language, render(issue, language, BRAND), BRAND)
    assert {finding.check for finding in findings} <= {"missing-text", "stale-text"}
    assert language != "en" or not findings


def test_every_check_has_its_name_from_its_file() -> None:
    assert list(CHECKS) == [
        "missing-text",
        "missing-alt",
        "stale-text",
        "placeholder",
        "unresolved-token",
        "link-address",
        "dead-link",
        "link-text",
        "heading-order",
        "plain-text",
        "contrast",
        "language",
        "long-subject",
        "twice",
        "unchecked-link",
    ]


def test_a_missing_text_blocks_and_names_what_is_missing() -> None:
    issue = issue_of(PassageKind.BUTTON, {"title": "Sign"})
    assert found("missing-text", issue) == [
        Finding(
            "missing-text",
            "button x (en)",
            "has no label and link",
            "write it, or waive this check",
            blocks=True,
            language="en",
        )
    ]
    assert [(f.where, f.what) for f in found("missing-text", issue, "es")] == [
        ("the opening (es)", "has no text"),
        ("button x (es)", "has no text"),
    ]


def test_a_stale_text_blocks() -> None:
    issue = issue_of(PassageKind.NOTE, {"body": "New"})
    issue.passages[1].wordings.append(
        Wording(language="es", fields={"body": "Viejo"}, source_digest=fields_digest({"body": "Old"}))
    )
    (finding,) = found("stale-text", issue, "es")
    assert (finding.where, finding.blocks) == ("note x (es)", True)


@pytest.mark.parametrize(
    "body", ["[[nmae]]", "[[email]]", "[[unsubscribe_url]]", "[[name", "{{ name }}", "{% if %}", "[[NAME]]", "[[]]"]
)
def test_a_token_that_nobody_fills_in_blocks(body: str) -> None:
    (finding,) = found("unresolved-token", issue_of(PassageKind.NOTE, {"body": f"Dear {body}"}))
    assert finding.blocks
    assert finding.where == "note x (en)"
    assert "in its body" in finding.what


@pytest.mark.parametrize("field", ["subject", "title", "preheader"])
def test_a_reader_token_outside_a_body_blocks(field: str) -> None:
    issue = issue_of(PassageKind.NOTE, {"body": "x"}, **{field: "For [[name]]"})
    assert f"has [[name]] in its {field}" in [finding.what for finding in found("unresolved-token", issue)]


def test_a_template_that_leaves_something_is_found() -> None:
    page = "<html><body><style>@media{a{b:c}}</style><p>{{ view }} [[x]]</p></body></html>"
    assert [f.what for f in found_in("unresolved-token", page, "[[x]]")] == [
        "has [[x]], which nothing fills in",
        "has {{, which nothing fills in",
        "has [[x]], which nothing fills in",
    ]


@pytest.mark.parametrize(
    "link", ["example.org", "/page", "javascript:alert(1)", "https://", "https:///x", "http://[", "ftp://example.org/"]
)
def test_a_link_that_leads_nowhere_blocks(link: str) -> None:
    (finding,) = found("link-address", issue_of(PassageKind.BUTTON, {"label": "Sign", "link": link}))
    assert finding.blocks
    assert f"`{link}`" in finding.what
    (finding,) = found("link-address", issue_of(PassageKind.NOTE, {"body": f"Read [the letter]({link} )."}))
    assert finding.where == "note x (en)"


@pytest.mark.parametrize("link", ["https://example.org/?a=b#c", "http://example.org", "mailto:a@example.org", "tel:+1"])
def test_a_link_that_leads_somewhere_is_fine(link: str) -> None:
    issue = issue_of(PassageKind.BUTTON, {"label": "Sign", "link": link, "body": f"Or [the letter]({link})."})
    assert found("link-address", issue) == []
    assert found("plain-text", issue) == []


def test_a_label_without_a_link_blocks_and_a_resource_without_one_warns() -> None:
    (finding,) = found("link-address", issue_of(PassageKind.CLOSING, {"title": "Bye", "label": "Write us"}))
    assert (finding.what, finding.blocks) == ("has a label and no link", True)
    (finding,) = found("link-address", issue_of(PassageKind.RESOURCE, {"title": "A report"}))
    assert (finding.what, finding.blocks) == ("has no link in any language", False)


@pytest.mark.parametrize("words", ["Click here", "here", "Read more …", "→ aquí", "Haz clic aquí", "tại đây", "«هنا»"])
def test_generic_words_of_a_link_warn(words: str) -> None:
    (finding,) = found("link-text", issue_of(PassageKind.NOTE, {"body": f"See [{words}](https://example.org/)."}))
    assert not finding.blocks
    assert (finding.where, finding.what) == (
        "note x (en)",
        f"has the link to https://example.org/, which only says “{words}”",
    )


def test_a_link_without_words_blocks() -> None:
    assert found_in("link-text", '<body><a href="https://example.org/"><img alt=""> → </a></body>')[0].blocks
    assert not found_in("link-text", '<body><a href="https://example.org/"><img alt="The letter"></a></body>')
    assert not found_in("link-text", '<body><a href="https://example.org/" aria-label="Read: a">more</a></body>')
    assert not found_in("link-text", '<body><p lang="es"><a href="https://example.org/">aquí</a></p></body>')


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ("<h2>A</h2>", "has a heading of level 2 behind level 0"),
        ("<h1>A</h1><h3>B</h3>", "has a heading of level 3 behind level 1"),
        ("<h1>A</h1><h1>B</h1>", "has a second main heading"),
        ("<h1> </h1>", "has a heading without words"),
        ("<p>A</p>", "has no heading"),
    ],
)
def test_headings_out_of_order_warn(html: str, what: str) -> None:
    (finding,) = found_in("heading-order", f"<body>{html}</body>")
    assert (finding.what, finding.blocks) == (what, False)


def test_headings_in_order_are_fine() -> None:
    assert not found_in("heading-order", "<body><h1>A</h1><h2>B</h2><h3>C</h3><h2>D</h2></body>")


def test_what_only_the_html_has_blocks() -> None:
    page = (
        '<body><h1>One  title</h1><a href="https://example.org/a">A</a><a href="tel:+15550142">B</a>'
        '<a href="mailto:a%2Bb@example.org?subject=x">C</a><a href="#top">D</a></body>'
    )
    assert not found_in("plain-text", page, "One\ntitle https://example.org/a, +1 555 0142, a+b@example.org")
    assert [finding.what for finding in found_in("plain-text", page)] == [
        "lacks the title “One title”, which the HTML has",
        "lacks the link to https://example.org/a, which the HTML has",
        "lacks the link to tel:+15550142, which the HTML has",
        "lacks the link to mailto:a%2Bb@example.org?subject=x, which the HTML has",
    ]


@pytest.mark.parametrize("accent", ["#7d7d7d", "#ffffff", "#000000", "#ffd400", "#a63a12"])
def test_whatever_the_brand_the_edition_reads_well(accent: str) -> None:
    issue = issue_of(PassageKind.BUTTON, {"label": "Sign the letter", "link": "https://example.org/"})
    assert found("contrast", issue, brand=replace(BRAND, accent=accent)) == []


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color:#999999">Grey</p>',
        '<table><tr><td bgcolor="#1d2b4f"><p><b>Grey</b></p></td></tr></table>',
        '<div style="margin:0;background:url(x) #777777"><p style="padding:0; color:#fff">Grey</p> and</div>',
        '<div style="background-color:#1d2b4f"><span></span>Grey</div>',
    ],
)
def test_text_that_is_hard_to_read_blocks(html: str) -> None:
    finding, *others = found_in("contrast", f"<body>{html}</body>")
    assert (finding.where, finding.blocks) == ("“Grey” (en)", True)
    assert not others


def test_what_is_not_shown_need_not_be_read() -> None:
    assert not found_in("contrast", '<body><p style="display:none;color:#eeeeee">Hidden</p><!-- no --></body>')


def test_what_is_no_colour_is_said() -> None:
    rendered = render(issue := issue_of(PassageKind.NOTE, {"body": "x"}), "en", BRAND)
    findings = check(issue, "en", rendered, replace(BRAND, color="navy"))
    assert [(f.check, f.what) for f in findings] == [("contrast", "navy is no colour")]
