"""Editions are frozen once and never change."""

import pytest
from sqlalchemy import func, select

from issues.editions import digest, freeze
from issues.models import Edition
from issues.rendering import Rendered
from newsletter.db import Database
from tests.issues.drafted import LATER, NOW, again, drafted
from tests.issues.exchanging import applied
from tests.issues.sample import BRAND


def test_freezing_twice_gives_the_same_editions(database: Database) -> None:
    with database.write() as session:
        first = freeze(session, drafted(session), BRAND, NOW)
        assert list(first) == ["en", "es", "vi"]
    with database.write() as session:
        second = freeze(session, again(session), BRAND, LATER)
        assert {tag: edition.id for tag, edition in second.items()} == {tag: e.id for tag, e in first.items()}
        assert second["es"].frozen_at == NOW


def test_an_edit_makes_new_editions_only_where_it_shows(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        first = freeze(session, issue, BRAND, NOW)
        applied(session, issue, ("About Prioridades.", "Sobre las prioridades."))
        second = freeze(session, issue, BRAND, LATER)
        assert [first[tag].id == second[tag].id for tag in issue.languages] == [True, False, True]
        assert session.scalar(select(func.count()).select_from(Edition)) == 4


def test_a_frozen_edition_cannot_be_changed(database: Database) -> None:
    with database.write() as session:
        freeze(session, drafted(session), BRAND, NOW)
    with pytest.raises(TypeError, match="is frozen"), database.write() as session:
        session.scalars(select(Edition)).first().subject = "Something else"  # type: ignore[union-attr] # three are there


def test_the_digest_tells_apart_what_stands_where() -> None:
    assert digest(Rendered("a", "bc", "d")) != digest(Rendered("ab", "c", "d"))
    assert digest(Rendered("a", "b", "c")) == digest(Rendered("a", "b", "c"))
