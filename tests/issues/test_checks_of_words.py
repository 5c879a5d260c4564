"""Checks on words: placeholders, long subjects, texts in the wrong language."""

import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.checks import check, language, long_subject, placeholder
from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.models import Fallback, PassageKind
from issues.rendering import Rendered, render
from tests.issues.sample import BRAND, issue_of, passage, sample_issue
from tests.issues.sample_words import Texts

ENGLISH = "On November 29, a new memo takes effect, and we explain what it means for the people you work with."
SPANISH = "El 29 de noviembre entra en vigor un nuevo memorando, y explicamos qué significa para las personas."
VIETNAMESE = "Ngày 29 tháng 11, một công văn mới sẽ có hiệu lực, và chúng tôi giải thích điều đó có nghĩa gì."
ARABIC = "في 29 نوفمبر تدخل مذكرة جديدة حيّز التنفيذ، ونشرح ما تعنيه للأشخاص الذين تعملون معهم."


def edition(texts: Texts, tag: str = "en", kind: PassageKind = PassageKind.NOTE) -> Inspected:
    """An edition of one passage `x` that says `texts`; these checks look at nothing rendered."""
    return Inspected(issue_of([passage(kind, "x", texts)]), tag, Rendered("", "", ""), BRAND)


def placeholders(text: str, tag: str = "en") -> list[str]:
    """What stands for words still to be written in a body."""
    return [
        finding.what.split("“")[1].split("”")[0] for finding in placeholder.check(edition({tag: {"body": text}}, tag))
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The call is on TK, with TKTK people.", ["TK", "TKTK"]),
        ("_TK_ and **XXX**", ["TK", "XXX"]),
        ("Call 555-XXX-XXXX.", ["XXX", "XXXX"]),
        ("Lorem ipsum dolor sit amet", ["Lorem ipsum"]),
        ("TODO: ask Rosa", ["TODO"]),
        ("Sign [link] or \\[URL\\] or [enlace].", ["[link]", "[URL]", "[enlace]"]),
        ("It begins at ??? in room ????", ["???", "????"]),
        ("يبدأ في ؟؟؟", ["؟؟؟"]),
        ("[TK](https://example.org/)", ["TK"]),
        ("Dear [[name|TK]]", ["TK"]),
    ],
)
def test_what_is_still_to_be_written_blocks(text: str, found: list[str]) -> None:
    assert placeholders(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Read [it](https://example.org/TK/XXX?a=???) or <https://example.org/TODO>.",
        "https://example.org/wiki/XXX_(TK) and TK@example.org",
        "[link](https://example.org/) and [click the link](https://example.org/)",
        "The TK-8 schools, TKO, LaTKX, XXXI, XXL, todo, tk, What??? and Really?!??",
        "[[link]]",
        "",
    ],
)
def test_ordinary_words_and_addresses_are_no_placeholders(text: str) -> None:
    assert placeholders(text) == []


def test_todo_says_all_in_spanish() -> None:
    assert placeholders("Lo damos TODO por ustedes.", "es") == []
    assert placeholders("TODO: falta la fecha", "es") == ["TODO"]
    assert placeholders("[TODO]", "es") == ["[TODO]"]
    assert placeholders("TODO", "es") == ["TODO"]


def test_a_placeholder_is_found_in_any_field_of_any_language() -> None:
    texts = {"vi": {"title": "TK", "when": "???", "where": "Online", "link": "TODO", "body": "x"}}
    findings = list(placeholder.check(edition(texts, "vi", PassageKind.EVENT)))
    assert [(f.where, f.what, f.blocks, f.language) for f in findings] == [
        ("event x (vi)", "still has “TK” in its title", True, "vi"),
        ("event x (vi)", "still has “???” in its when", True, "vi"),
        ("event x (vi)", "still has “TODO” in its link", True, "vi"),
    ]
    assert list(placeholder.check(edition(texts, "en", PassageKind.EVENT))) == []


