"""The plain text: readable at 72 columns, addresses and tokens whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.models import Fallback
from issues.rendering import render
from issues.rendering.text import WIDTH, wrap
from tests.issues.sample import BRAND, sample_issue

LANGUAGES = ("en", "es", "vi", "ar")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {language: render(sample_issue(), language, BRAND).text for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_hold_the_width(texts: dict[str, str], language: str) -> None:
    assert max(len(line) for line in texts[language].splitlines()) <= WIDTH


def test_everything_that_a_reader_needs_is_there(texts: dict[str, str]) -> None:
    text = texts["en"]
    for words in (
        "November 2021 · 10 resources in 3 languages",
        "Dear [[name|friend]],",
        "Second chances\n" + "-" * WIDTH,
        "* A Second Chance for All [English · Report]\n  One in three",
        "  https://example.org/resources/4/\n",
        "Giải thích công văn về những ưu tiên trục xuất [Tiếng Việt]\n  https://example.org/resources/7/",
        "  1-888-555-0142\n  Every day, 6 a.m. to 9 p.m. Pacific\n",
        "  Thursday, December 2, 2021, 10 a.m. Pacific\n",
        "  Sign the letter:\n  https://example.org/letter/",
        "how we choose our words <https://example.org/words/>.",
        "-- \nYou receive this newsletter because",
        "Unsubscribe with one click:\n[[unsubscribe_url]]\n",
        "12 Example Street\nSan Francisco, CA 94103, USA\n",
    ):
        assert words in text


def test_the_frame_speaks_the_reader_s_language(texts: dict[str, str]) -> None:
    assert "Noviembre de 2021 · 10 recursos en 3 idiomas" in texts["es"]
    assert "Tháng 11 năm 2021 · 10 tài liệu bằng 3 ngôn ngữ" in texts["vi"]
    assert "نوفمبر 2021 · 10 موارد بـ 3 لغات" in texts["ar"]
    assert "* Admin Platform Policy Memo [English · مذكرة]" in texts["ar"]
    assert "[[name|صديقنا العزيز]]" in texts["ar"]


def test_what_is_omitted_stands_nowhere() -> None:
    text = render(sample_issue(Fallback.OMIT), "ar", BRAND).text
    assert "Admin Platform Policy Memo" not in text
    assert "[[unsubscribe_url]]" in text


def test_a_long_address_is_never_broken() -> None:
    address = "https://example.org/" + "a-b/" * 40
    assert address in wrap(f"See this: {address} and more").splitlines()


def test_what_follows_a_list_mark_hangs_under_it() -> None:
    assert wrap("10. " + "word " * 16).splitlines() == ["10. " + " ".join(["word"] * 13), "    word word word"]


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(["word", "[[name|my dear friend]]", "a", "https://example.org/x", "([[name]])"]), max_size=40
    )
)
def test_wrapping_loses_and_breaks_no_word(words: list[str]) -> None:
    lines = wrap(" ".join(words)).splitlines()
    assert " ".join(lines) == " ".join(words)
    assert all(line.count("[[") == line.count("]]") for line in lines)
