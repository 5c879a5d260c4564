"""Numbers, times and spans as a person would say them, in English, the language of the desk."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from issues.languages import words
from issues.rendering.kinds import kind_word

_FEW = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SOON = timedelta(minutes=90)


def number(count: int) -> str:
    """`4,318`."""
    return f"{count:,}"


def in_words(count: int) -> str:
    """`two`, `4,318`: only small numbers are words."""
    return _FEW[count] if count < len(_FEW) else number(count)


def people(count: int) -> str:
    """`two people`, `4,318 people`; small numbers in words."""
    return f"{in_words(count)} {'person' if count == 1 else 'people'}"


def tries(count: int) -> str:
    """`one try`, `12 tries`."""
    return f"{in_words(count)} {'try' if count == 1 else 'tries'}"


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """`10:15`."""
    return f"{moment.astimezone(zone):%H:%M}"


def day(moment: datetime, zone: ZoneInfo) -> str:
    """`Tuesday, 24 November`."""
    local = moment.astimezone(zone)
    return f"{local:%A}, {local.day} {local:%B}"


def soon(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`in 14 minutes`, `tomorrow at 10:15`, `on Tuesday, 24 November, at 10:15`."""
    ahead = moment - now
    if ahead < timedelta(minutes=1):
        return "in a moment"
    if ahead < _SOON:
        minutes = round(ahead.total_seconds() / 60)
        return f"in {minutes} minutes" if minutes > 1 else "in a minute"
    days = (moment.astimezone(zone).date() - now.astimezone(zone).date()).days
    said = {0: "today", 1: "tomorrow"}.get(days)
    return f"{said} at {clock(moment, zone)}" if said else f"on {day(moment, zone)}, at {clock(moment, zone)}"


def ago(moment: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """`40 minutes ago`, `on Tuesday, 24 November`; empty for never."""
    if moment is None:
        return ""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 2:
        return "just now"
    if minutes < 100:
        return f"{minutes} minutes ago"
    hours = round(minutes / 60)
    return f"{hours} hours ago" if hours < 20 else f"on {day(moment, zone)}"


def moment(past: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`today at 10:15`, `yesterday at 10:15`, `24 November 2026 at 10:15`: what was, or what ends some day."""
    local = past.astimezone(zone)
    away = (local.date() - now.astimezone(zone).date()).days
    day_of = {0: "today", -1: "yesterday", 1: "tomorrow"}.get(away, f"{local.day} {local:%B %Y}")
    return f"{day_of} at {clock(past, zone)}"


def span(seconds: float) -> str:
    """`less than a minute`, `about 3 minutes and a half`, `about 2 hours`: no more exact than it can be known."""
    halves = round(seconds / 30)
    if halves < 2:
        return "less than a minute"
    if halves < 20:
        whole, half = divmod(halves, 2)
        return f"about {_FEW[whole] if whole > 1 else 'a'} minute{'s' * (whole > 1)}{' and a half' * half}"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"about {round(minutes / 5) * 5} minutes"
    return f"about {round(minutes / 60)} hours"


def kind(of: str) -> str:
    """`Fact sheet` for a resource's kind; one that nobody foresaw is said as it is written."""
    word = kind_word(of, words("en"))
    return f"{word[:1].upper()}{word[1:]}"


def sentence(problem: Exception) -> str:
    """What an error says, as a sentence that begins and ends like one."""
    said = str(problem).rstrip(".")
    return f"{said[:1].upper()}{said[1:]}."


def city(zone: ZoneInfo) -> str:
    """`New York`; a zone without a city is its own name."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def zone_name(zone: ZoneInfo) -> str:
    """`New York (Eastern Time)`; a zone without a city is its own name."""
    if "/" not in zone.key:
        return zone.key
    called = get_timezone_name(zone, locale="en", zone_variant="generic")
    return f"{city(zone)} ({called})" if city(zone) not in called else called
