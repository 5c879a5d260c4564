"""Sources become resources: once, in every language, and what a person decided stays."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.errors import Unreadable
from issues.models import Issue, Passage, PassageKind, Resource, ResourceText, Source, SourceKind
from issues.resources.found import Fetch, Found, Parsed, Reading
from issues.resources.importing import SourceReport, add_source, import_all, store
from issues.resources.pairing import pair, unpair
from issues.resources.shelf import dismiss, set_language
from newsletter.db import Database
from tests.issues.resources.conftest import Site

DATA = Path(__file__).parents[2] / "data"
NOW = datetime(2021, 11, 21, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
FOUND = Found("1", "en", "memo", "A memo", "It says", "https://example.org/1", published=NOW - timedelta(days=3))


def add(database: Database, url: str, kind: SourceKind, language: str | None = None) -> int:
    with database.write() as session:
        return add_source(session, url, kind, language).id


def visit(database: Database, fetch: Fetch, now: datetime = NOW) -> list[SourceReport]:
    return import_all(database.read, database.write, fetch, now)


def put(database: Database, *entries: Found, now: datetime = NOW) -> SourceReport:
    """Store entries as a source's that was just read."""
    source_id = add(database, "https://example.org/feed", SourceKind.RSS)
    with database.write() as session:
        return store(session, source_id, Reading(Parsed(list(entries))), now)


def texts(session: Session) -> dict[str, ResourceText]:
    return {text.guid: text for text in session.scalars(select(ResourceText))}


