"""Style sheets into style attributes, for mail programs that drop `<style>`.

premailer is confined: it loads nothing, leaves the head's style sheets and `!important` as they are (dark mode and
the phone's layout live there), and rewrites no link.
"""

from functools import lru_cache
from typing import Any

from premailer import Premailer

_GUARDED = '<style data-premailer="ignore"'
_CONFINED: dict[str, Any] = {
    "allow_network": False,
    "strip_important": False,
    "disable_link_rewrites": True,
    "disable_leftover_css": True,
    "disable_validation": True,
    "disable_basic_attributes": ["align", "valign", "bgcolor", "width", "height"],
}
_SHEETS = 32
"""Style sheets that are remembered: one per brand and reading direction."""


def inlined(html: str, css: str) -> str:
    """`html` with the rules of `css` in its elements' style attributes. Style elements stay untouched."""
    guarded = html.replace("<style", _GUARDED).replace("<!doctype", "<!DOCTYPE", 1)  # a lower-case one gets lost
    styled = str(_Inliner(guarded, css_text=css, **_CONFINED).transform(pretty_print=False))
    return styled.replace(_GUARDED, "<style")  # those within conditional comments


class _Inliner(Premailer):  # type: ignore[misc] # premailer has no types
    """premailer spends half of its time on writing out the rules of the same sheet for each mail."""

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
        rules, leftover = _rules(css_body, ruleset_index)
        return list(rules), list(leftover)


@lru_cache(maxsize=_SHEETS)
def _rules(css: str, number: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What premailer makes of a sheet: specificity, selector and declarations of each rule, and what is left over."""
    rules, leftover = Premailer("", **_CONFINED)._parse_style_rules(css, number)
    return tuple(rules), tuple(leftover)
