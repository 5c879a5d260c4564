"""What belongs to the newsletter and is changed in the browser: its brand, and how a month goes.

A habit that is kept wins over `newsletter.toml`; one that is not kept leaves the file its word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from issues.rendering import Brand
from newsletter.config import Color, Line, Settings
from newsletter.desk.errors import DeskError
from newsletter.desk.models import Habit


@dataclass(frozen=True)
class Habits:
    """How a mailing usually goes."""

    send_at: time = time(10)
    """The hour that the calendar proposes, in the newsletter's zone."""
    cooling_off: int = 15
    """Minutes between the hour that was chosen and the first mail."""
    confirm_above: int = 1000
    """From how many readers on their number must be typed."""
    draft_day: int = 0
    """The day of the month on which the draft is made by itself; 0: never."""
    draft_at: time = time(9)
    """Its hour, in the newsletter's zone."""


def _hour(value: str) -> str:
    try:
        return time.fromisoformat(value).isoformat("minutes")
    except ValueError:
        raise ValueError("an hour is written like 10:00") from None


def _number(most: int) -> Any:
    return TypeAdapter(Annotated[int, Field(ge=0, le=most)])


_COLOR = TypeAdapter[str](Color)
_KINDS: Mapping[str, tuple[str, TypeAdapter[Any]]] = {
    "brand": ("The name", TypeAdapter(Annotated[Line, Field(max_length=100)])),
    "brand_color": ("The colour of the header", _COLOR),
    "accent_color": ("The colour of links", _COLOR),
    "postal_address": ("The postal address", TypeAdapter(Annotated[Line, Field(max_length=300)])),
    "send_at": ("The hour of sending", TypeAdapter(Annotated[str, AfterValidator(_hour)])),
    "cooling_off": ("The time to think", _number(24 * 60)),
    "confirm_above": ("The number to confirm", _number(1_000_000_000)),
    "draft_day": ("The day of the draft", _number(31)),
    "draft_at": ("The hour of the draft", TypeAdapter(Annotated[str, AfterValidator(_hour)])),
}
"""Every habit by name: what it is called in a sentence, and what it must be."""


def habits(session: Session) -> Habits:
    """How a mailing usually goes here."""
    kept = _kept(session)
    numbers = {name: int(kept[name]) for name in ("cooling_off", "confirm_above", "draft_day") if name in kept}
    hours = {name: time.fromisoformat(kept[name]) for name in ("send_at", "draft_at") if name in kept}
    return Habits(**hours, **numbers)  # type: ignore[arg-type] # each name has its own type


def brand(session: Session, settings: Settings) -> Brand:
    """Who speaks: the habits, and the settings where there is none."""
    return _brand(settings, _kept(session))


def brand_of_file(settings: Settings) -> Brand:
    """Who speaks as far as the settings know: for a page that says that the database cannot be read."""
    return _brand(settings, {})


def keep(session: Session, entered: Mapping[str, str]) -> None:
    """Keep what was entered; something empty is forgotten again. Raises DeskError, and then nothing was changed."""
    checked = {name: checked_habit(name, value) for name, value in entered.items()}
    session.execute(delete(Habit).where(Habit.name.in_(checked)))
    session.add_all(Habit(name=name, value=value) for name, value in checked.items() if value)
    session.flush()


def checked_habit(name: str, value: str) -> str:
    """The value as it is kept. Raises DeskError, whose sentence says what it should be."""
    called, kind = _KINDS[name]
    if not value.strip():
        return ""
    try:
        return str(kind.validate_python(value.strip()))
    except ValidationError as error:
        why = error.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise DeskError(f"{called} cannot be so: {why[:1].lower()}{why[1:]}.") from None


def _brand(settings: Settings, kept: Mapping[str, str]) -> Brand:
    def chosen(name: str) -> str:
        return kept.get(name) or str(getattr(settings, name))

    return Brand(
        chosen("brand"), chosen("brand_color"), chosen("accent_color"), chosen("postal_address"), settings.base_url
    )


def _kept(session: Session) -> dict[str, str]:
    return {habit.name: habit.value for habit in session.scalars(select(Habit))}
