"""The demonstration's own texts: complete in every language, true to their listing, on made-up addresses."""

import csv
import html
import json
import re
import unicodedata
from importlib.resources import files
from typing import Any, NamedTuple

import pytest

from issues.fields import FIELDS
from issues.models import PassageKind

CONTENT = files("newsletter.demo") / "content"
LANGUAGES = ["en", "es", "vi", "ar"]
FILES = ["posts.json", "november.md", "more-posts.json", "this-month.md", "readers.csv"]


class Text(NamedTuple):
    kind: PassageKind
    key: str
    language: str
    state: str
    fields: dict[str, str]


def read(name: str) -> str:
    return (CONTENT / name).read_text(encoding="utf-8")


def posts() -> list[dict[str, Any]]:
    listing: list[dict[str, Any]] = json.loads(read("posts.json"))
    return listing


def readers() -> list[dict[str, str]]:
    return list(csv.DictReader(read("readers.csv").splitlines()))


def wording(lines: str) -> dict[str, str]:
    """The fields above the first empty line, and the body below it."""
    head, _, body = lines.strip().partition("\n\n")
    return dict(line.split(": ", 1) for line in head.splitlines()) | {"body": body}


def november() -> list[Text]:
    """Every text of the issue file; just enough of a reader to count by."""
    texts = []
    for passage in re.split(r"^# ", read("november.md"), flags=re.MULTILINE)[1:-1]:
        heading, *wordings = re.split(r"^## ", passage, flags=re.MULTILINE)
        kind, _, key = heading.splitlines()[0].partition(" ")
        for entry in wordings:
            first, _, rest = entry.partition("\n")
            language, state = first.split(" · ")
            texts.append(Text(PassageKind(kind), key, language, state, wording(rest)))
    return texts


@pytest.mark.parametrize("name", FILES)
def test_letters_are_composed_and_nothing_is_hidden_between_them(name: str) -> None:
    content = read(name)
    assert unicodedata.is_normalized("NFC", content)
    assert {c for c in content if unicodedata.category(c) in {"Cc", "Cf"}} <= {"\n"}


def test_the_listing_has_ten_posts_newest_first_and_one_without_a_title() -> None:
    dates = [post["date_gmt"] for post in posts()]
    assert [post["id"] for post in posts()] == list(range(1001, 1011))
    assert dates == sorted(dates, reverse=True)
    assert [post["id"] for post in posts() if not post["title"]["rendered"]] == [1007]


def test_a_post_and_its_translations_name_each_other() -> None:
    by_id = {post["id"]: post for post in posts()}
    for post in by_id.values():
        assert post["translations"][post["lang"]] == post["id"]
        for language, other in post["translations"].items():
            assert by_id[other]["lang"] == language
            assert by_id[other]["translations"] == post["translations"]
    assert by_id[1010]["translations"] == {"en": 1010, "es": 1009, "vi": 1007}


def test_summaries_are_short_and_end_as_wordpress_ends_them() -> None:
    summaries = [post["excerpt"]["rendered"] for post in posts()]
    assert all(re.fullmatch(r"<p>[^<\n]+</p>\n", summary) for summary in summaries)
    assert all(30 <= len(summary.split()) <= 55 for summary in summaries)
    assert sum(summary.endswith(" [&hellip;]</p>\n") for summary in summaries) == 2


def test_every_passage_is_approved_in_every_language() -> None:
    texts = november()
    passages = list(dict.fromkeys((text.kind, text.key) for text in texts))
    assert [(text.kind, text.key, text.language) for text in texts] == [
        (*passage, language) for passage in passages for language in LANGUAGES
    ]
    assert {text.state for text in texts} == {"approved"}
    assert read("november.md").endswith("\n\n# end\n")


def test_texts_have_only_known_fields_and_none_is_empty() -> None:
    for text in november():
        known = FIELDS[text.kind]
        assert set(text.fields) <= set(known.all), (text.key, text.language)
        assert set(known.required) <= set(text.fields), (text.key, text.language)
        assert all(text.fields.values()), (text.key, text.language)


def test_the_issue_places_every_post_once_under_its_own_title() -> None:
    placed = {text.fields["link"]: text for text in november() if "link" in text.fields and text.key.isdecimal()}
    assert set(placed) == {post["link"] for post in posts()}
    for post in posts():
        text = placed[post["link"]]
        assert text.language == post["lang"]
        assert text.fields["title"] == (html.unescape(post["title"]["rendered"]) or text.fields["title"])


def test_only_the_greeting_names_the_reader() -> None:
    tokens = [(text.kind, text.language) for text in november() if "[[" in "".join(text.fields.values())]
    assert tokens == [(PassageKind.OPENING, language) for language in LANGUAGES]
    assert re.findall(r"\[\[(.*?)\]\]", read("november.md")) == ["name|friend", "name|colega", "name|bạn", "name|بكم"]


def test_readers_are_24_in_the_languages_the_story_tells() -> None:
    languages = [reader["languages"] for reader in readers()]
    assert len(languages) == 24
    assert {tag: languages.count(tag) for tag in languages} == {
        "en": 9,
        "es": 7,
        "vi": 4,
        "ar": 2,
        "es-MX,en": 1,
        "": 1,
    }


def test_readers_have_made_up_addresses_of_their_own() -> None:
    addresses = [reader["email"] for reader in readers()]
    assert len({address.lower() for address in addresses}) == len(addresses)
    assert all(re.fullmatch(r"[a-z.+-]+@example\.(org|com)", address, re.IGNORECASE) for address in addresses)
    assert any(address != address.lower() for address in addresses)


def test_readers_names_try_the_importer() -> None:
    names = [reader["name"] for reader in readers()]
    assert names.count("") == 1
    assert any("," in name and '"' in name for name in names)
    assert sum(not name.isascii() for name in names) > 10
