"""Numbers and times as a person would say them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from newsletter.delivery.reasons import kind
from newsletter.web import spoken

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(seconds=20), "in a moment"),
        (timedelta(minutes=1, seconds=10), "in a minute"),
        (timedelta(minutes=14), "in 14 minutes"),
        (timedelta(hours=3), "today at 15:00"),
        (timedelta(hours=22), "tomorrow at 10:00"),
        (timedelta(days=3), "on Tuesday, 24 November, at 12:00"),
    ],
)
def test_a_time_ahead_is_said_as_near_as_it_is(ahead: timedelta, said: str) -> None:
    assert spoken.soon(NOW + ahead, NOW, ZONE) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "less than a minute"),
        (60, "about a minute"),
        (210, "about three minutes and a half"),
        (1500, "about 25 minutes"),
        (9000, "about 2 hours"),
    ],
)
def test_a_span_is_no_more_exact_than_it_can_be_known(seconds: float, said: str) -> None:
    assert spoken.span(seconds) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "just now"),
        (99, "99 minutes ago"),
        (100, "2 hours ago"),
        (160, "3 hours ago"),
        (1300, "on Friday, 20 November"),
    ],
)
def test_a_time_past_is_said_as_people_say_it(minutes: int, said: str) -> None:
    assert spoken.ago(NOW - timedelta(minutes=minutes), NOW, ZONE) == said


def test_a_kind_is_said_in_words_and_an_unforeseen_one_as_it_is() -> None:
    assert [spoken.kind(kind) for kind in ("factsheet", "zine", "")] == ["Fact sheet", "Zine", ""]


def test_people_are_counted_in_words_while_they_are_few() -> None:
    assert [spoken.people(count) for count in (0, 1, 2, 4318)] == [
        "no people",
        "one person",
        "two people",
        "4,318 people",
    ]


def test_a_zone_is_named_by_its_city() -> None:
    assert spoken.zone_name(ZONE) == "New York (Eastern Time)"
    assert spoken.zone_name(ZoneInfo("UTC")) == "UTC"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("5.1.1 <…> User unknown", "no such address"),
        ("Requested action not taken: mailbox unavailable", "a mailbox that takes no mail, they do not say why"),
        ("5.1.8 Sender address rejected: Domain not found", "our own address, or our right to send"),
        ("5.2.2 The mailbox is full", "mailbox full"),
        ("5.7.1 Message rejected as spam", "turned away by a filter"),
        ("5.4.4 Host not found", "no such mail server"),
        (
            "The mail server does not take addresses with letters outside ASCII (no SMTPUTF8).",
            "an address with letters their server does not take",
        ),
        ("4.7.1 Greylisted", "their server kept saying “later”"),
        ("451 later", "their server kept saying “later”"),
        ("I am a teapot", "another reason"),
    ],
)
def test_what_servers_say_is_one_of_few_kinds(words: str, found: str) -> None:
    assert kind(words) == found
