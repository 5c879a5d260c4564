"""Whom a mailing is for: a value, and the text it is kept as.

    everyone
    language es,vi; group 3; topic 2; joined after 2021-05-01; joined before 2021-10-01; got 2021-08; not got 2021-09

All clauses hold at once, and within one any of its values does; of `not got` all do. The grammar is closed: what is
read is numbers, days, tags and names of issues, and they reach the database as bound values alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from subscribers.errors import BadAudience, SubscriberError
from subscribers.languages import normal

ALL = "everyone"
LARGEST_NUMBER = 2**31 - 1
"""What a database takes for the number of a row."""
LONGEST = 2000
_ISSUE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who of those on the list. A field that is empty asks for nothing."""

    languages: frozenset[str] = frozenset()
    """Whose edition people get."""
    groups: frozenset[int] = frozenset()
    topics: frozenset[int] = frozenset()
    joined_after: date | None = None
    joined_before: date | None = None
    got: frozenset[str] = frozenset()
    """Issues by name."""
    not_got: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """The text that `parse` reads."""
        kept = {word: getattr(self, kind.field) for word, kind in _KINDS.items()}
        return "; ".join(f"{word} {_text(value)}" for word, value in kept.items() if value) or ALL


EVERYONE = Audience()


def parse(text: str) -> Audience:
    """The audience of this text. Raises BadAudience."""
    if text.strip().lower() == ALL:
        return EVERYONE
    if len(text) > LONGEST:
        raise BadAudience(f"An audience is written in {LONGEST} signs at most.")
    clauses: dict[str, list[str]] = {}
    for clause in text.split(";"):
        word, values = _parted(" ".join(clause.split()))
        if word in clauses:
            raise BadAudience(f"“{word}” stands twice: name all its values after one, parted by commas.")
        clauses[word] = values
    return read(clauses)


def read(clauses: Mapping[str, Sequence[str]]) -> Audience:
    """The audience of a form: values by the word of their clause; empty ones ask for nothing. Raises BadAudience."""
    values: dict[str, Any] = {}
    for word, typed in clauses.items():
        kind = _KINDS[word]
        found = frozenset(kind.read(word, text.strip()) for text in typed if text.strip())
        if kind.one and len(found) > 1:
            raise BadAudience(f"“{word}” takes one day.")
        if found:
            values[kind.field] = next(iter(found)) if kind.one else found
    return Audience(**values)


def _parted(clause: str) -> tuple[str, list[str]]:
    for word in _KINDS:
        if clause.lower().startswith(f"{word} "):
            values = clause[len(word) :].split(",")
            if all(value.strip() for value in values):
                return word, values
    words = ", ".join(_KINDS)
    raise BadAudience(
        f"{clause[:40]!r} says nothing about readers: write {ALL}, or one of these and its value: {words}."
    )


def _text(value: Any) -> str:
    return ",".join(map(str, sorted(value))) if isinstance(value, frozenset) else str(value)


def _language(word: str, text: str) -> str:
    try:
        tag = normal(text)
    except SubscriberError:
        tag = ""
    if not tag or "," in tag:
        raise BadAudience(f"“{word}” is followed by a tag like en, es, vi or ar.")
    return tag


def _number(word: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > LARGEST_NUMBER:
        raise BadAudience(f"“{word}” is followed by its number.")
    return int(text)


def _day(word: str, text: str) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:  # such as the 31st of June
            pass
    raise BadAudience(f"“{word}” is followed by a day like 2021-10-01.")


def _issue(word: str, text: str) -> str:
    if not _ISSUE.fullmatch(text):
        raise BadAudience(f"“{word}” is followed by the name of an issue, like 2021-10.")
    return text


class _Kind(NamedTuple):
    field: str
    read: Callable[[str, str], Any]
    one: bool = False


_KINDS: Mapping[str, _Kind] = {
    "language": _Kind("languages", _language),
    "group": _Kind("groups", _number),
    "topic": _Kind("topics", _number),
    "joined after": _Kind("joined_after", _day, one=True),
    "joined before": _Kind("joined_before", _day, one=True),
    "got": _Kind("got", _issue),
    "not got": _Kind("not_got", _issue),
}
