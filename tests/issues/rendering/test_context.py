"""What a reader gets where a text is not in their language, and which document a card leads to."""

from issues.models import Fallback, Passage, PassageKind
from issues.rendering.context import Entry, View, view
from tests.issues.sample import issue_of, passage, sample_issue

RESOURCE, SECTION, NOTE = PassageKind.RESOURCE, PassageKind.SECTION, PassageKind.NOTE


def entries(shown: View) -> list[Entry]:
    return [entry for section in shown.sections for entry in section.entries]


def one(*passages: Passage, language: str = "vi", fallback: Fallback = Fallback.LABEL) -> Entry:
    (entry,) = entries(view(issue_of(list(passages), fallback), language))
    return entry


def headings(shown: View) -> list[str]:
    return [section.heading.title if section.heading else "" for section in shown.sections]


def test_the_sample_counts_documents_and_their_languages() -> None:
    for language in ("en", "es", "vi", "ar"):
        shown = view(sample_issue(), language)
        assert (shown.resources, shown.languages) == (10, 3)
        assert [section.resources for section in shown.sections] == [3, 4, 3]


def test_label_shows_the_source_text_marked_as_such() -> None:
    note = one(passage(NOTE, "n", {"en": {"body": "Words"}, "vi": {"title": "Chỉ có tựa", "body": " "}}))
    assert (note.body, note.language) == ("Words", "en")


def test_label_without_a_source_text_shows_the_one_there_is() -> None:
    note = one(passage(NOTE, "n", {"es": {"body": "Palabras"}}))
    assert (note.body, note.language) == ("Palabras", "es")


def test_omit_leaves_the_passage_out_and_the_section_that_it_emptied() -> None:
    passages = [
        passage(SECTION, "a", {"en": {"title": "A"}, "vi": {"title": "Á"}}),
        passage(NOTE, "n", {"en": {"body": "Words"}}),
        passage(SECTION, "b", {"en": {"title": "B"}, "vi": {"title": "Bê"}}),
        passage(NOTE, "m", {"vi": {"body": "Lời"}}),
    ]
    shown = view(issue_of(passages, Fallback.OMIT), "vi")
    assert headings(shown) == ["Bê"]
    assert [entry.body for entry in entries(shown)] == ["Lời"]


def test_omit_keeps_what_follows_a_heading_that_is_left_out_apart() -> None:
    passages = [
        passage(SECTION, "a", {"vi": {"title": "Á"}}),
        passage(NOTE, "n", {"vi": {"body": "Một"}}),
        passage(SECTION, "b", {"en": {"title": "B"}}),
        passage(NOTE, "m", {"vi": {"body": "Hai"}}),
    ]
    assert headings(view(issue_of(passages, Fallback.OMIT), "vi")) == ["Á", ""]


def test_the_opening_falls_back_even_where_others_are_left_out() -> None:
    opening = passage(PassageKind.OPENING, "opening", {"en": {"subject": "Subject", "title": "Title"}})
    closing = passage(PassageKind.CLOSING, "closing", {"en": {"title": "Bye"}})
    shown = view(issue_of([opening, closing], Fallback.OMIT), "vi")
    assert (shown.opening.subject, shown.opening.language) == ("Subject", "en")
    assert shown.closing is None
    assert view(issue_of([closing]), "vi").closing is not None


def test_an_unfinished_opening_heads_the_preview() -> None:
    opening = passage(PassageKind.OPENING, "opening", {"en": {"title": "Title"}})
    assert view(issue_of([opening]), "en").opening.title == "Title"


def test_a_text_without_its_own_link_borrows_the_source_link_and_names_its_language() -> None:
    texts = {
        "es": {"title": "E", "link": "https://example.org/es"},
        "en": {"title": "A", "link": "https://example.org/en"},
    }
    card = one(passage(RESOURCE, "1", {**texts, "vi": {"title": "V"}}, "report"))
    assert (card.title, card.link, card.document, card.pills) == ("V", "https://example.org/en", "en", ("en",))


def test_without_a_source_link_the_first_there_is_stands_in() -> None:
    card = one(passage(RESOURCE, "1", {"en": {"title": "A"}, "es": {"title": "E", "link": "https://example.org/es"}}))
    assert (card.title, card.link, card.pills) == ("A", "https://example.org/es", ("en", "es"))


def test_a_resource_without_any_link_names_the_language_of_its_words() -> None:
    card = one(passage(RESOURCE, "1", {"vi": {"title": "V"}}))
    assert (card.link, card.document, card.pills, card.documents) == ("", "", ("vi",), ("vi",))


def test_one_text_in_several_languages_lists_the_others() -> None:
    memo = next(entry for entry in entries(view(sample_issue(), "vi")) if entry.versions)
    assert (memo.document, memo.pills) == ("vi", ("vi",))
    assert [version.language for version in memo.versions] == ["en", "es"]
    assert all(version.title and version.link for version in memo.versions)


def test_a_link_given_twice_is_one_document() -> None:
    same = {"link": "https://example.org/one"}
    card = one(passage(RESOURCE, "1", {"en": {"title": "A", **same}, "vi": {"title": "V", **same}}))
    assert card.versions == ()
    assert card.documents == ("vi",)


def test_an_unsafe_link_is_none() -> None:
    card = one(passage(RESOURCE, "1", {"vi": {"title": "V", "link": "javascript:alert(1)"}}))
    assert card.link == ""


def test_the_phone_dials_digits() -> None:
    texts = {"vi": {"title": "T", "phone": "+1 (888) 555-0142"}}
    assert one(passage(PassageKind.HOTLINE, "h", texts)).call == "tel:+18885550142"
    assert one(passage(PassageKind.HOTLINE, "h", {"vi": {"title": "T", "phone": "ask us"}})).call == ""