def counts(report: SourceReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.skipped_dismissed


def snapshot(database: Database) -> list[list[Any]]:
    with database.read() as session:
        return [
            [tuple(row) for row in session.execute(select(*table.__table__.columns).order_by(table.id))]
            for table in (Resource, ResourceText)
        ]


def test_the_networks_ten_posts_are_imported_once(database: Database, site: Site, fetch: Fetch) -> None:
    url = site.serve("/wp-json/wp/v2/posts", (DATA / "wordpress-posts.json").read_bytes())
    add(database, url.removesuffix("/wp-json/wp/v2/posts"), SourceKind.WORDPRESS, "en")
    [first] = visit(database, fetch)
    assert (counts(first), first.faults, first.failure) == ((10, 0, 0, 0), [], None)
    assert len(first.flagged) == 2
    assert first.flagged[0].endswith("/resources/7/: no title")
    assert "lost spaces, as in “las“prioridades”" in first.flagged[1]
    before = snapshot(database)
    [second] = visit(database, fetch, LATER)
    assert counts(second) == (0, 0, 10, 0)
    assert snapshot(database) == before
    assert "modified_after=2021-11-19T15" in site.asked[1][0]


def test_the_networks_own_list_pairs_its_three_languages(database: Database, fetch: Fetch) -> None:
    add(database, str(DATA / "resources.json"), SourceKind.FILE)
    [report] = visit(database, fetch)
    assert counts(report) == (10, 0, 0, 0)
    with database.read() as session:
        resources = session.scalars(select(Resource)).all()
        assert sorted(len(resource.texts) for resource in resources) == [1] * 7 + [3]


def test_every_page_of_a_site_is_read(database: Database, site: Site, fetch: Fetch) -> None:
    for page in (1, 2, 3):
        posts = [
            {"id": page * 10 + n, "title": {"rendered": "T"}, "modified_gmt": f"2021-11-0{page}T00:00:00"}
            for n in (1, 2)
        ]
        site.serve(f"/{page}", json.dumps(posts), X_WP_TotalPages="3")
    site.answers["/wp-json/wp/v2/posts"] = lambda request: site.answers["/" + request.path.split("&page=")[1][0]](
        request
    )
    source_id = add(database, site.url, SourceKind.WORDPRESS)
    [report] = visit(database, fetch)
    assert report.added == 6
    with database.read() as session:
        source = session.get_one(Source, source_id)
        assert (source.modified_until, source.imported_at) == (datetime(2021, 11, 3, tzinfo=UTC), NOW)


def test_a_page_that_fails_keeps_the_pages_before_and_is_asked_for_again(
    database: Database, site: Site, fetch: Fetch
) -> None:
    posts = [{"id": 1, "title": {"rendered": "T"}, "modified_gmt": "2021-11-01T00:00:00"}]
    site.serve("/1", json.dumps(posts), X_WP_TotalPages="2")
    site.serve("/2", "", status=500)
    site.answers["/wp-json/wp/v2/posts"] = lambda request: site.answers["/" + request.path.split("&page=")[1][0]](
        request
    )
    source_id = add(database, site.url, SourceKind.WORDPRESS)
    [report] = visit(database, fetch)
    assert report.added == 1
    assert report.faults == [
        "From page 2 on nothing was read: 127.0.0.1 answered 500 instead of the page; look at the address."
    ]
    with database.read() as session:
        assert session.get_one(Source, source_id).modified_until is None


def test_a_feed_is_asked_only_for_what_is_new(database: Database, site: Site, fetch: Fetch) -> None:
    body = '<rss version="2.0"><channel><item><guid>1</guid><title>T</title></item></channel></rss>'
    url = site.serve("/feed", body, ETag='"abc"')
    add(database, url, SourceKind.RSS, "en")
    visit(database, fetch)
    site.serve("/feed", "", status=304)
    [report] = visit(database, fetch, LATER)
    assert (counts(report), report.failure) == ((0, 0, 0, 0), None)
    visit(database, fetch, LATER)
    assert [asked.get("if-none-match") for _, asked in site.asked] == [None, '"abc"', '"abc"']


def test_an_entry_without_a_date_takes_the_days_and_keeps_it(database: Database) -> None:
    put(database, replace(FOUND, published=None))
    assert counts(put(database, replace(FOUND, published=None), now=LATER)) == (0, 0, 1, 0)
    with database.read() as session:
        assert session.scalars(select(Resource.published_at)).one() == NOW


def test_a_broken_source_stops_no_other(database: Database, site: Site, fetch: Fetch) -> None:
    good = '<rss version="2.0"><channel></channel></rss>'
    broken = add(database, site.serve("/html", good), SourceKind.RSS)
    visit(database, fetch)
    site.serve("/html", "<html>no feed</html>")
    slips = [
        add(database, site.url + "/missing", SourceKind.WORDPRESS),
        add(database, "http://10.0.0.1/", SourceKind.RSS),
    ]
    add(
        database,
        site.serve("/feed", '<rss version="2.0"><channel><item><guid>1</guid></item></channel></rss>'),
        SourceKind.RSS,
    )
    reports = visit(database, fetch)
    assert [report.failure is None for report in reports] == [False, False, False, True]
    assert reports[3].added == 1
    with database.read() as session:
        assert session.get_one(Source, broken).failure == reports[0].failure
        assert [session.get(Source, slip) for slip in slips] == [None, None]
    site.serve("/html", good)
    visit(database, fetch, LATER)
    with database.read() as session:
        assert session.get_one(Source, broken).failure is None


def test_nobody_who_writes_waits_for_the_network(database: Database, site: Site, fetch: Fetch) -> None:
    written = threading.Event()

    def answer(request: Any) -> None:
        with database.write() as session:
            session.add(Resource(published_at=NOW))
        written.set()
        request.wfile.write(b'HTTP/1.0 200 OK\r\n\r\n<rss version="2.0"><channel></channel></rss>')

    site.answers["/feed"] = answer
    add(database, site.url + "/feed", SourceKind.RSS)
    [report] = visit(database, fetch)
    assert report.failure is None
    assert written.is_set()


def test_two_imports_at_once_store_each_entry_once(database: Database, site: Site, fetch: Fetch) -> None:
    items = "".join(f"<item><guid>{n}</guid><title>T</title></item>" for n in range(50))
    add(database, site.serve("/feed", f'<rss version="2.0"><channel>{items}</channel></rss>'), SourceKind.RSS)
    with ThreadPoolExecutor() as pool:
        reports = [job.result()[0] for job in [pool.submit(visit, database, fetch) for _ in range(3)]]
    assert sorted(report.added for report in reports) == [0, 0, 50]


def test_only_chosen_sources_are_visited(database: Database, site: Site, fetch: Fetch) -> None:
    chosen = add(database, site.serve("/a", '<rss version="2.0"><channel></channel></rss>'), SourceKind.RSS)
    add(database, site.url + "/b", SourceKind.RSS)
    [report] = import_all(database.read, database.write, fetch, NOW, only=[chosen])
    assert report.source_url == site.url + "/a"


def test_adding_a_source_twice_keeps_one(database: Database) -> None:
    one = add(database, "https://example.org/feed", SourceKind.RSS)
    assert add(database, " https://example.org/feed ", SourceKind.RSS) == one
    with pytest.raises(Unreadable), database.write() as session:
        add_source(session, "https://example.org/other", SourceKind.RSS, "english!")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.org/feed/", SourceKind.RSS),
        ("https://example.org/wp-json/wp/v2/posts", SourceKind.WORDPRESS),
        ("https://example.org/list.CSV?v=2", SourceKind.FILE),
        ("/somewhere/list.json", SourceKind.FILE),
    ],
)
def test_what_a_source_is_shows_in_its_address(database: Database, url: str, kind: SourceKind) -> None:
    with database.write() as session:
        assert add_source(session, url).kind is kind


