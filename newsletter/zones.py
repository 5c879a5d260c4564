"""Times as people enter and read them: in the newsletter's zone, with the zone named."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

YEARS = range(2000, 2200)
"""Beyond them is a slip of the keyboard, and at the far ends a zone leads out of the calendar."""


class TimeError(Exception):
    """A time that cannot be: one sentence saying why."""

    permanent = True


def read(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """`now`, or `2021-12-01 09:00` in `zone`, as an aware time in UTC."""
    if text.strip().lower() == "now":
        return now
    try:
        entered = datetime.fromisoformat(text.strip())
    except ValueError:
        raise TimeError(f"{text[:40]!r} is no time: write it like 2021-12-01 09:00, or `now`.") from None
    if entered.year not in YEARS:
        raise TimeError(f"{text[:40]!r} is no time of a mailing: write it like 2021-12-01 09:00, or `now`.")
    if entered.tzinfo is not None:
        return entered.astimezone(UTC)
    moment = entered.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != entered:
        raise TimeError(f"{text} does not exist in {zone.key}: the clocks go forward then. Choose an hour later.")
    return moment


def show(moment: datetime, zone: str) -> str:
    """`Wed 1 Dec 2021, 09:00 (America/New_York)`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({zone})"
