"""Findings as people read them: what says the same stands under one heading, and each leads to its text."""

from dataclasses import replace

from issues import checks
from issues.findings import Finding
from issues.models import Issue, PassageKind, Waiver
from issues.rendering import render
from newsletter.mending import HEADINGS, Point, points
from newsletter.preflight import size
from tests.issues.sample import BRAND, issue_of, passage

LINK = "https://example.org/a"


def hasty() -> Issue:
    """A note, and a button of the same link, that say no more than `here`; in English alone."""
    note = passage(PassageKind.NOTE, "words", {"en": {"title": "Our letter", "body": f"Read it [here]({LINK})."}})
    button = passage(PassageKind.BUTTON, "go", {"en": {"label": "Here", "link": LINK}})
    return issue_of([note, button])


def pointed(issue: Issue) -> dict[str, Point]:
    found = [f for tag in issue.languages for f in checks.check(issue, tag, render(issue, tag, BRAND), BRAND)]
    return {point.check: point for point in points(issue, found, [])}


def test_what_is_wrong_with_a_link_leads_to_the_text_that_holds_it() -> None:
    spot = pointed(hasty())["link-text"].spots[0]
    assert (spot.name, spot.key, spot.languages) == ("Our letter", "words", ["en"])
    assert spot.what == f"has the link to {LINK}, which only says “here”"


def test_texts_missing_in_several_languages_stand_under_one_heading() -> None:
    point = pointed(hasty())["missing-text"]
    assert point.kind == "blocks"
    assert point.heading == f"A text is missing, in {len(point.spots)} places"
    assert ("words", ["es", "vi", "ar"]) in [(spot.key, spot.languages) for spot in point.spots]


def test_what_was_waived_stands_last_with_the_word_that_waived_it() -> None:
    issue = hasty()
    finding = Finding("missing-text", "note words (es)", "has no text", "write it", blocks=True, language="es")
    waived = replace(finding, blocks=False, what="has no text (waived by Ana)")
    other = replace(finding, check="twice", blocks=False)
    word = Waiver(issue_id=1, check="missing-text", language="es", by="Ana")
    listed = points(issue, [waived, other, replace(finding, language="en")], [word])
    assert [(point.kind, point.check) for point in listed] == [
        ("blocks", "missing-text"),
        ("warns", "twice"),
        ("waived", "missing-text"),
    ]
    assert listed[2].spots[0].what == "has no text"


def test_every_check_has_its_heading() -> None:
    assert {*checks.CHECKS, size.__name__.rpartition(".")[2]} == set(HEADINGS)
