"""A whole issue with ten resources, as the demo's network would send it, without a database."""

from datetime import UTC, date, datetime

from issues.models import Fallback, Issue, Passage, PassageKind, Resource, Wording
from issues.rendering import Brand
from tests.issues.sample_words import (
    CALL,
    CHANCE,
    CLOSING,
    FOR_ALL,
    HOW,
    MEMO,
    NOTE,
    OPENING,
    PLAN,
    PLATFORM,
    POLICY,
    POLICY_MEMO,
    PRIORITIES,
    PROPOSAL,
    RIGHTS_LINE,
    SECOND_CHANCES,
    SIGN,
    Texts,
)

BRAND = Brand(
    name="Immigrant Justice Network",
    color="#1d2b4f",
    accent="#a63a12",
    postal_address="12 Example Street\nSan Francisco, CA 94103, USA",
)

NOW = datetime(2021, 11, 15, 9, tzinfo=UTC)

PASSAGES: list[tuple[PassageKind, str, Texts, str]] = [
    (PassageKind.OPENING, "opening", OPENING, ""),
    (PassageKind.SECTION, "second-chances", SECOND_CHANCES, ""),
    (PassageKind.RESOURCE, "1", CHANCE, "article"),
    (PassageKind.RESOURCE, "4", FOR_ALL, "report"),
    (PassageKind.RESOURCE, "5", HOW, "video"),
    (PassageKind.SECTION, "priorities", PRIORITIES, ""),
    (PassageKind.RESOURCE, "10", MEMO, "explainer"),
    (PassageKind.RESOURCE, "8", PROPOSAL, "explainer"),
    (PassageKind.HOTLINE, "rapid-response", RIGHTS_LINE, ""),
    (PassageKind.SECTION, "policy", POLICY, ""),
    (PassageKind.RESOURCE, "3", PLATFORM, "platform"),
    (PassageKind.RESOURCE, "2", POLICY_MEMO, "memo"),
    (PassageKind.RESOURCE, "6", PLAN, "plan"),
    (PassageKind.EVENT, "members-call", CALL, ""),
    (PassageKind.BUTTON, "letter", SIGN, ""),
    (PassageKind.NOTE, "words", NOTE, ""),
    (PassageKind.CLOSING, "closing", CLOSING, ""),
]


def sample_issue(fallback: Fallback = Fallback.LABEL) -> Issue:
    """November 2021 in English, Spanish, Vietnamese and Arabic; some texts are missing on purpose."""
    passages = [passage(kind, key, texts, resource) for kind, key, texts, resource in PASSAGES]
    return issue_of(passages, fallback)


def issue_of(passages: list[Passage], fallback: Fallback = Fallback.LABEL) -> Issue:
    """An issue of these passages, in English, Spanish, Vietnamese and Arabic."""
    for position, each in enumerate(passages):
        each.position = position
    return Issue(
        slug="2021-11",
        month=date(2021, 11, 1),
        languages=["en", "es", "vi", "ar"],
        fallback=fallback,
        covers_until=NOW,
        created_at=NOW,
        passages=passages,
    )


def passage(kind: PassageKind, key: str, texts: Texts, resource_kind: str = "") -> Passage:
    """One passage with a wording per language."""
    return Passage(
        kind=kind,
        key=key,
        resource=Resource(kind=resource_kind, published_at=NOW) if resource_kind else None,
        wordings=[Wording(language=language, fields=fields, revision=1) for language, fields in texts.items()],
    )
