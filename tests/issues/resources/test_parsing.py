"""Bytes in, entries and faults out: WordPress, feeds and files, whole and broken."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.errors import IssueError, Unreadable
from issues.resources import files, rss, wordpress
from issues.resources.found import Found, Parsed

DATA = Path(__file__).parents[2] / "data"
URL = "https://example.org/feed/"
HEADER = "key,language,kind,title,summary,link,published\n"


def only(parsed: Parsed) -> Found:
    assert parsed.faults == []
    [found] = parsed.entries
    return found


def posts(*changes: Mapping[str, object]) -> bytes:
    post = {"id": 1, "link": "https://example.org/1", "title": {"rendered": "T"}, "excerpt": {"rendered": "<p>S</p>"}}
    return json.dumps([{**post, **change} for change in changes]).encode()


def feed(items: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


# WordPress


def test_a_real_listing_is_read_whole() -> None:
    parsed = wordpress.parse((DATA / "wordpress-posts.json").read_bytes(), URL, None)
    assert parsed.faults == []
    assert [entry.guid for entry in parsed.entries] == [str(number) for number in range(1001, 1011)]
    video, memo = parsed.entries[4], parsed.entries[6]
    assert video.title == "“How Did We Get Here?” Video Series"
    assert (memo.title, memo.language) == ("", None)
    assert memo.summary.startswith("Ngày 30 tháng 9")
    assert memo.summary.endswith("tháng …")
    assert memo.published == memo.modified == datetime(2021, 11, 14, 15, tzinfo=UTC)


def test_polylang_names_the_language_and_the_other_languages() -> None:
    translations = {"en": 7, "es": 3, "vi": 5}
    body = posts(*({"id": number, "lang": tag, "translations": translations} for tag, number in translations.items()))
    parsed = wordpress.parse(body, URL, None)
    assert [entry.language for entry in parsed.entries] == ["en", "es", "vi"]
    assert {entry.pair_key for entry in parsed.entries} == {"3"}
    assert parsed.entries[0].same_as == ("3", "5")


@pytest.mark.parametrize(
    "said",
    [
        {"lang": "es"},
        {"language": {"code": "es", "locale": "es_ES"}},
        {"wpml_current_locale": "es_MX"},
        {"translations": {"es": 1, "en": 2}},
        {"lang": False, "locale": "es_ES"},
    ],
)
def test_a_posts_language_is_found_wherever_its_plugin_puts_it(said: dict[str, object]) -> None:
    assert only(wordpress.parse(posts(said), URL, "en")).language == "es"


def test_wpml_names_the_other_languages() -> None:
    said = {"id": 4, "wpml_current_locale": "en_US", "wpml_translations": [{"locale": "es_ES", "id": 9}]}
    assert only(wordpress.parse(posts(said), URL, None)).pair_key == "4"


def test_a_post_that_names_no_language_takes_the_sources() -> None:
    assert only(wordpress.parse(posts({}), URL, "vi")).language == "vi"


def test_the_kind_comes_from_the_category() -> None:
    terms = {"wp:term": [[{"taxonomy": "category", "slug": "news"}, {"taxonomy": "category", "slug": "reports"}], []]}
    assert only(wordpress.parse(posts({"_embedded": terms}), URL, None)).kind == "report"
    assert only(wordpress.parse(posts({"class_list": {"0": "post", "3": "category-video"}}), URL, None)).kind == "video"
    assert only(wordpress.parse(posts({}), URL, None)).kind == "article"


def test_a_featured_picture_comes_with_its_words() -> None:
    media = {"wp:featuredmedia": [{"source_url": "/a.jpg", "alt_text": "Two people"}]}
    found = only(wordpress.parse(posts({"_embedded": media}), URL, None))
    assert (found.image, found.alt) == ("https://example.org/a.jpg", "Two people")


def test_a_post_behind_a_password_is_left_out() -> None:
    hidden = {"excerpt": {"rendered": "", "protected": True}}
    assert wordpress.parse(posts(hidden), URL, None) == Parsed()


def test_one_broken_post_stops_no_other() -> None:
    body = json.dumps([{"id": 1}, {"title": "no id"}, 5, None, {"id": 2, "date_gmt": "soon"}, {"id": 3}]).encode()
    parsed = wordpress.parse(body, URL, None)
    assert [entry.guid for entry in parsed.entries] == ["1", "3"]
    assert len(parsed.faults) == 4
    assert parsed.faults[-1].startswith("Post 2: ")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!doctype html><title>404</title>", "a web page"),
        (b"", "no JSON"),
        (b'{"code":"rest_no_route"}', "something else than a list"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_listing_is_unreadable(body: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=rf"^example\.org answered with {said}"):
        wordpress.parse(body, URL, None)


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("https://example.org", "https://example.org/wp-json/wp/v2/posts?"),
        ("https://example.org/blog/", "https://example.org/blog/wp-json/wp/v2/posts?"),
        ("https://example.org/wp-json/wp/v2/memos?lang=es", "https://example.org/wp-json/wp/v2/memos?lang=es&"),
        ("https://example.org/?rest_route=/wp/v2/posts", "https://example.org/?rest_route=%2Fwp%2Fv2%2Fposts&"),
    ],
)
def test_a_site_or_a_rest_address_will_do(url: str, start: str) -> None:
    address = wordpress.posts_url(url, 2, datetime(2021, 11, 20, 15, tzinfo=UTC))
    assert address.startswith(start)
    assert "per_page=100&page=2" in address
    assert "modified_after=2021-11-19T15%3A00%3A00" in address  # a day earlier: a site may read it in its own zone


# Feeds


def test_an_rss_entry_is_read() -> None:
    item = """<item><title>A &amp;amp; B &amp;#8220;C&amp;#8221;</title>
    <link>/a</link><guid isPermaLink="false">17</guid>
    <category>Explainers</category><pubDate>Sat, 20 Nov 2021 10:00:00 -0500</pubDate>
    <description>&lt;p&gt;Text &lt;a href="../b"&gt;b&lt;/a&gt; [&amp;hellip;]&lt;/p&gt;</description></item>"""
    found = only(rss.parse(feed(item, "<language>en-US</language>"), URL, "es"))
    assert (found.guid, found.title, found.link) == ("17", "A & B “C”", "https://example.org/a")
    assert (found.language, found.kind) == ("en", "explainer")
    assert found.summary == "Text [b](https://example.org/b) …"
    assert found.published == datetime(2021, 11, 20, 15, tzinfo=UTC)


def test_an_atom_entry_is_read() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
    <entry xml:lang="vi"><id>tag:1</id><title>T</title><link href="https://example.org/1"/>
    <updated>2021-11-20T15:00:00Z</updated><content type="html">&lt;b&gt;S&lt;/b&gt;</content>
    </entry><entry><id>tag:2</id><title>U</title></entry></feed>"""
    first, second = rss.parse(body, URL, None).entries
    assert (first.guid, first.language, first.summary) == ("tag:1", "vi", "**S**")
    assert first.published == first.modified == datetime(2021, 11, 20, 15, tzinfo=UTC)
    assert (second.language, second.published) == ("en", None)


