"""Languages, and catalogues that hold every word of the templates."""

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from issues.languages import CATALOGUES, direction, name_in, normal, own_name, words

ROOT = CATALOGUES.parent.parent
PLURALS = {"es": 2, "vi": 1, "ar": 6}
JINJA = "jinja2.ext.babel_extract"


def test_names_and_directions() -> None:
    assert [own_name(tag) for tag in ("en", "es", "vi", "ar")] == ["English", "Español", "Tiếng Việt", "العربية"]
    assert [direction(tag) for tag in ("en", "vi", "ar", "fa", "he")] == ["ltr", "ltr", "rtl", "rtl", "rtl"]
    assert (name_in("es", "en"), name_in("es", "es"), name_in("vi", "es")) == ("Spanish", "español", "vietnamita")


def test_a_language_that_nobody_knows_is_called_by_its_tag() -> None:
    assert (own_name("qqx"), direction("qqx"), name_in("qqx", "en")) == ("qqx", "ltr", "qqx")


@pytest.mark.parametrize(
    ("given", "kept"), [("EN", "en"), ("pt_BR", "pt-br"), (" zh-Hant ", "zh-hant"), ("mam", "mam")]
)
def test_a_tag_is_kept_in_lower_case_with_hyphens(given: str, kept: str) -> None:
    assert normal(given) == kept


@pytest.mark.parametrize("given", ["", "e", "english language", "../ar", "en-", "x" * 36, "en\n"[:3] + "x y"])
def test_what_is_no_tag_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="is no language tag"):
        normal(given)


def test_a_region_speaks_its_language_and_the_unknown_speaks_english() -> None:
    assert words("es-mx").gettext("Report") == "Informe"
    assert words("qqx").gettext("Report") == "Report"
    assert words("en").ngettext("%(num)d resource", "%(num)d resources", 1) == "%(num)d resource"


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "لا موارد"), (1, "مورد واحد"), (2, "موردان"), (3, "3 موارد"), (11, "11 موردًا"), (100, "100 مورد")],
)
def test_arabic_has_six_plurals(count: int, said: str) -> None:
    form = words("ar").ngettext("%(num)d resource", "%(num)d resources", count)
    assert (form % {"num": count} if "%" in form else form) == said


@pytest.mark.parametrize("language", PLURALS)
def test_every_word_of_the_templates_is_translated(language: str) -> None:
    catalogue = _catalogue(language)
    for message, plural in _used():
        entry = catalogue.get(message)
        assert entry is not None, f"{language} lacks {message!r}"
        forms = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        assert len(forms) == (PLURALS[language] if plural else 1), message
        assert all(forms), f"{language} lacks a translation of {message!r}"
        assert not entry.fuzzy, message


@pytest.mark.parametrize("language", PLURALS)
def test_translations_fill_only_places_that_the_english_has(language: str) -> None:
    for entry in _catalogue(language):
        if entry.id:
            assert _places(entry.string) <= _places(entry.id), entry.id


def _places(texts: str | Sequence[str] | None) -> set[str]:
    whole = texts if isinstance(texts, str) else "".join(texts or ())
    return set(re.findall(r"%\(\w+\)\w|\{\w+\}", whole))


def _catalogue(language: str) -> Catalog:
    return read_po(BytesIO((CATALOGUES / language / "LC_MESSAGES" / "newsletter.po").read_bytes()))


def _used() -> set[tuple[str, bool]]:
    """Every message id in the templates and in the rendering's own code, and whether it has a plural."""
    folders: list[tuple[Path, list[tuple[str, str]]]] = [
        (ROOT / "templates", [("**.j2", JINJA), ("**.html", JINJA)]),
        (ROOT / "issues" / "rendering", [("**.py", "python")]),
        (ROOT / "issues", [("languages.py", "python")]),
    ]
    found = set()
    for folder, methods in folders:
        keywords = {"_": None, "gettext": None, "say": None, "N_": None, "ngettext": (1, 2), "count": (1, 2)}
        for _, _, message, _, _ in extract_from_dir(
            folder, methods, keywords=keywords, options_map={"**": {"silent": "false"}}
        ):
            found.add((message[0], True) if isinstance(message, tuple) else (message, False))
    assert len(found) > 20
    return found
