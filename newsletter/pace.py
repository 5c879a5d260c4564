"""The pace as a person writes it: how fast mail leaves, how that grows at first, and at which hours none does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_RAMP = 20
"""Days after which a ramp is over: doubled so often, the smallest number is millions."""
_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many messages in any second, hour and day; nothing where that is not limited."""

    second: int | None = None
    hour: int | None = None
    day: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """From `14/second, 5000/hour, 50000/day`: each unit at most once, in any order. ValueError says how."""
        found: dict[str, int] = {}
        for part in filter(None, re.split(r"\s*,\s*", text.strip())):
            written = re.fullmatch(r"([0-9]{1,8})\s*/\s*(second|hour|day)", part)
            if not written or written[2] in found or not 1 <= int(written[1]) <= _MOST:
                raise ValueError("it is written like 14/second, 5000/hour, 50000/day, each at most once")
            found[written[2]] = int(written[1])
        return cls(**found)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A new sender's first days: so many messages on the first, twice as many on each day after it."""

    first_day: date
    messages: int

    @classmethod
    def parse(cls, text: str) -> "WarmUp":
        """From `2021-11-01 50`. ValueError says how."""
        written = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\s+([0-9]{1,8})", text.strip())
        if not written or not 1 <= int(written[2]) <= _MOST:
            raise ValueError("it is the first day and its number of messages, like 2021-11-01 50")
        return cls(date.fromisoformat(written[1]), int(written[2]))

    def limit(self, day: date) -> int | None:
        """How many messages that day may see; nothing once the ramp is over. What is sent too early counts as day 1."""
        days = max((day - self.first_day).days, 0)
        return self.messages << days if days < _RAMP else None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of each day, by the clock on the wall, in which no mailing goes on."""

    begins: time
    ends: time

    @classmethod
    def parse(cls, text: str) -> "Quiet":
        """From `21:00-08:00`. ValueError says how."""
        hour = r"((?:[01][0-9]|2[0-3]):[0-5][0-9])"
        written = re.fullmatch(rf"{hour}\s*-\s*{hour}", text.strip())
        if not written or written[1] == written[2]:
            raise ValueError("it is written like 21:00-08:00")
        return cls(time.fromisoformat(written[1]), time.fromisoformat(written[2]))

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """The end of the quiet hours that it is in; nothing where it is in none.

        An hour that the clocks run through twice, or not at all, is quiet rather than not: from the earlier moment
        that its beginning may mean to the later one that its end may mean.
        """
        today = now.astimezone(zone).date()
        for day in (today - DAY, today):
            last = day if self.begins < self.ends else day + DAY
            end = max(_moments(last, self.ends, zone))
            if min(_moments(day, self.begins, zone)) <= now < end:
                return end
        return None


class Limit(NamedTuple):
    """At most so many messages in any time of this length, as `setting` says."""

    span: timedelta
    messages: int
    setting: str


@dataclass(frozen=True, slots=True)
class Pace:
    """All that is said about the pace of one newsletter."""

    rate: Rate
    warm_up: WarmUp | None
    quiet: Quiet | None
    zone: ZoneInfo

    @property
    def is_counted(self) -> bool:
        """Whether messages need be counted at all."""
        return self.rate != Rate() or self.warm_up is not None

    def limits(self, now: datetime) -> Iterator[Limit]:
        """The limits of an hour and of a day that hold now."""
        if self.rate.hour:
            yield Limit(HOUR, self.rate.hour, "RATE")
        if of_day := self._of_day(now.astimezone(self.zone).date()):
            yield of_day

    def quiet_until(self, now: datetime) -> datetime | None:
        """The end of the quiet hours that it is in; nothing where it is in none."""
        return self.quiet.until(now, self.zone) if self.quiet else None

    def next_day(self, now: datetime) -> datetime:
        """The next midnight in the newsletter's zone."""
        return max(_moments(now.astimezone(self.zone).date() + DAY, time(), self.zone))

    def least(self, messages: int, now: datetime) -> timedelta:
        """How long so many messages take at least from now on, had nothing been sent before; quiet hours left out."""
        seconds = timedelta(seconds=messages / self.rate.second) if self.rate.second else timedelta()
        hours = HOUR * ((messages - 1) // self.rate.hour) if self.rate.hour else timedelta()
        today, days = now.astimezone(self.zone).date(), 0
        while (limit := self._of_day(today + days * DAY)) and messages > limit.messages and days < _RAMP:
            messages -= limit.messages
            days += 1
        if limit:
            days += (messages - 1) // limit.messages
        return max(seconds, hours, days * DAY)

    def _of_day(self, day: date) -> Limit | None:
        warm = self.warm_up and self.warm_up.limit(day)
        if warm and warm < (self.rate.day or warm + 1):
            return Limit(DAY, warm, "WARM_UP")
        return Limit(DAY, self.rate.day, "RATE") if self.rate.day else None


def _moments(day: date, wall: time, zone: ZoneInfo) -> Iterator[datetime]:
    """What a time on the wall may mean: one moment, or two where the clocks change (PEP 495)."""
    for fold in (0, 1):
        yield datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC)
