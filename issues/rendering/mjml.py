"""The template: Jinja2 makes MJML of a view, mjml-python makes HTML of that.

mjml-python validates nothing, and dies with SIGSEGV on deep nesting, so the tags are balanced and counted before it
is called; that also names the line, which its own errors do not.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from markupsafe import Markup
from mjml import mjml2html

from issues.errors import TemplateBroken
from issues.languages import direction, own_name, words
from issues.rendering.kinds import kind_word
from issues.rendering.markdown import to_html

TEMPLATES = Path(__file__).parent.parent.parent / "templates" / "email"
MOST_CHARACTERS = 600_000
MOST_DEPTH = 100
"""premailer's parser loses text below 254 elements, and a tag of MJML becomes up to seven."""

_TAG = re.compile(
    r"<!--.*?-->|<(?P<end>/?)(?P<name>[a-zA-Z][\w-]*)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?(?P<empty>/?)>", re.S
)
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}


def environment(language: str, folder: Path = TEMPLATES) -> Environment:
    """Where the mail's templates live, speaking `language`."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,  # select_autoescape() would not know `*.mjml.j2`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = words(language)
    made.install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    made.globals["zip"] = zip
    made.filters["markdown"] = lambda text: Markup(to_html(text))  # noqa: S704 # to_html sanitises
    made.filters["kind"] = lambda kind: kind_word(kind, catalogue)
    made.filters["direction"] = direction
    made.filters["own_name"] = own_name
    return made


@cache
def _environment(language: str, folder: Path) -> Environment:
    return environment(language, folder)


def fill(name: str, language: str, values: dict[str, Any], folder: Path = TEMPLATES) -> str:
    """The template called `name`, filled. Raises TemplateBroken naming file and line."""
    try:
        return _environment(language, folder).get_template(name).render(values)
    except TemplateSyntaxError as error:
        raise _broken(error.filename or name, error.lineno, error.message or "is not valid Jinja") from error
    except (TemplateError, TypeError) as error:  # TypeError: a macro called wrongly
        file, line = _place(error, folder) or (name, 1)
        raise _broken(file, line, str(error)) from error


def to_html_page(mjml: str, name: str, language: str, folder: Path = TEMPLATES) -> str:
    """HTML of an MJML document in `language`, made by the template `name`. Raises TemplateBroken."""
    if len(mjml) > MOST_CHARACTERS:
        raise TemplateBroken(
            f"The issue makes {len(mjml)} characters of MJML, more than {MOST_CHARACTERS}: shorten it."
        )
    wrong = _imbalance(mjml)
    if wrong is not None:
        raise _unbalanced(name, wrong, folder)
    try:
        html = mjml2html(mjml, fonts={}, disable_comments=True)  # its own fonts would be fetched
    except ValueError as error:
        raise TemplateBroken(f"{TEMPLATES.name}/{name} makes MJML that cannot be read: {error}; mend it.") from error
    # MJML tells the language to <html> alone, which mail programs drop.
    return html.replace("<body ", f'<body lang="{language}" dir="{direction(language)}" ', 1)


def _imbalance(text: str) -> tuple[int, str] | None:
    """The line (from 1) and nature of the first tag that is not closed, not open or too deep."""
    open_tags: list[tuple[str, int]] = []
    for tag in _tags(text):
        name, offset = tag["name"].lower(), tag.start()
        if not tag["end"]:
            open_tags.append((name, offset))
            if len(open_tags) > MOST_DEPTH:
                return _line(text, offset), f"<{name}> stands more than {MOST_DEPTH} tags deep"
        elif not open_tags or open_tags[-1][0] != name:
            return _mismatch(text, name, offset, open_tags)
        else:
            open_tags.pop()
    return (_line(text, open_tags[-1][1]), f"<{open_tags[-1][0]}> is never closed") if open_tags else None


def _mismatch(text: str, name: str, offset: int, open_tags: list[tuple[str, int]]) -> tuple[int, str]:
    if any(opened == name for opened, _ in open_tags):
        inner, at = open_tags[-1]
        return _line(text, at), f"<{inner}> is not closed before </{name}>"
    return _line(text, offset), f"</{name}> closes nothing"


def _tags(text: str) -> Iterator[re.Match[str]]:
    """Tags that open or close; not those that do both, nor comments."""
    for tag in _TAG.finditer(text):
        if tag["name"] and not tag["empty"] and tag["name"].lower() not in _VOID:
            yield tag


def _unbalanced(name: str, wrong: tuple[int, str], folder: Path) -> TemplateBroken:
    """The error, at the place in the templates where it can be found, else in what they made."""
    for file in sorted(folder.rglob("*.mjml.j2")):
        source = _JINJA.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), file.read_text("utf-8"))
        found = _imbalance(source)
        if found is not None:
            return _broken(str(file), *found)
    line, what = wrong
    return TemplateBroken(f"{what} in line {line} of the MJML that templates/email/{name} makes: mend the template.")


def _broken(file: str, line: int, what: str) -> TemplateBroken:
    parts = Path(file).parts
    shown = "/".join(parts[parts.index("templates") :]) if "templates" in parts else file
    return TemplateBroken(f"{shown}, line {line}: {what.rstrip('.')}; mend the template.")


def _place(error: BaseException, folder: Path) -> tuple[str, int] | None:
    """The last line of a template that the error passed."""
    place, trace = None, error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(str(folder)):
            place = file, trace.tb_lineno
        trace = trace.tb_next
    return place


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
