"""A waived finding blocks no longer, and still shows with who waived it."""

import pytest

from issues.errors import NotFound
from issues.findings import Finding
from issues.waivers import open_findings, waive, waivers
from newsletter.db import Database
from tests.issues.drafted import LATER, NOW, drafted


def finding(check: str, language: str, *, blocks: bool = True) -> Finding:
    return Finding(check, "resource 7", "has no text", "write it", blocks=blocks, language=language)


def test_a_waiver_covers_its_check_in_its_language(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        waive(session, issue, "missing-text", "vi", by="Ana", now=NOW)
        findings = [finding("missing-text", "vi"), finding("missing-text", "es"), finding("stale-text", "vi")]
        opened = open_findings(issue, findings, waivers(session, issue))
        assert [(f.blocks, f.what) for f in opened] == [
            (False, "has no text (waived by Ana)"),
            (True, "has no text"),
            (True, "has no text"),
        ]


def test_a_waiver_without_language_covers_all(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        waive(session, issue, "missing-text", "", by="Ana", now=NOW)
        findings = [
            finding("missing-text", "vi"),
            finding("missing-text", ""),
            finding("missing-text", "en", blocks=False),
        ]
        opened = open_findings(issue, findings, waivers(session, issue))
        assert [(f.blocks, "Ana" in f.what) for f in opened] == [(False, True), (False, True), (False, False)]


def test_a_waiver_of_another_issue_does_not_count(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        waiver = waive(session, issue, "missing-text", "", by="Ana", now=NOW)
        waiver.issue_id = issue.id + 1
        assert open_findings(issue, [finding("missing-text", "vi")], [waiver])[0].blocks
        session.expunge(waiver)


def test_waiving_twice_keeps_the_first_word(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        waive(session, issue, "missing-text", "vi", by="Ana", now=NOW)
        assert waive(session, issue, "missing-text", "vi", by="Lan", now=LATER).by == "Ana"
        assert len(waivers(session, issue)) == 1


def test_only_what_there_is_can_be_waived(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        with pytest.raises(NotFound, match="there is no check 'everything'; the checks are missing-text"):
            waive(session, issue, "everything", "", by="Ana", now=NOW)
        with pytest.raises(NotFound, match="is not in ar; its languages are en, es, vi"):
            waive(session, issue, "missing-text", "ar", by="Ana", now=NOW)
