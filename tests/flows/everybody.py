"""Whether everybody can use a page: axe finds nothing serious, nothing scrolls sideways, a thumb hits each button."""

from collections.abc import Sequence
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe().axe_script
_RUN = """rules => axe.run({iframes: false, resultTypes: ["violations"], rules}).then(found => found.violations
  .filter(one => ["serious", "critical"].includes(one.impact)).map(one => [one.id, one.nodes[0].html]))"""
"""Frames hold mail, which has a test of its own (test_looks.py); where no script runs, nothing can look into them."""
_SMALL = """() => [...document.querySelectorAll("main :is(a, button, select, summary, label:has(input), input)")]
  .filter(one => matchMedia("(pointer: coarse)").matches && one.checkVisibility() && !one.matches("label input"))
  .filter(one => !one.matches("a") || one.parentElement.innerText.trim() === one.innerText.trim())
  .filter(one => one.getBoundingClientRect().height < 43.5).map(one => one.outerHTML)"""
"""Lower than 44 pixels; a link within a sentence may be (WCAG 2.2, 2.5.8)."""


def excludes_nobody(
    page: Page,
    *,
    phone: int = 375,
    desk: int = 1280,
    also: Sequence[int] = (320,),
    rules: dict[str, object] | None = None,
) -> None:
    """Every rule on a phone in light and on a desk in dark: only colours depend on the one, few rules on the other.

    What a thumb presses is measured where the page believes that it is touched.
    """
    fits(page, *also)
    looks: list[tuple[Literal["light", "dark"], int]] = [("light", phone), ("dark", desk)]
    if page.evaluate("window.axe === undefined"):
        page.evaluate(_AXE)
    for scheme, width in looks:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # colours in between are nobody's choice
        fits(page, width)
        assert (page.url, scheme, width, page.evaluate(_RUN, rules or {})) == (page.url, scheme, width, [])
        assert (page.url, width, page.evaluate(_SMALL)) == (page.url, width, [])


def fits(page: Page, *widths: int) -> None:
    """Nothing scrolls sideways."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
