"""Whom an issue is for, as a form chooses it, and who that would be now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, StringConstraints
from sqlalchemy.orm import Session

from newsletter import audiences
from newsletter.delivery import planning
from newsletter.delivery.models import Mailing
from newsletter.web import spoken
from newsletter.web.tongues import told
from subscribers.grammar import ALL, EVERYONE, Audience, parse, read
from subscribers.head_counts import LEAST

Word = Annotated[str, StringConstraints(max_length=100)]


class Chosen(BaseModel):
    """What is chosen, as it is typed; what is empty asks for nothing."""

    language: list[Word] = []
    group: list[Word] = []
    topic: list[Word] = []
    joined_after: Word = ""
    joined_before: Word = ""
    got: Word = ""
    not_got: Word = ""

    @property
    def audience(self) -> Audience:
        """Raises BadAudience."""
        several = {"language": self.language, "group": self.group, "topic": self.topic}
        days = {"joined after": [self.joined_after], "joined before": [self.joined_before]}
        return read(several | days | {"got": [self.got], "not got": [self.not_got]})


@dataclass(frozen=True)
class Who:
    """Who would get it now."""

    words: str
    """Empty for everyone."""
    by_language: Mapping[str, int]
    is_exact: bool = False
    """Whether whoever looks may see addresses, and so every number."""

    @property
    def told(self) -> dict[str, str]:
        """How many of each language, as it is shown."""
        return told(self.by_language, exact=self.is_exact)

    @property
    def people(self) -> int:
        return sum(self.by_language.values())

    @property
    def is_few(self) -> bool:
        """So few of all that the number alone could give away who they are."""
        return bool(self.words) and 0 < self.people < LEAST

    @property
    def total(self) -> str:
        """How many in all, as it is shown."""
        return f"fewer than {LEAST}" if self.is_few and not self.is_exact else spoken.number(self.people)


def narrower(session: Session, languages: Sequence[str], mailing: Mailing | None) -> Who | None:
    """Who would get a mailing that waits, where that is not everyone."""
    if mailing is None or mailing.opened_at or mailing.audience == ALL:
        return None
    return who(session, languages, parse(mailing.audience))


def who(session: Session, languages: Sequence[str], audience: Audience) -> Who:
    """Who of the list would get an issue in these languages."""
    words = "" if audience == EVERYONE else audiences.in_words(session, audience)
    return Who(words, planning.expected(session, languages, audience))
