"""The words that a new draft begins with, in each language that the frame's catalogue speaks."""

import gettext
import re
from collections.abc import Iterable
from datetime import date

from babel.dates import format_skeleton

from issues.languages import locale, words
from issues.rendering.kinds import N_

SECTION_TITLES = {
    "article": N_("Articles"),
    "explainer": N_("Explainers"),
    "guide": N_("Guides"),
    "memo": N_("Memos"),
    "plan": N_("Plans"),
    "platform": N_("Platforms"),
    "podcast": N_("Podcasts"),
    "report": N_("Reports"),
    "toolkit": N_("Toolkits"),
    "video": N_("Videos"),
    "webinar": N_("Webinars"),
}
"""A resource's kind and the title of its section."""

CLOSING_TITLE = N_("Until next month")


def opening_texts(month: date, languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """The opening's fields per language: the month's name as subject and title, to be written over."""
    names = {language: _month(month, language) for language in languages}
    return {language: {"subject": name, "title": name} for language, name in names.items() if name}


def closing_texts(languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """The closing's fields per language."""
    return _titles(CLOSING_TITLE, languages)


def section_key(kind: str) -> str:
    """The key of the section that holds resources of `kind`."""
    key = re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-") or "other"
    return f"kind-{key}" if key.isdigit() else key  # a bare number names a resource


def section_texts(kind: str, languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """The section's fields per language; a kind that the catalogue does not know is titled in English alone."""
    if kind in SECTION_TITLES:
        return _titles(SECTION_TITLES[kind], languages)
    return _titles(kind.capitalize(), [language for language in languages if _is_english(language)])


def _titles(message: str, languages: Iterable[str]) -> dict[str, dict[str, str]]:
    catalogues = {language: words(language) for language in languages}
    return {
        language: {"title": catalogue.gettext(message)}
        for language, catalogue in catalogues.items()
        if _is_english(language) or isinstance(catalogue, gettext.GNUTranslations)
    }


def _is_english(language: str) -> bool:
    return language.split("-")[0] == "en"


def _month(month: date, language: str) -> str:
    known = locale(language)
    if known is None:
        return ""
    name = format_skeleton("yMMMM", month, locale=known)
    return name[:1].upper() + name[1:]
