"""An audience is read from text and form alike, says itself again, and holds nothing but numbers, days, tags, names."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import BadAudience
from subscribers.grammar import EVERYONE, LARGEST_NUMBER, Audience, parse, read

numbers = st.frozensets(st.integers(0, LARGEST_NUMBER), max_size=4)
names = st.frozensets(st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True), max_size=3)
days = st.none() | st.dates()
audiences = st.builds(
    Audience,
    languages=st.frozensets(st.sampled_from(["en", "es", "vi", "ar", "pt-br"]), max_size=3),
    groups=numbers,
    topics=numbers,
    joined_after=days,
    joined_before=days,
    got=names,
    not_got=names,
)


@given(audiences)
def test_what_an_audience_says_is_read_as_the_same(audience: Audience) -> None:
    assert parse(str(audience)) == audience


@given(st.text() | st.from_regex(r"(language|group|topic|joined after|got|not got) [ -~]{0,20}(; [ -~]{0,20})?"))
def test_whatever_is_typed_is_a_plain_value_or_refused(text: str) -> None:
    try:
        audience = parse(text)
    except BadAudience:
        return
    assert all(0 <= number <= LARGEST_NUMBER for number in audience.groups | audience.topics)
    for name in audience.languages | audience.got | audience.not_got:
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_text_and_form_say_the_same() -> None:
    text = " Group 3, 4 ; language ES;joined after 2021-05-01 ; not got 2021-09"
    form = {"language": ["es", ""], "group": ["4", " 3 "], "joined after": ["2021-05-01"], "not got": ["2021-09"]}
    audience = Audience(
        frozenset(["es"]), frozenset([3, 4]), joined_after=date(2021, 5, 1), not_got=frozenset(["2021-09"])
    )
    assert parse(text) == read(form) == audience
    assert str(audience) == "language es; group 3,4; joined after 2021-05-01; not got 2021-09"
    assert parse(" Everyone ") == read({"group": [""], "got": []}) == EVERYONE
    assert str(EVERYONE) == "everyone"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all",
        "everyone; group 3",
        "group",
        "group press",
        "group -1",
        "group ٣",
        "group 99999999999",
        "group 1,,2",
        "group 1; group 2",
        "language es en",
        "joined after 2021-06-31",
        "joined after 2021-06-01, 2021-06-02",
        "got 2021'10",
        "got " + "2021-10," * 400 + "2021-10",
    ],
)
def test_what_is_no_audience_is_refused(text: str) -> None:
    with pytest.raises(BadAudience):
        parse(text)
