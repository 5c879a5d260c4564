"""The plain text of an issue, written from the same values as the HTML. Lines hold 72 columns; addresses stay whole."""

import re
from collections.abc import Iterable, Iterator

from issues.languages import own_name, words
from issues.rendering.brand import Brand
from issues.rendering.context import Entry, Section, View
from issues.rendering.frame import dateline
from issues.rendering.kinds import kind_word
from issues.rendering.markdown import TOKEN, to_text

WIDTH = 72

# A reader token is one word however many it holds: a line break within would make another token of it.
_WORD = re.compile(rf"(?:{TOKEN.pattern}|\S)+")
_MARK = re.compile(r"\s*(?:[-*] |\d+\. )?")


def write(view: View, brand: Brand) -> str:
    """The whole plain text, ending in a line feed; sections and blocks apart by empty lines."""
    parts = [_head(view, brand), *(_section(view, section) for section in view.sections)]
    if view.closing is not None:
        parts.append(
            _joined("=" * WIDTH, wrap(_title(view, view.closing)), *_body(view.closing), _labelled(view.closing))
        )
    return "\n\n\n".join(part for part in (*parts, _foot(view, brand)) if part) + "\n"


def wrap(text: str, width: int = WIDTH) -> str:
    """Every line of `text` folded at `width`; what follows a list mark hangs under it."""
    return "\n".join("\n".join(_fold(line, width)) for line in text.split("\n"))


def _fold(line: str, width: int) -> Iterator[str]:
    mark = _MARK.match(line)
    hanging = " " * len(mark[0]) if mark else ""
    current = mark[0] if mark else ""
    begun = False
    for word in _WORD.findall(line[len(current) :]):
        if begun and len(current) + 1 + len(word) > width:
            yield current
            current, begun = hanging, False
        current += f" {word}" if begun else word
        begun = True
    yield current.rstrip()


def _head(view: View, brand: Brand) -> str:
    title = wrap(view.opening.title or brand.name)
    return _joined(
        f"{wrap(brand.name)}\n{title}\n{wrap(dateline(view))}\n{'=' * WIDTH}",
        *_picture(view, view.opening),
        *_body(view.opening),
    )


def _section(view: View, section: Section) -> str:
    entries = [_entry(view, entry) for entry in section.entries]
    if section.heading is None:
        return "\n\n".join(entries)
    heading = wrap(_title(view, section.heading))
    return "\n\n".join([_joined(f"{heading}\n{'-' * WIDTH}", *_body(section.heading)), *entries])


def _entry(view: View, entry: Entry) -> str:
    """One entry, indented under its mark."""
    parts = [*_picture(view, entry, WIDTH - 2), *_facts(entry), *_body(entry, WIDTH - 2), *_ways(entry)]
    lines = "\n".join(parts).split("\n") if parts else []
    return "\n".join([wrap(f"* {_title(view, entry)}"), *(f"  {line}" if line else "" for line in lines)])


def _title(view: View, entry: Entry) -> str:
    languages = entry.pills or ((entry.language,) if entry.language != view.language else ())
    kind = kind_word(entry.resource_kind, words(view.language))
    return _noted(entry.title or entry.label, [*(own_name(language) for language in languages), kind])


def _noted(title: str, notes: Iterable[str]) -> str:
    shown = " · ".join(note for note in notes if note)
    return f"{title} [{shown}]".strip() if shown else title


def _picture(view: View, entry: Entry, width: int = WIDTH) -> Iterator[str]:
    """What a picture shows, marked as such."""
    if entry.picture and entry.alt:
        yield wrap(f"[{words(view.language).gettext('Picture: %(alt)s') % {'alt': entry.alt}}]", width)


def _facts(entry: Entry) -> Iterator[str]:
    for line in (entry.when, entry.where, entry.phone, entry.hours):
        if line:
            yield wrap(line, WIDTH - 2)


def _body(entry: Entry, width: int = WIDTH) -> Iterator[str]:
    if entry.body:
        yield wrap(to_text(entry.body), width)


def _ways(entry: Entry) -> Iterator[str]:
    """Where the entry leads: its own address, and those of its other languages."""
    if entry.link:
        yield _labelled(entry)
    for version in entry.versions:
        title = wrap(_noted(version.title, [own_name(version.language)]), WIDTH - 2)
        yield f"\n{title}\n{version.link}"


def _labelled(entry: Entry) -> str:
    """The address under the words that a button has; alone where there are none."""
    return f"{wrap(entry.label, WIDTH - 2)}:\n{entry.link}" if entry.label and entry.link else entry.link


def _foot(view: View, brand: Brand) -> str:
    say = words(view.language).gettext
    why = say("You receive this newsletter because you signed up for it with %(brand)s.") % {"brand": brand.name}
    # RFC 3676, section 4.3: two hyphens and a space begin a signature.
    return _joined(
        f"-- \n{wrap(why)}",
        f"{say('Unsubscribe with one click')}:\n[[unsubscribe_url]]",
        "\n".join([brand.name, *brand.postal_address.splitlines()]),
    )


def _joined(*paragraphs: str) -> str:
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
