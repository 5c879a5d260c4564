"""The readers over time: columns that fit, bands that add up, and no number that gives anybody away."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.web.growth import growth
from subscribers.head_counts import LEAST, Day

TAGS = ["en", "es", "vi", "ar", "ht", "tl", "so"]
NUMBERS = st.just(0) | st.integers(LEAST, 40)  # smaller ones are never kept under their language


def days(*counts: dict[str, int]) -> list[Day]:
    return [Day(date(2026, 11, 1) + timedelta(days=place), place, each, {}) for place, each in enumerate(counts)]


@settings(max_examples=40)
@given(
    st.lists(st.fixed_dictionaries({"": st.integers(0, 8)} | dict.fromkeys(TAGS, NUMBERS)), min_size=2, max_size=5),
    st.booleans(),
)
def test_every_column_adds_up_and_nobody_can_be_guessed(counts: list[dict[str, int]], exact: bool) -> None:
    drawn = growth(days(*counts), exact=exact)
    if drawn is None:
        assert not exact
        return
    for day, (x, parts) in zip(drawn.days, drawn.columns, strict=True):
        cells = [drawn.people(day, band.language) for band in drawn.bands]
        assert sum(cells) == day.people
        assert len(parts) == sum(1 for cell in cells if cell)
        assert all(exact or cell == 0 or cell >= LEAST for cell in cells)
        assert 0 <= x <= 100 - drawn.width + 0.001
        assert all(y >= -0.01 for _, y, _ in parts)


def test_one_day_is_no_picture_and_a_gap_stays_a_gap() -> None:
    first, second, third = days({"en": 40}, {"en": 41}, {"en": 43})
    assert growth([first], exact=True) is None
    drawn = growth([first, third], exact=True)
    assert drawn is not None
    assert [round(x) for x, _ in drawn.columns] == [0, 92]
    assert drawn.lines[-1][1] >= 43
    assert growth([first, second, third], exact=False) is not None


def test_the_largest_five_languages_have_a_band_of_their_own() -> None:
    counts = {tag: 10 * (number + 1) for number, tag in enumerate(TAGS)}
    drawn = growth(days(counts, counts), exact=False)
    assert drawn is not None
    assert [band.language for band in drawn.bands] == ["so", "tl", "ht", "ar", "vi", ""]
    assert drawn.bands[-1].people == 30
