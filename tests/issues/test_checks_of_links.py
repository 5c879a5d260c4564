"""Checks on links: given twice, gone, or not to be checked; and what is remembered of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.checks import dead_link, links, twice, unchecked_link
from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.models import Issue, LinkAnswer, PassageKind
from issues.rendering import Rendered
from issues.waivers import waive
from newsletter.db import Database
from tests.issues.drafted import drafted
from tests.issues.sample import BRAND, issue_of, passage, sample_issue

NOW = datetime(2021, 11, 21, 9, tzinfo=UTC)
A, B = "https://example.org/a", "https://example.org/b"


def edition(issue: Issue, tag: str = "en", **statuses: str) -> Inspected:
    """An edition whose links A and B answered so."""
    urls = {"a": A, "b": B}
    answers = {urls[name]: LinkAnswer(url=urls[name], status=said, tried_at=NOW) for name, said in statuses.items()}
    return Inspected(issue, tag, Rendered("", "", ""), BRAND, answers)


def two_links() -> Issue:
    """A button to A, and a note that names A's second chapter and B in English, and B in Spanish."""
    button = {"label": "Sign", "link": A}
    note = {"en": {"body": f"Read [one]({A}#two) and <{B}>."}, "es": {"body": f"Lea [uno]({B})."}}
    return issue_of(
        [passage(PassageKind.BUTTON, "letter", {"en": button}), passage(PassageKind.NOTE, "words", note)],
    )


def said(findings: list[Finding]) -> list[tuple[str, str]]:
    assert not any(finding.blocks for finding in findings)
    return [(finding.where, finding.what) for finding in findings]


def test_the_same_link_twice_warns_at_the_second_place() -> None:
    event = {"title": "Call", "when": "Now", "link": A, "body": f"[Join]({A}) or [write](mailto:a@example.org)."}
    issue = two_links()
    issue.passages.append(passage(PassageKind.EVENT, "call", {"en": event, "es": event}))
    assert said(list(twice.check(edition(issue)))) == [
        ("event call (en)", f"has the link `{A}`, which button letter has already"),
        ("event call (en)", f"has the link `{A}`, which button letter has already"),
    ]
    assert said(list(twice.check(edition(issue, "es")))) == [
        ("event call (es)", f"has the link `{A}`, which itself has already"),
    ]


def test_phones_and_other_languages_links_may_stand_twice() -> None:
    call = {"body": "[Call us](tel:+15550142), or [call us later](tel:+15550142). [[unsubscribe_url]]"}
    card = {"en": {"title": "A", "link": A}, "es": {"title": "A", "link": B}}
    issue = issue_of([passage(PassageKind.NOTE, "x", {"en": call}), passage(PassageKind.RESOURCE, "7", card)])
    assert list(twice.check(edition(issue))) == list(twice.check(edition(issue, "es"))) == []


@pytest.mark.parametrize(
    ("status", "why"),
    [("404", "it answered 404"), ("410", "it answered 410"), (links.UNKNOWN_HOST, "nobody knew its host")],
)
def test_a_link_that_may_be_gone_warns(status: str, why: str) -> None:
    (finding, other) = dead_link.check(edition(two_links(), a=status, b="200"))
    assert finding == Finding(
        "dead-link",
        "button letter (en)",
        f"has the link `{A}`, which may be gone: {why} on November 21",
        "open it; write the address it has now, or leave it out",
        blocks=False,
        language="en",
    )
    assert other.where == "note words (en)"
    assert list(unchecked_link.check(edition(two_links(), a=status, b="200"))) == []


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("403", "it answered 403"),
        ("503", "it answered 503"),
        (links.NO_ANSWER, "there was no answer"),
        (links.REFUSED, "its address is one that is never fetched"),
    ],
)
def test_a_link_that_could_not_be_checked_warns_of_that(status: str, why: str) -> None:
    (finding,) = unchecked_link.check(edition(two_links(), a="200", b=status))
    assert said([finding]) == [("note words (en)", f"has the link `{B}`, which could not be checked: {why}")]
    assert list(dead_link.check(edition(two_links(), a="200", b=status))) == []


def test_untried_links_are_counted_once_some_were_tried() -> None:
    assert list(unchecked_link.check(edition(two_links()))) == []
    assert said(list(unchecked_link.check(edition(two_links(), a="200")))) == [
        ("the en edition", "has a link that was not tried yet")
    ]
    issue = two_links()
    issue.passages[1].wordings[0].fields = {"body": f"[b]({B}) [c](https://example.org/c) [d](mailto:x@example.org)"}
    assert said(list(unchecked_link.check(edition(issue, a="204")))) == [
        ("the en edition", "has 2 links that were not tried yet")
    ]


def test_links_that_can_be_tried_are_found_in_every_language() -> None:
    issue = two_links()
    issue.passages[1].wordings[1].fields = {
        "body": "[c](https://example.org/c?x=1&y=2#z) [d](tel:+1) [e](https://example.org/[[name]]) [f](/g)",
        "link": "http://[",
    }
    assert links.targets(issue) == [A, B, "https://example.org/c?x=1&y=2"]


@given(st.text(max_size=60) | st.from_regex(r"\[x\]\(https?://.{0,30}\)", fullmatch=True))
@settings(max_examples=150, deadline=None)
def test_whatever_is_entered_has_links_or_none(text: str) -> None:
    issue = issue_of([passage(PassageKind.BUTTON, "x", {"en": {"link": text, "body": text}})])
    for url in links.targets(issue):
        url.encode()
        assert url.lower().startswith(("http://", "https://"))
    list(twice.check(edition(issue)))


def test_answers_are_remembered_and_renewed(database: Database) -> None:
    long = f"https://example.org/{'x' * 10_000}"
    with database.write() as session:
        links.keep(session, {A: "200", B: "404", long: "200"}, NOW)
        links.keep(session, {B: "200"}, NOW + timedelta(hours=1))
    with database.read() as session:
        answers = links.last_answers(session, [A, B, long, "https://example.org/c"])
    assert {url: answer.status for url, answer in answers.items()} == {A: "200", B: "200", long: "200"}
    assert answers[B].tried_at == NOW + timedelta(hours=1)


def test_a_good_answer_holds_for_a_day_and_another_for_a_minute() -> None:
    answers = {A: LinkAnswer(status="200", tried_at=NOW), B: LinkAnswer(status="404", tried_at=NOW)}
    for later, expected in (
        (timedelta(seconds=59), []),
        (timedelta(minutes=1), [B]),
        (timedelta(hours=23), [B]),
        (timedelta(hours=24), [A, B]),
    ):
        assert list(links.due([A, B], answers, NOW + later)) == expected
    assert list(links.due([A], {}, NOW)) == [A]


@pytest.mark.parametrize("name", ["placeholder", "dead-link", "language", "long-subject", "twice", "unchecked-link"])
def test_each_can_be_waived(database: Database, name: str) -> None:
    with database.write() as session:
        assert waive(session, drafted(session), name, "", by="Ana", now=NOW).check == name


def test_the_sample_gives_no_link_twice() -> None:
    for tag in ("en", "es", "vi", "ar"):
        assert list(twice.check(edition(sample_issue(), tag))) == []
