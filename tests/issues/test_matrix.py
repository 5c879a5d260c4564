"""A cell's state is derived from what is written."""

import pytest

from issues.matrix import CellState, cell_state, fields_digest, lacking, matrix, missing
from issues.models import Issue, Passage, PassageKind, Wording
from tests.issues.drafted import NOW

SOURCE = {"title": "A button", "label": "Sign", "link": "https://example.org/"}


def cell(kind: PassageKind = PassageKind.BUTTON, **translation: object) -> CellState:
    """The state of a Spanish wording beside an approved English one."""
    passage = Passage(kind=kind, key="x", wordings=[Wording(language="en", fields=SOURCE, approved_at=NOW)])
    if translation:
        passage.wordings.append(Wording(language="es", **translation))
    Issue(languages=["en", "es"], passages=[passage])
    assert cell_state(passage, "en") is CellState.APPROVED
    return cell_state(passage, "es")


def test_without_wording_or_required_field_it_is_missing() -> None:
    assert cell() is CellState.MISSING
    assert cell(fields={"label": "Firmar"}, source_digest=fields_digest(SOURCE)) is CellState.MISSING
    assert cell(fields={"label": "Firmar", "link": " "}, source_digest=fields_digest(SOURCE)) is CellState.MISSING
    assert lacking(PassageKind.BUTTON, {"title": "Firme"}) == ["label", "link"]


def test_made_from_the_present_source_it_is_draft_or_approved() -> None:
    assert cell(fields=SOURCE, source_digest=fields_digest(SOURCE)) is CellState.DRAFT
    assert cell(fields=SOURCE, source_digest=fields_digest(SOURCE), approved_at=NOW) is CellState.APPROVED


@pytest.mark.parametrize("digest", [None, fields_digest({"label": "Before"})])
def test_made_from_another_source_it_is_stale_even_if_approved(digest: str | None) -> None:
    assert cell(fields=SOURCE, source_digest=digest, approved_at=NOW) is CellState.STALE


def test_without_a_source_a_translation_stands_for_itself() -> None:
    passage = Passage(kind=PassageKind.NOTE, key="x", wordings=[Wording(language="es", fields={"body": "Nota"})])
    issue = Issue(languages=["en", "es"], passages=[passage])
    assert matrix(issue) == [(passage, {"en": CellState.MISSING, "es": CellState.DRAFT})]
    assert missing(issue) == {"en": [passage], "es": []}


def test_a_digest_tells_fields_apart_and_not_blanks() -> None:
    assert fields_digest({"a": "x ", "b": ""}) == fields_digest({"a": "x"})
    assert fields_digest({"b": "1", "a": "2"}) == fields_digest({"a": "2", "b": "1"})
    assert fields_digest({"a": "xb", "c": "1"}) != fields_digest({"a": "x", "bc": "1"})
    assert fields_digest({"a": "\ud800"}) != fields_digest({"a": "\ud801"})