@given(st.text(st.sampled_from("TKXO?[]()\\_ @:/link"), max_size=40) | st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_is_searched(text: str) -> None:
    assert all(what in text.replace("\\", "") or " " in what for what in placeholders(text))


@pytest.mark.parametrize("part", ["a@", "](", "[", "TK", "\\", "?", "X", "https://", "lorem "])
def test_a_hostile_text_takes_no_longer(part: str) -> None:
    start = time.monotonic()
    placeholders(part * 30_000)
    assert time.monotonic() - start < 10  # else it would be hours


def subjects(subject: str, tag: str = "en") -> list[Finding]:
    return list(long_subject.check(edition({tag: {"subject": subject}}, tag, PassageKind.OPENING)))


def test_a_subject_that_a_phone_cuts_off_warns_and_says_what_is_lost() -> None:
    (finding,) = subjects("A second chance, and what the new priorities mean for you")
    assert (finding.where, finding.blocks) == ("the opening (en)", False)
    assert finding.what == (
        "has a subject of 57 signs; a phone shows about 40 and leaves off “priorities mean for you”"
    )
    assert subjects("The new deportation priorities, explained") == []
    assert subjects("x" * 42)[0].what.endswith("leaves off “x”")


def test_a_sign_is_what_a_reader_sees_as_one() -> None:
    vietnamese = "Giải thích những ưu tiên trục xuất mới nhất"[:41]
    assert subjects(unicodedata.normalize("NFD", vietnamese), "vi") == []
    assert subjects("👩🏽‍👩🏽‍👧🏽" * 41) == []
    assert subjects("🇻🇳🇲🇽" * 20) == []
    assert "42 signs" in subjects("🇻🇳🇲🇽" * 21)[0].what
    assert subjects("مُذَكِّرَةٌ جَدِيدَةٌ لِلْأَوْلَوِيَّاتِ", "ar") == []


@given(st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_no_sign_is_lost_in_counting(text: str) -> None:
    assert "".join(long_subject._signs(text)) == text
    assert len(long_subject._signs(text)) <= len(text)


def languages(text: str, tag: str, name: str = "body") -> list[Finding]:
    return list(language.check(edition({tag: {name: text}}, tag)))


TEXTS = {"en": ENGLISH, "es": SPANISH, "vi": VIETNAMESE, "ar": ARABIC}


@pytest.mark.parametrize("written", TEXTS)
@pytest.mark.parametrize("declared", TEXTS)
@pytest.mark.parametrize("name", ["body", "title"])
def test_a_text_in_the_wrong_language_warns(written: str, declared: str, name: str) -> None:
    findings = languages(TEXTS[written], declared, name)
    assert [(f.where, f.blocks) for f in findings] == ([(f"note x ({declared})", False)] if written != declared else [])


def test_the_warning_names_both_languages() -> None:
    (finding,) = languages(SPANISH, "vi")
    assert finding.what == "seems to be in Spanish and not in Vietnamese: its body"
    assert finding.fix == "write it in Vietnamese, or move it to the language it is in"


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("Las nuevas prioridades de deportación", "en"),  # short
        (f"{ENGLISH[:60]} {SPANISH[:60]}", "en"),
        ("[[name|un nombre bastante largo que sigue y sigue]] [x](https://example.org/una-palabra-muy-larga/)", "en"),
        ("12345 " * 40, "en"),
        (SPANISH, "mam"),  # a language that lingua does not know
    ],
)
def test_where_it_is_not_sure_it_says_nothing(text: str, declared: str) -> None:
    assert languages(text, declared) == []


def test_the_languages_of_the_issue_are_known_too() -> None:
    issue = issue_of([passage(PassageKind.NOTE, "x", {"fr": {"body": SPANISH}, "pt-br": {"body": ENGLISH}})])
    issue.languages = ["fr", "pt-br"]
    for tag, name in (("fr", "Spanish"), ("pt-br", "English")):
        (finding,) = language.check(Inspected(issue, tag, Rendered("", "", ""), BRAND))
        assert f"seems to be in {name}" in finding.what


def test_without_lingua_the_check_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lingua", None)
    language._known.cache_clear()
    assert languages(SPANISH, "en") == []
    language._known.cache_clear()


@given(st.text(max_size=120))
@settings(max_examples=60, deadline=None)
def test_no_text_stops_the_check(text: str) -> None:
    assert len(languages(text, "en")) <= 1


def test_all_of_them_are_asked_of_an_edition() -> None:
    issue = sample_issue(Fallback.OMIT)
    issue.passages[0].wordings[0].fields = {"subject": "TK " * 20, "title": SPANISH}
    findings = check(issue, "en", render(issue, "en", BRAND), BRAND)
    assert {f.check for f in findings} == {"placeholder", "long-subject", "language"}