def test_a_feed_that_names_no_language_takes_the_sources() -> None:
    assert only(rss.parse(feed("<item><guid>1</guid></item>"), URL, "es")).language == "es"


def test_an_enclosed_picture_is_found() -> None:
    item = '<item><guid>1</guid><enclosure url="/a.jpg" type="image/jpeg" length="1"/></item>'
    assert only(rss.parse(feed(item), URL, None)).image == "https://example.org/a.jpg"


def test_an_entry_without_guid_and_link_stops_no_other() -> None:
    parsed = rss.parse(feed("<item><title>T</title></item><item><guid>1</guid></item>"), URL, None)
    assert [entry.guid for entry in parsed.entries] == ["1"]
    assert parsed.faults == ["Entry 1 of example.org: it has neither a guid nor a link."]


def test_latin_1_declared_as_utf_8_survives() -> None:
    body = feed("<item><guid>1</guid><title>Prioridades de Deportación</title></item>").decode().encode("latin-1")
    parsed = rss.parse(body.replace(b'"1.0"?', b'"1.0" encoding="utf-8"?'), URL, None)
    assert [entry.title for entry in parsed.entries] == ["Prioridades de Deportación"]
    assert "not in the encoding it names" in parsed.faults[0]


def test_a_feed_cut_off_in_the_middle_keeps_what_came_before() -> None:
    parsed = rss.parse(feed("<item><guid>1</guid></item><item><guid>2</guid><title>Half")[:-20], URL, None)
    assert parsed.entries[0].guid == "1"
    assert "broken in places" in parsed.faults[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-7"])
def test_a_bomb_is_refused_at_once(encoding: str) -> None:
    levels = "".join(f'<!ENTITY b{level} "{f"&b{level - 1};" * 10}">' for level in range(1, 10))
    document = (
        f'<!DOCTYPE rss [<!ENTITY b0 "ha">{levels}]><rss version="2.0"><channel><title>&b9;</title></channel></rss>'
    )
    start = time.monotonic()
    with pytest.raises(Unreadable):
        rss.parse(document.encode(encoding), URL, None)
    assert time.monotonic() - start < 10  # else it would be hours


def test_an_entity_cannot_read_a_file() -> None:
    document = (
        '<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/hostname">]><rss version="2.0"><channel>&f;</channel></rss>'
    )
    with pytest.raises(Unreadable, match="declares entities"):
        rss.parse(document.encode(), URL, None)


@pytest.mark.parametrize(
    "body",
    [b"", b"<!doctype html><html><p>404</p></html>", b"/etc/hostname", b"<html>" + b"<p>x</p>" * 600_000, b"\0\1\2"],
    ids=["empty", "html", "a file's name", "5 MB of html", "bytes"],
)
def test_what_is_no_feed_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^example\.org did not answer with a feed"):
        rss.parse(body, URL, None)


def test_a_feed_of_endless_tags_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 300,000 tags"):
        rss.parse(feed("<p>" * 300_000), URL, None)


def test_an_empty_feed_is_no_fault() -> None:
    assert rss.parse(feed(""), URL, None) == Parsed()


def test_of_ten_thousand_entries_the_newest_are_taken() -> None:
    items = "".join(
        f"<item><guid>{n}</guid><pubDate>{1 + n % 28} Nov {2000 + n % 20}</pubDate></item>" for n in range(10_000)
    )
    parsed = rss.parse(feed(items), URL, None)
    assert len(parsed.entries) == 1000
    assert min(entry.published.year for entry in parsed.entries if entry.published) >= 2018
    assert parsed.faults == ["example.org has 10,000 entries; the newest 1,000 were taken."]


# Files


def test_the_networks_own_list_is_read_whole() -> None:
    parsed = files.parse((DATA / "resources.json").read_bytes(), "https://example.org/r.json", None)
    assert parsed.faults == []
    assert len(parsed.entries) == 10
    memo = [entry for entry in parsed.entries if entry.pair_key == "dhs-deportation-priorities-memo-explainer"]
    assert [entry.language for entry in memo] == ["vi", "es", "en"]
    assert (memo[0].guid, memo[0].kind, memo[0].title) == ("7", "explainer", "")


CSV = HEADER + 'memo,es,Memo,"Título, largo","Un ""texto""",https://example.org/es,2021-11-12\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_file_is_read(encoding: str, end: str) -> None:
    found = only(files.parse(CSV.replace("\n", end).encode(encoding), "/tmp/r.csv", None))  # noqa: S108 - a name only
    assert (found.guid, found.pair_key, found.language, found.kind) == ("memo/es", "memo", "es", "memo")
    assert (found.title, found.summary) == ("Título, largo", 'Un "texto"')
    assert found.published == datetime(2021, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize("sign", [";", "\t"])
def test_what_parts_the_columns_differs_by_country(sign: str) -> None:
    body = "link;language;title\nhttps://example.org/1;en;T\n".replace(";", sign).encode()
    assert only(files.parse(body, "r.csv", None)).guid == "https://example.org/1"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"titel,sprache\nx,de\n", r"first line of r\.csv must name the columns key, language, kind"),
        (b"link,title,language,title\n", "must name the columns"),
        (b"", "must name the columns"),
        ("título".encode("latin-1"), r"not UTF-8 \(line 1\)"),
        (HEADER.encode() + b"a\0b", r"NUL character \(line 2\)"),
        (CSV.encode("utf-16-le"), "not UTF-8"),
        (HEADER.encode() + b'x,en,memo,"open', "no CSV from line 2"),
        (b'[{"title": }]', "no JSON from line 1"),
        (b"[" * 100_000, "no JSON"),
        (b"[" + b"1" * 5000 + b"]", "no JSON"),
        (b'{"title": "x"}', "no list"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_says_where(body: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        files.parse(body, "/somewhere/r.csv", None)


def test_one_broken_line_stops_no_other() -> None:
    lines = ["a,en,,A,,,", "b,en", "c,english!,,C,,,", "d,en,,D,,,soon", ",en,,E,,,", "f,en,,F,,,"]
    parsed = files.parse((HEADER + "\n".join(lines)).encode(), "r.csv", None)
    assert [entry.title for entry in parsed.entries] == ["A", "F"]
    assert [fault.split(":")[0] for fault in parsed.faults] == [f"Line {n} of r.csv" for n in (3, 4, 5, 6)]


def test_one_broken_object_stops_no_other() -> None:
    body = json.dumps([{"key": "a", "language": "en"}, 5, {"key": []}, {"key": "b"}]).encode()
    parsed = files.parse(body, "r.json", "vi")
    assert [(entry.guid, entry.language) for entry in parsed.entries] == [("a/en", "en"), ("b/", "vi")]
    assert len(parsed.faults) == 2


def test_a_key_too_long_for_an_index_is_known_by_its_digest() -> None:
    body = json.dumps([{"key": "ñ" * 2000 + end, "language": "en"} for end in "ab"]).encode()
    one, other = files.parse(body, "r.json", None).entries
    assert len(one.guid) == len(one.pair_key or "") + len("/en") == 67
    assert one.guid != other.guid


def test_signs_that_no_database_takes_are_dropped() -> None:
    body = rb'[{"key": "a\u0000\ud800", "title": "b\u0000\ud800", "language": "en"}]'
    found = only(files.parse(body, "r.json", None))
    assert (found.pair_key, found.title) == ("a", "b")


# Whatever comes


FEED_PIECES = (
    b"<rss> <item> <guid>1 </item> <feed> <entry> <title> <![CDATA[ <!DOCTYPE ]]> <pubDate>9999-99-99 &#x0;".split()
)
JSON_PIECES = rb'[{"id": 1e999 "date_gmt":"0001-01-01" }] "title":"\ud800" {"key":1'.split()
OTHER_PIECES = [
    HEADER.encode(),
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b'"',
    b",",
    b"\n",
    b"\xc3",
    b"<a href='http://['>",
    b"\0",
]
PIECES = st.sampled_from(FEED_PIECES + JSON_PIECES + OTHER_PIECES)


@pytest.mark.parametrize("parse", [wordpress.parse, rss.parse, files.parse])
@given(body=st.binary(max_size=80) | st.lists(PIECES, max_size=12).map(b"".join))
@settings(max_examples=120, deadline=None)
def test_no_bytes_raise_anything_but_our_error(parse: Callable[[bytes, str, None], Parsed], body: bytes) -> None:
    with suppress(IssueError):
        assert isinstance(parse(body, URL, None), Parsed)
