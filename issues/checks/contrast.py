"""Text that is hard to read on its ground (WCAG 2.2, success criterion 1.4.3)."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.rendering.brand import colors, contrast

NAME = "contrast"

ENOUGH = 4.5

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_DECLARED = re.compile(r"(?:^|;)\s*(color|background(?:-color)?)\s*:[^;]*?#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
_HIDDEN = re.compile(r"display\s*:\s*none")


def check(edition: Inspected) -> Iterator[Finding]:
    """It blocks: the brand's colours as they were entered, then as they meet in the edition, light and dark."""
    brand = {"color": edition.brand.color, "accent": edition.brand.accent}
    wrong = {name: color for name, color in brand.items() if not _COLOR.fullmatch(color)}
    for name, color in wrong.items():
        fix = "choose it again in the settings, where it is written like #1d2b4f"
        yield Finding(NAME, f"the brand's {name}", f"{color[:40]} is no colour", fix, blocks=True)
    if not wrong:
        yield from _dark(edition)
    for text, (ink, ground) in _painted(edition):
        yield from _weak(edition.place(f"“{text[:60]}”"), ink, ground, edition.language)


def _dark(edition: Inspected) -> Iterator[Finding]:
    """The dark look is a style for the reader's program to choose: its colours come from the palette."""
    dark = colors(edition.brand).dark
    for name, ink in (
        ("text", dark.ink),
        ("small print", dark.muted),
        ("headings", dark.heading),
        ("links", dark.link),
    ):
        yield from _weak(f"{name} in the dark", ink, dark.sheet)


def _painted(edition: Inspected) -> Iterator[tuple[str, tuple[str, str]]]:
    """The first text of each pair of colours in the page."""
    pairs: dict[tuple[str, str], str] = {}
    stack = [(edition.page.body, "#000000", "#ffffff")]
    while stack:
        element, ink, ground = stack.pop()
        ink, ground = _colors(element, ink, ground)
        for text in (element.text, *(child.tail for child in element)):
            if text and text.strip() and isinstance(element.tag, str):
                pairs.setdefault((ink, ground), " ".join(text.split()))
        stack += [(child, ink, ground) for child in element if not _is_hidden(child)]
    return ((text, pair) for pair, text in pairs.items())


def _colors(element: HtmlElement, ink: str, ground: str) -> tuple[str, str]:
    ground = element.get("bgcolor") if _COLOR.fullmatch(element.get("bgcolor") or "") else ground
    for name, digits in _DECLARED.findall(element.get("style") or ""):
        color = "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))
        ink, ground = (color, ground) if name == "color" else (ink, color)
    return ink, ground


def _is_hidden(element: HtmlElement) -> bool:
    return element.tag == "style" or bool(_HIDDEN.search(element.get("style") or ""))


def _weak(where: str, ink: str, ground: str, language: str = "") -> Iterator[Finding]:
    ratio = contrast(ink, ground)
    if ratio < ENOUGH:
        what = f"is {ink} on {ground}, a contrast of {ratio:.1f} where {ENOUGH} is needed"
        fix = "choose a darker or lighter colour in the settings of the brand"
        yield Finding(NAME, where, what, fix, blocks=True, language=language)