def test_a_known_source_stays_what_somebody_said_it_is(database: Database) -> None:
    add(database, "https://example.org", SourceKind.WORDPRESS, "es")
    with database.write() as session:
        source = add_source(session, "https://example.org")
        assert (source.kind, source.language) == (SourceKind.WORDPRESS, "es")


def test_a_source_given_another_language_is_read_anew(database: Database) -> None:
    source_id = add(database, "https://example.org/feed", SourceKind.RSS)
    with database.write() as session:
        store(session, source_id, Reading(Parsed(), etag="1", modified_until=NOW), NOW)
    add(database, "https://example.org/feed", SourceKind.RSS, "ES")
    with database.read() as session:
        source = session.get_one(Source, source_id)
        assert (source.language, source.etag, source.modified_until) == ("es", None, None)


@pytest.mark.parametrize(
    "change",
    [{"title": "B"}, {"summary": "B"}, {"link": "https://example.org/b"}, {"kind": "report"}, {"published": NOW}],
)
def test_what_changed_at_the_source_changes_here(database: Database, change: dict[str, Any]) -> None:
    put(database, FOUND)
    changed = replace(FOUND, **change)
    assert counts(put(database, changed, now=LATER)) == (0, 1, 0, 0)
    assert counts(put(database, changed, now=LATER + timedelta(days=1))) == (0, 0, 1, 0)
    with database.read() as session:
        assert texts(session)["1"].changed_at == LATER


def test_a_dismissed_resource_stays_dismissed_and_current(database: Database) -> None:
    put(database, FOUND)
    with database.write() as session:
        dismiss(session, texts(session)["1"].resource_id, NOW)
    report = put(
        database, replace(FOUND, title="", pair_key="k"), replace(FOUND, guid="2", language="es", pair_key="k")
    )
    assert (counts(report), report.flagged) == ((0, 0, 0, 2), [])
    with database.read() as session:
        assert session.scalars(select(Resource)).one().dismissed_at == NOW
        assert texts(session)["1"].title == ""


def test_entries_without_title_or_language_are_imported_and_flagged(database: Database) -> None:
    report = put(database, replace(FOUND, title=""), replace(FOUND, guid="2", language=None))
    assert report.added == 2
    assert report.flagged == ["https://example.org/1: no title", "A memo: no language"]


