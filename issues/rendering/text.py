"""The plain text of an issue, written from the same values as the HTML. Lines hold 72 columns; addresses stay whole."""

import re
from collections.abc import Iterator

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
        parts.append(_joined("=" * WIDTH, wrap(view.closing.title), *_body(view.closing), _labelled(view.closing)))
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
    return _joined(f"{wrap(brand.name)}\n{title}\n{wrap(dateline(view))}\n{'=' * WIDTH}", *_body(view.opening))


def _section(view: View, section: Section) -> str:
    entries = [_joined(*_entry(view, entry)) for entry in section.entries]
    if section.heading is None:
        return "\n\n".join(entries)
    heading = wrap(_named(view, section.heading))
    return "\n\n".join([_joined(f"{heading}\n{'-' * WIDTH}", *_body(section.heading)), *entries])


def _entry(view: View, entry: Entry) -> Iterator[str]:
    """The paragraphs of one entry, indented under its mark."""
    yield wrap(f"* {_title(view, entry)}")
    for paragraph in (*_facts(entry), *_body(entry, WIDTH - 2), *_ways(entry)):
        yield "\n".join(f"  {line}" if line else "" for line in paragraph.split("\n"))


def _title(view: View, entry: Entry) -> str:
    kind = kind_word(entry.resource_kind, words(view.language))
    named = [own_name(language) for language in entry.pills] if entry.kind == "resource" else []
    if entry.kind != "resource" and entry.language != view.language:
        named = [own_name(entry.language)]
    notes = " · ".join(note for note in (*named, kind) if note)
    title = entry.title or entry.label
    return f"{title} [{notes}]".strip() if notes else title


def _named(view: View, entry: Entry) -> str:
    return entry.title if entry.language == view.language else f"{entry.title} [{own_name(entry.language)}]"


def _facts(entry: Entry) -> Iterator[str]:
    lines = [wrap(line, WIDTH - 2) for line in (entry.when, entry.where, entry.phone, entry.hours) if line]
    if lines:
        yield "\n".join(lines)


def _body(entry: Entry, width: int = WIDTH) -> Iterator[str]:
    if entry.body:
        yield wrap(to_text(entry.body), width)


def _ways(entry: Entry) -> Iterator[str]:
    """Where the entry leads: its own address, and those of its other languages."""
    links = [_labelled(entry)] if entry.link else []
    links += [
        f"{wrap(f'{own_name(version.language)}: {version.title}'.removesuffix(': '), WIDTH - 2)}\n{version.link}"
        for version in entry.versions
    ]
    yield from links


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
