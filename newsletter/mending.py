"""What is to mend, as a person reads it: the findings of all checks, those that say the same under one heading.

The editor, the page that schedules and the mail to the editors show these.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from issues.checks import CHECKS
from issues.findings import Finding
from issues.languages import name_in
from issues.models import Issue, Waiver
from issues.wordings import called, name_of

HEADINGS = {
    "missing-text": ("A text is missing", "A reader of that language gets another one, or nothing."),
    "missing-alt": (
        "A picture has no words",
        "Who does not see it, or whose mail program hides it at first, gets nothing in its place.",
    ),
    "stale-text": ("A translation is older than its source", "It may say what is no longer so."),
    "placeholder": ("Something is still to be written", "A reader would see the placeholder as it stands."),
    "unresolved-token": ("A placeholder that nothing fills in", "A reader would see it as it stands."),
    "link-address": ("A link that leads nowhere", "A reader who follows it is lost."),
    "dead-link": ("A link may be gone", "A reader who follows it finds nothing."),
    "link-text": ("A link says too little", "Screen readers read links without the words around them."),
    "heading-order": ("Headings are out of order", "Screen readers go from heading to heading."),
    "plain-text": ("The plain text is not right", "Some readers get this part alone."),
    "contrast": ("Colours are too close", "Text is hard to read on its ground."),
    "language": ("A text seems to be in another language", "Who reads this language may not read that one."),
    "long-subject": ("A subject is too long for a phone", "Many decide by what they see of it."),
    "twice": ("A link stands there twice", "Who follows it again wonders what was missed."),
    "unchecked-link": ("A link could not be checked", "Nobody knows whether it works."),
    "size": ("An edition is too long", "Gmail cuts it, and the way to unsubscribe stands at its end."),
}
"""What each check finds, and why it matters. What to do about it, the finding says."""

KINDS = ("blocks", "warns", "waived")


@dataclass(frozen=True)
class Spot:
    """One place to mend; `key` leads there, where it is a text."""

    name: str
    key: str
    languages: list[str]
    what: str


@dataclass(frozen=True)
class Point:
    """One check with all that it found."""

    check: str
    kind: str
    """One of KINDS."""
    heading: str
    why: str
    fix: str
    spots: list[Spot] = field(default_factory=list)
    waiver: Waiver | None = None

    @property
    def waivable(self) -> bool:
        return self.check in CHECKS and self.kind != "waived"

    @property
    def languages(self) -> list[str]:
        return list(dict.fromkeys(tag for spot in self.spots for tag in spot.languages))


def points(issue: Issue, findings: Iterable[Finding], waivers: Sequence[Waiver]) -> list[Point]:
    """What blocks first. `findings`, as `publishing.check` gives them; `waivers`, those of the issue."""
    found: dict[tuple[str, ...], Point] = {}
    for finding in findings:
        waiver = _waiver_of(finding, waivers)
        kind = "waived" if waiver else "blocks" if finding.blocks else "warns"
        by_itself = "" if finding.check in HEADINGS else finding.what
        named = (finding.check, kind, by_itself, "" if waiver else finding.fix)
        point = found.setdefault(named, _point(finding, kind, waiver))
        _add(point.spots, _spot(issue, finding))
    return [_counted(point) for point in sorted(found.values(), key=lambda point: KINDS.index(point.kind))]


def _point(finding: Finding, kind: str, waiver: Waiver | None) -> Point:
    sentence = finding.what[:1].upper() + finding.what[1:]
    heading, why = HEADINGS.get(finding.check, (sentence, ""))
    return Point(finding.check, kind, heading, why, finding.fix, [], waiver)


def _counted(point: Point) -> Point:
    """`A text is missing` with its number where there are more."""
    count = len(point.spots)
    if count > 1 and point.check in HEADINGS:
        return replace(point, heading=f"{point.heading}, in {count} places")
    return point


def _waiver_of(finding: Finding, words: Sequence[Waiver]) -> Waiver | None:
    if finding.blocks:
        return None
    return next((w for w in words if w.check == finding.check and w.language in ("", finding.language)), None)


def _spot(issue: Issue, finding: Finding) -> Spot:
    what = re.sub(r" \(waived by .*\)$", "", finding.what)
    tags = [finding.language] if finding.language else []
    for passage in issue.passages:
        place = called(passage.kind, passage.key)
        if finding.where in (place, f"{place} ({finding.language})"):
            return Spot(name_of(passage)[0], passage.key, tags, what)
    if finding.where == f"the {finding.language} edition":
        return Spot(f"The {name_in(finding.language, 'en')} edition", "", [], what)
    where = finding.where.removesuffix(f" ({finding.language})")
    return Spot(where[:1].upper() + where[1:], "", tags, what)


def _add(spots: list[Spot], spot: Spot) -> None:
    """One place for a text that lacks the same in several languages."""
    for known in spots:
        if (known.name, known.key, known.what) == (spot.name, spot.key, spot.what):
            known.languages.extend(tag for tag in spot.languages if tag not in known.languages)
            return
    spots.append(spot)
