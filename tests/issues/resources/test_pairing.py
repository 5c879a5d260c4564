"""Pairing by hand, and proposals that are mostly right."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from issues.errors import IssueError, NotFound
from issues.models import Resource, ResourceText
from issues.resources import files
from issues.resources.flags import flags
from issues.resources.pairing import pair, proposals, unpair
from issues.resources.shelf import dismiss, listing, restore, set_language
from newsletter.db import Database

DATA = Path(__file__).parents[2] / "data"
NOW = datetime(2021, 11, 21, 9, tzinfo=UTC)


def resource(
    database: Database, language: str | None, title: str = "", summary: str = "", days: int = 0, link: str = ""
) -> int:
    text = ResourceText(guid=title, language=language, title=title, summary=summary, link=link, changed_at=NOW)
    made = Resource(published_at=NOW - timedelta(days=days), texts=[text])
    with database.write() as session:
        session.add(made)
    return made.id


def proposed(database: Database) -> list[tuple[int, ...]]:
    with database.read() as session:
        return [proposal.resource_ids for proposal in proposals(session)]


def test_pairing_moves_the_texts_and_keeps_the_earlier_date(database: Database) -> None:
    one, other = resource(database, "en"), resource(database, "es", days=5)
    with database.write() as session:
        pair(session, one, other)
    with database.read() as session:
        [paired] = listing(session)
        assert (paired.id, len(paired.texts), paired.published_at) == (one, 2, NOW - timedelta(days=5))


def test_two_texts_in_one_language_are_not_paired(database: Database) -> None:
    one, other = resource(database, "en"), resource(database, "en")
    with (
        pytest.raises(IssueError, match=rf"^Resources {one} and {other} both have a text in en"),
        database.write() as session,
    ):
        pair(session, one, other)
    with pytest.raises(IssueError, match="itself"), database.write() as session:
        pair(session, one, one)
    with pytest.raises(NotFound, match="no resource 999"), database.write() as session:
        pair(session, one, 999)


def test_unpairing_gives_a_text_its_own_resource(database: Database) -> None:
    one, other = resource(database, "en"), resource(database, "es")
    with database.write() as session:
        text_id = pair(session, one, other).texts[1].id
    with database.write() as session:
        assert unpair(session, text_id).id != one
    with pytest.raises(IssueError, match="only one"), database.write() as session:
        unpair(session, text_id)
    with pytest.raises(NotFound), database.write() as session:
        unpair(session, 999)


def test_the_networks_memo_is_proposed_in_its_three_languages_and_nothing_else(database: Database) -> None:
    ids = {}
    for number, entry in enumerate(files.parse((DATA / "resources.json").read_bytes(), "resources.json", None).entries):
        ids[entry.guid] = resource(database, entry.language, entry.title, entry.summary, days=number)
    with database.read() as session:
        [proposal] = proposals(session)
    assert proposal.resource_ids == (ids["7"], ids["9"], ids["10"])
    assert proposal.languages == ("en", "es", "vi")
    assert {"DHS", "Biden", "30", "29"} <= set(proposal.shared)
    with database.write() as session:
        for other in proposal.resource_ids[1:]:
            pair(session, proposal.resource_ids[0], other)
    assert proposed(database) == []


def test_the_same_last_step_of_the_link_is_a_sign(database: Database) -> None:
    one = resource(database, "en", "Know your rights", link="https://example.org/en/know-your-rights/")
    other = resource(database, "es", "Conozca sus derechos", link="https://example.org/es/know-your-rights/")
    assert proposed(database) == [(one, other)]


def test_digits_of_any_script_are_the_same_sign(database: Database) -> None:
    one = resource(database, "en", "DHS memo", "On September 30, 2021")
    other = resource(database, "ar", "DHS", "٣٠ ٢٠٢١")
    assert proposed(database) == [(one, other)]


def test_what_is_far_apart_or_of_one_language_or_put_away_is_not_proposed(database: Database) -> None:
    text = "DHS and ICE on September 30, 2021"
    resource(database, "en", "One", text)
    resource(database, "en", "Two", text, days=1)
    resource(database, "es", "Lejos", text, days=90)
    resource(database, None, "No language", text)
    away = resource(database, "vi", "Away", text)
    with database.write() as session:
        dismiss(session, away, NOW)
    assert proposed(database) == []


def test_a_year_and_a_name_in_common_are_chance(database: Database) -> None:
    resource(database, "en", "Plan 2021", "President Biden and the DHS, 2021, ICE, 50 states")
    resource(database, "es", "Otro informe 2021", "Biden, 2021, 15 personas, 200 casos, CBP")
    assert proposed(database) == []


def test_the_listing_shows_the_newest_first_and_what_was_put_away_apart(database: Database) -> None:
    old, new, away = resource(database, "en", days=40), resource(database, "en"), resource(database, "en", days=1)
    with database.write() as session:
        dismiss(session, away, NOW)
        dismiss(session, away, NOW + timedelta(days=1))
    with database.read() as session:
        assert [one.id for one in listing(session)] == [new, old]
        assert [one.id for one in listing(session, since=NOW - timedelta(days=35))] == [new]
        [put_away] = listing(session, dismissed=True)
    assert (put_away.id, put_away.dismissed_at, len(put_away.texts)) == (away, NOW, 1)
    with database.write() as session:
        restore(session, away)
    with database.read() as session:
        assert [one.id for one in listing(session)] == [new, away, old]


def test_a_language_is_set_only_where_it_is_free(database: Database) -> None:
    one, other = resource(database, "en"), resource(database, None)
    with database.write() as session:
        text_id = pair(session, one, other).texts[1].id
    for language in ("en", "english!"):
        with pytest.raises(IssueError), database.write() as session:
            set_language(session, text_id, language)
    with database.write() as session:
        assert set_language(session, text_id, "ES").language == "es"
    with pytest.raises(NotFound), database.write() as session:
        restore(session, 999)


@pytest.mark.parametrize(
    ("summary", "found"),
    [
        ("un memorando sobre las“prioridades de deportación”", ["lost spaces, as in “las“prioridades”"]),
        ("prioridades”de inmigración", ["lost spaces, as in “prioridades”de”"]),
        ("It ended.This began", ["lost spaces, as in “ended.This”"]),
        ("los “derechos” y «usos»: ¿cuáles? U.S. [x](https://example.org/A.Big“x”y) l'«uso»", []),
        ("Bản ghi nhớ (DHS), 29.11. Xem example.org", []),
    ],
)
def test_lost_spaces_are_flagged(summary: str, found: list[str]) -> None:
    assert flags(ResourceText(title="T", language="es", summary=summary)) == found


def test_a_text_without_title_and_language_is_flagged() -> None:
    assert flags(ResourceText(title="", language=None, summary="")) == ["no title", "no language"]
