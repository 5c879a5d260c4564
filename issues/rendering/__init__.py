"""How an issue becomes a mail: context > Jinja2 > MJML > premailer, and a plain text written from the same values."""

from dataclasses import dataclass, replace
from typing import Any

from issues.languages import direction
from issues.models import Issue
from issues.rendering.brand import Brand, colors
from issues.rendering.context import View, view
from issues.rendering.frame import dateline
from issues.rendering.inline import inlined
from issues.rendering.markdown import clean, clean_line
from issues.rendering.mjml import fill, to_html_page
from issues.rendering.text import write

__all__ = ["Brand", "Rendered", "render"]

_TEMPLATE = "issue.mjml.j2"


@dataclass(frozen=True)
class Rendered:
    """An issue in one language. Reader tokens (`[[name]]`, `[[unsubscribe_url]]`) still stand in HTML and text."""

    subject: str
    html: str
    text: str


def render(issue: Issue, language: str, brand: Brand) -> Rendered:
    """The issue as readers of `language` get it. Pure; raises TemplateBroken where the template is."""
    shown = view(issue, language)
    brand = replace(brand, name=clean_line(brand.name), postal_address=clean(brand.postal_address).strip())
    values = _values(shown, brand)
    page = to_html_page(fill(_TEMPLATE, shown.language, values), _TEMPLATE, shown.language)
    return Rendered(
        subject=shown.opening.subject,
        html=inlined(page, fill("inline.css.j2", shown.language, values)),
        text=write(shown, brand),
    )


def _values(shown: View, brand: Brand) -> dict[str, Any]:
    way = direction(shown.language)
    return {
        "view": shown,
        "brand": brand,
        "colors": colors(brand),
        "dateline": dateline(shown),
        "dir": way,
        "start": "right" if way == "rtl" else "left",
        "end": "left" if way == "rtl" else "right",
    }