def test_one_key_makes_one_resource(database: Database) -> None:
    spanish = replace(FOUND, guid="2", language="es", pair_key="k", published=NOW - timedelta(days=9))
    put(database, replace(FOUND, pair_key="k"), spanish, replace(FOUND, guid="3", pair_key="k"))
    with database.read() as session:
        found = texts(session)
        assert found["1"].resource_id == found["2"].resource_id != found["3"].resource_id  # a second English one
        assert found["1"].resource.published_at == NOW - timedelta(days=9)


def test_a_translation_that_joins_later_is_paired(database: Database) -> None:
    put(database, replace(FOUND, guid="7"))
    put(database, replace(FOUND, guid="5", language="es", pair_key="5", same_as=("7",)), now=LATER)
    with database.read() as session:
        assert len(session.scalars(select(Resource)).one().texts) == 2


def test_texts_that_a_source_pairs_later_come_together_in_issues_too(database: Database) -> None:
    put(database, FOUND, replace(FOUND, guid="2", language="es"))
    with database.write() as session:
        issue = Issue(slug="2021-11", month=NOW.date(), languages=["en"], covers_until=NOW, created_at=NOW)
        own = texts(session)["2"].resource
        issue.passages = [Passage(key=str(own.id), kind=PassageKind.RESOURCE, position=1, resource=own)]
        session.add(issue)
    both = [replace(FOUND, pair_key="k"), replace(FOUND, guid="2", language="es", pair_key="k")]
    put(database, *both, now=LATER)
    assert counts(put(database, *both, now=LATER)) == (0, 0, 2, 0)
    with database.read() as session:
        resource = session.scalars(select(Resource)).one()
        assert session.scalars(select(Passage.resource_id)).all() == [resource.id]


def test_an_old_text_may_join_one_that_is_new(database: Database) -> None:
    put(database, FOUND)
    new = replace(FOUND, guid="2", language="es", pair_key="k")
    report = put(database, new, replace(FOUND, pair_key="k"), now=LATER)
    assert counts(report) == (1, 1, 0, 0)
    with database.read() as session:
        assert len(session.scalars(select(Resource)).one().texts) == 2


def test_what_a_person_paired_stays_paired(database: Database) -> None:
    entries = [FOUND, replace(FOUND, guid="2", language="es", kind="report")]
    put(database, *entries)
    with database.write() as session:
        found = texts(session)
        pair(session, found["2"].resource_id, found["1"].resource_id)
    assert counts(put(database, *entries, now=LATER)) == (0, 0, 2, 0)
    put(database, entries[0], replace(entries[1], title="B"), now=LATER)
    with database.read() as session:
        assert len(session.scalars(select(Resource)).one().texts) == 2


def test_what_a_person_parted_stays_apart(database: Database) -> None:
    entries = [replace(FOUND, pair_key="k"), replace(FOUND, guid="2", language="es", pair_key="k")]
    put(database, *entries)
    with database.write() as session:
        unpair(session, texts(session)["2"].id)
    assert counts(put(database, *entries, now=LATER)) == (0, 0, 2, 0)
    with database.read() as session:
        assert len(session.scalars(select(Resource)).all()) == 2


def test_a_persons_word_on_the_language_stands_until_the_source_says_another(database: Database) -> None:
    put(database, FOUND, replace(FOUND, guid="2", language=None))
    with database.write() as session:
        set_language(session, texts(session)["1"].id, "vi")
        set_language(session, texts(session)["2"].id, "ES")
    put(database, FOUND, replace(FOUND, guid="2", language=None), now=LATER)
    with database.read() as session:
        assert [texts(session)[guid].language for guid in "12"] == ["vi", "es"]
    put(database, replace(FOUND, language="ar"), now=LATER)
    with database.read() as session:
        assert texts(session)["1"].language == "ar"


def test_a_text_whose_language_is_taken_leaves_its_resource(database: Database) -> None:
    both = [replace(FOUND, pair_key="k"), replace(FOUND, guid="2", language="es", pair_key="k")]
    put(database, *both)
    put(database, both[0], replace(both[1], language="en"), now=LATER)
    with database.read() as session:
        found = texts(session)
        assert found["1"].resource_id != found["2"].resource_id
