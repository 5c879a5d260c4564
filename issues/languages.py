"""Languages: their names, their direction, and the words of the frame in them.

A language is a lower-case BCP 47 tag (RFC 5646): `en`, `es-mx`, `zh-hant`.
"""

import gettext
import io
import re
from functools import cache
from pathlib import Path
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent.parent / "templates" / "locale"

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_LONGEST = 35  # RFC 5646, section 4.4.1


def normal(tag: str) -> str:
    """`tag` as it is kept: lower case, with hyphens. Raises ValueError where it is no language tag."""
    tidy = tag.strip().replace("_", "-").lower()
    if len(tidy) > _LONGEST or not _TAG.fullmatch(tidy):
        raise ValueError(f"{tag[:_LONGEST]!r} is no language tag; write it like en, vi or pt-br")
    return tidy


@cache
def own_name(tag: str) -> str:
    """The language's name in itself, as a label: `Español`. The tag itself where nobody knows the language."""
    name = name_in(tag, tag)
    return name if locale(tag) is None else name[:1].upper() + name[1:]


def name_in(tag: str, viewer: str) -> str:
    """The language's name in the viewer's language, as it stands within a sentence: `Spanish`, `español`."""
    language, shown_in = locale(tag), locale(viewer)
    if language is None:
        return tag
    return language.get_display_name(shown_in or language) or tag


@cache
def direction(tag: str) -> Literal["ltr", "rtl"]:
    """Which way the language is written; left to right where nobody knows it."""
    known = locale(tag)
    return "rtl" if known is not None and known.text_direction == "rtl" else "ltr"


@cache
def locale(tag: str) -> Locale | None:
    """What Babel knows about the language, by its closest known relative: `mam-gt` may be nothing, `es-xx` is `es`."""
    parts = tag.split("-")
    while parts:
        try:
            return Locale.parse("-".join(parts), sep="-")
        except (UnknownLocaleError, ValueError):
            parts.pop()
    return None


@cache
def words(tag: str) -> gettext.NullTranslations:
    """The catalogue of the frame's words for `tag`, or for its language without region.

    Without a catalogue the message ids speak, which are English.
    """
    parts = tag.split("-")
    while parts:
        file = CATALOGUES / "-".join(parts) / "LC_MESSAGES" / "newsletter.po"
        if file.is_file():
            return _compiled(file)
        parts.pop()
    return gettext.NullTranslations()


def days(count: int, tag: str) -> str:
    """`one day`, `7 days`: how long something holds, to be put into a sentence after a word like "for" or "after"."""
    return words(tag).ngettext("one day", "{n} days", count).format(n=count)


def _compiled(file: Path) -> gettext.GNUTranslations:
    with file.open("rb") as lines:
        catalogue = read_po(lines)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
