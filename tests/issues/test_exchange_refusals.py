"""A file that cannot be taken as a whole is refused with its line, and changes nothing."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from issues.errors import IssueError, Unreadable
from issues.exchange import apply, export
from issues.exchange.reading import read
from issues.models import Edit
from newsletter.db import Database
from tests.issues.drafted import LATER, again, drafted, resource
from tests.issues.exchanging import put, swapped

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # where SQL does not matter
FILE = """---
issue: 2021-11
revision: 1
languages: en, es
missing: label
---

# opening

## en · draft

subject: Hello
title: Hello

Body.

## es · draft

subject: Hola
title: Hola

# note thanks · every month

## en · draft

title: Thanks

# closing

# end
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("---\nissue", "issue", "line 1: an issue file begins with a line `---`"),
        ("issue: 2021-11\n", "", "line 5: the header has no `issue`"),
        ("issue: 2021-11\n", "issue: 2021-11\nissue: 2021-11\n", "line 3: `issue` is given twice"),
        ("missing: label", "author: me", "line 5: the header has no `author`; it has issue, revision"),
        ("missing: label", "label", "line 5: the header takes lines like `issue: ...`, not `label`"),
        ("missing: label", "missing: nothing", "line 5: `missing` is label or omit, not `nothing`"),
        ("revision: 1", "revision: one", "line 3: `revision` is a number"),
        ("revision: 1", "revision: " + "9" * 5000, "line 3: `revision` is a number"),
        ("revision: 1", "revision: ²", "line 3: `revision` is a number"),
        ("languages: en, es", "languages: en, es, en", "line 4: a language is listed twice"),
        ("languages: en, es", "languages: english!", "line 4: 'english!' is no language tag"),
        ("languages: en, es", "languages:", "line 4: '' is no language tag"),
        ("# opening\n", "", "line 9: `## en · draft` needs a passage above it"),
        ("# note thanks", "# poem thanks", "line 22: `# poem thanks · every month` begins no passage"),
        (
            "Body.",
            "#1 on the list",
            r"line 15: `#1 on the list` begins no passage .* write `\\#1 on the list` if it is",
        ),
        ("Body.", "### More", r"line 15: write a heading like `## en · draft` .*, or `\\### More` if it is text"),
        ("# note thanks", "# note", "line 22: a note is named by small letters, digits and hyphens"),
        ("# note thanks", "# note 7", "line 22: a note is named by"),
        ("# note thanks", "# note Ünïcode", "line 22: a note is named by"),
        ("# note thanks", "# resource thanks", "line 22: a resource is named by its number, like `# resource 7`"),
        ("# note thanks", "# resource 99999999999999999999", "line 22: a resource is named by its number"),
        (
            "# note thanks · every month",
            "# note thanks · each",
            "line 22: behind `·` a passage can only be `every month`",
        ),
        ("# note thanks", "# note opening", "line 22: `opening` names a passage already, in line 8"),
        ("# note thanks · every month", "# opening", "line 22: `opening` names a passage already"),
        ("# opening\n", "# opening · every month\n", "line 8: the opening is new every month"),
        ("# closing\n", "# closing off\n", "line 28: `# closing` has no name behind it; delete `off`"),
        ("# closing\n", "# closing\n\n# note late\n", "line 30: `# closing` is the last passage"),
        ("# opening\n", "# note first\n", "line 8: an issue begins with its one `# opening`"),
        ("## es", "## fr", "line 17: this issue is not in `fr`; add it to `languages`"),
        ("## es", "## en", "line 17: `en` is given twice for this passage"),
        ("## es", "## spanish?", "line 17: 'spanish\\?' is no language tag"),
        ("## es · draft", "## es · done", r"line 17: write a heading like `## en · draft` \(states: missing, draft,"),
        ("title: Thanks", "titel: Thanks", "line 26: a note, up to its first empty line, has no `titel`; it has title"),
        ("title: Thanks", "title: Thanks\ntitle: Thanks", "line 27: `title` is given twice"),
        (
            "title: Thanks",
            "title: Thanks\nand more",
            "line 27: a note, .* takes lines like `title: ...`, not `and more`",
        ),
        ("## en · draft\n\ntitle: Thanks", "Thanks", "line 24: a text needs a heading like `## en · draft` above it"),
        ("# end\n", "", "line 30: the file is cut off: its last line must be `# end`"),
        ("# end\n", "# end\n\nKind regards", "line 32: nothing may stand behind `# end`"),
        (FILE[FILE.index("# opening") :], "# end\n", "line 8: the file has no `# opening`"),
        (FILE, "", "line 1: the file is cut off"),
        (
            "# closing",
            "".join(f"# note n{n}\n" for n in range(200)) + "# closing",
            "line 226: an issue holds at most 200",
        ),
        ("Body.", "x" * 2_000_001, "the issue file is larger than 2 MB"),
    ],
)
def test_a_wrong_line_is_named_with_what_to_write(old: str, new: str, message: str) -> None:
    read(FILE)
    with pytest.raises(Unreadable, match=message):
        read(swapped(FILE, (old, new)))


@ON_SQLITE
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("issue: 2021-11", "issue: 2021-12", "line 2: this is the file of issue '2021-12'; apply the file of 2021-11"),
        ("revision: 1", "revision: 2", "line 3: revision 2 does not exist, the issue is at 1; export the issue again"),
        ("languages: en, es, vi", "languages: es, en, vi", "line 4: `en` is the source language; list it first"),
        ("# section report", "# note report", "`report` is a section in this issue; give the note another key"),
        ("# closing", "# resource 99\n\n# closing", "line 117: there is no resource 99; list the resources"),
        ("# closing", "# resource 5\n\n# closing", "line 117: resource 5 was dismissed; take it back first"),
    ],
)
def test_what_does_not_fit_the_issue_is_named(database: Database, old: str, new: str, message: str) -> None:
    with database.write() as session:
        issue = drafted(session)
        resource(session, 5, "report", {"en": "Dismissed"}, days_ago=90).dismissed_at = LATER
        file = swapped(export(issue), (old, new), ("title: Prioridades", "title: Changed"))
        with pytest.raises(Unreadable, match=message):
            put(session, issue, file)
    with database.read() as session:
        issue = again(session)
        assert issue.revision == 1
        assert "Changed" not in export(issue)
        assert not session.scalars(select(Edit).where(Edit.revision > 1)).all()


def test_a_placed_resource_that_was_dismissed_later_does_not_spoil_the_file(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        for passage in issue.passages:
            if passage.resource:
                passage.resource.dismissed_at = LATER
        assert put(session, issue, swapped(export(issue), ("title: Prio", "title: Las prio"))).changes


PIECES = st.sampled_from(
    [
        *FILE.splitlines(),
        "# resource 7",
        "## es",
        "###",
        "#",
        "##",
        "·",
        "\\#",
        "title:",
        "\x00",
        "\ud800",
        "\u202e",
        "",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=40).map("\n".join) | st.text(max_size=200))
def test_a_hostile_file_meets_an_issue_error_or_is_read(text: str) -> None:
    for file in (text, FILE.partition("# opening")[0] + text, FILE.replace("Body.", text)):
        with contextlib.suppress(IssueError):
            read(file)


@ON_SQLITE
@pytest.mark.parametrize("cut", range(0, 1200, 173))
def test_a_file_that_is_cut_off_anywhere_changes_nothing(database: Database, cut: int) -> None:
    with database.write() as session:
        issue = drafted(session)
        file = export(issue)
        with pytest.raises(Unreadable):
            apply(session, issue, file[: len(file) - 6 - cut], by="Ana", now=LATER)
        assert issue.revision == 1
