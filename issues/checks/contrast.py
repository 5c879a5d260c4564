"""Text in the brand's colours that is hard to read (WCAG 2.2, success criterion 1.4.3)."""

import re
from collections.abc import Iterator

from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.rendering.brand import colors, contrast

NAME = "contrast"

ENOUGH = 4.5

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def check(edition: Inspected) -> Iterator[Finding]:
    """It blocks; being the brand's, it concerns every edition."""
    brand = edition.brand
    wrong = {name: color for name, color in _given(edition).items() if not _COLOR.fullmatch(color)}
    for name, color in wrong.items():
        fix = "write it as # and six digits, like #1d2b4f"
        yield Finding(NAME, f"the brand's {name}", f"{color[:40]} is no colour", fix, blocks=True)
    if wrong:
        return
    used = colors(brand)
    for name, text, ground in (
        ("color", used.on_header, used.header),
        ("accent", used.on_button, used.button),
    ):
        if contrast(text, ground) < ENOUGH:
            what = f"text in {text} on {ground} has a contrast of {contrast(text, ground):.1f}, and needs {ENOUGH}"
            yield Finding(NAME, f"the brand's {name}", what, "choose a darker or a lighter colour", blocks=True)


def _given(edition: Inspected) -> dict[str, str]:
    return {"color": edition.brand.color, "accent": edition.brand.accent}
