"""A small issue that nobody wrote: it shows what a brand looks like in a mail."""

from datetime import UTC, date, datetime

from issues.models import Issue, Passage, PassageKind, Wording
from issues.rendering import Brand, Rendered, render

_OPENING = {
    "subject": "A look at the brand",
    "preheader": "Colours, name and address as mails show them.",
    "title": "This is how it looks",
    "body": "Dear reader, a month's mail begins like this, with [a link](https://example.org) in the text.",
}
_BUTTON = {"label": "A button", "link": "https://example.org"}


def specimen(brand: Brand) -> Rendered:
    """The specimen in English, painted in `brand`."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    issue = Issue(
        slug="specimen", month=date(2026, 1, 1), languages=["en"], covers_until=moment, created_at=moment, revision=1
    )
    issue.passages = [
        _passage("opening", PassageKind.OPENING, 0, _OPENING),
        _passage("button", PassageKind.BUTTON, 1, _BUTTON),
    ]
    return render(issue, "en", brand)


def _passage(key: str, kind: PassageKind, position: int, fields: dict[str, str]) -> Passage:
    wording = Wording(language="en", fields=fields, revision=1)
    return Passage(key=key, kind=kind, position=position, every_month=False, wordings=[wording])
