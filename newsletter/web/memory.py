"""What the pages remember between requests. It is this process's alone: a start forgets it, and nobody misses it."""

from dataclasses import dataclass, field
from functools import partial

from issues.rendering import Brand
from issues.resources.importing import SourceReport
from newsletter.desk.passkeys import Challenges
from newsletter.desk.presence import Presence
from newsletter.web.brake import Brake
from newsletter.web.briefly import Briefly
from newsletter.web.counted import Accounts, Readers, Tallies
from newsletter.web.gate import Gate
from newsletter.web.reading import Reading
from newsletter.web.renderings import Renderings
from newsletter.web.rounds import Rounds


@dataclass(frozen=True)
class Memory:
    """One of each for all pages of an application."""

    door: Brake = field(default_factory=Brake)
    """Wrong tries to sign in."""
    passwords: Brake = field(default_factory=Brake)
    """Wrong tries of members at their own present password."""
    gate: Gate = field(default_factory=Gate)
    """Forms that strangers sent."""
    brand: Briefly[Brand] = field(default_factory=Briefly)
    """Who speaks: every page names them."""
    challenges: Challenges = field(default_factory=Challenges)
    presence: Presence = field(default_factory=Presence)
    readers: Readers = field(default_factory=Readers)
    accounts: Accounts = field(default_factory=Accounts)
    tallies: Tallies = field(default_factory=Tallies)
    renderings: Renderings = field(default_factory=Renderings)
    reports: dict[int, SourceReport] = field(default_factory=dict)
    """What the last visit to each source brought, by its number."""
    reading: Reading = field(default_factory=Reading)
    rounds: Rounds = field(default_factory=Rounds)
    """Of trying links, by the issue's name."""
    imports: Rounds = field(default_factory=partial(Rounds, "an import was interrupted; the job goes on with it"))
    """Of reading and merging lists, by the import's number."""
