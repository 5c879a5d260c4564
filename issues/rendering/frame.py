"""Words of the frame that HTML and plain text both say."""

from babel.dates import format_skeleton

from issues.languages import locale, words
from issues.rendering.context import View


def dateline(view: View) -> str:
    """Month and year, and what the issue holds: `November 2021 · 10 resources in 3 languages`."""
    month = format_skeleton("yMMMM", view.month, locale=locale(view.language) or "en")
    parts = [month[:1].upper() + month[1:]]
    if view.resources:
        parts.append(_holds(view))
    return " · ".join(parts)


def _holds(view: View) -> str:
    count = words(view.language).ngettext
    resources = count("%(num)d resource", "%(num)d resources", view.resources)
    languages = count("in %(num)d language", "in %(num)d languages", view.languages)
    return f"{resources % {'num': view.resources}} {languages % {'num': view.languages}}"
