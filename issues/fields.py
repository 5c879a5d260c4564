"""Which fields a passage of each kind has: the closed grammar of the issue file and of the desk's forms."""

from typing import NamedTuple

from issues.models import PassageKind


class Fields(NamedTuple):
    """Field names in the order they are written; `body` is always Markdown and stands last."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every field; `body` last."""
        names = (*self.required, *self.optional)
        return tuple(sorted(names, key=lambda name: name == "body"))


FIELDS: dict[PassageKind, Fields] = {
    PassageKind.OPENING: Fields(("subject", "title"), ("preheader", "alt", "body")),
    PassageKind.SECTION: Fields(("title",), ("body",)),
    PassageKind.RESOURCE: Fields(("title",), ("link", "alt", "body")),
    PassageKind.NOTE: Fields(("body",), ("title", "alt")),
    PassageKind.BUTTON: Fields(("label", "link"), ("title", "body")),
    PassageKind.EVENT: Fields(("title", "when"), ("where", "link", "alt", "body")),
    PassageKind.HOTLINE: Fields(("title", "phone"), ("hours", "body")),
    PassageKind.CLOSING: Fields(("title",), ("label", "link", "body")),
}

PICTURED = frozenset(kind for kind, fields in FIELDS.items() if "alt" in fields.all)
"""The kinds of passages that may have a picture. Where there is one, `alt` says what it shows, in every language."""
