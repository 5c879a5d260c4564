"""A bad template names its file and line; too much or too deep is refused before MJML dies of it."""

import shutil
from pathlib import Path

import pytest

from issues.errors import TemplateBroken
from issues.rendering.mjml import MOST_CHARACTERS, TEMPLATES, fill, to_html_page

PAGE = "<mjml><mj-body><mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section></mj-body></mjml>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the mail's templates to break."""
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates" / "email"))


def page(folder: Path, text: str) -> str:
    (folder / "issue.mjml.j2").write_text(text)
    return to_html_page(fill("issue.mjml.j2", "en", {"word": "x"}, folder), "issue.mjml.j2", "en", folder)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("<mjml>\n{% if word %}\n</mjml>", 3, "Unexpected end of template"),
        ("<mjml>\n\n{{ word }\n</mjml>", 3, "unexpected '}'"),
        ("<mjml>\n{{ nothing }}\n</mjml>", 2, "'nothing' is undefined"),
        ("<mjml>\n{{ word.nothing }}\n</mjml>", 2, "has no attribute 'nothing'"),
        ("<mjml>\n<mj-body>\n<mj-section>\n</mj-body></mjml>", 3, "<mj-section> is not closed before </mj-body>"),
        ("<mjml>\n<mj-body>{% if word %}</mj-section>{% endif %}</mj-body></mjml>", 2, "</mj-section> closes nothing"),
        ("<mjml>\n<mj-body>", 2, "<mj-body> is never closed"),
    ],
)
def test_a_bad_template_names_file_and_line(folder: Path, text: str, line: int, what: str) -> None:
    with pytest.raises(TemplateBroken) as caught:
        page(folder, text)
    assert f"templates/email/issue.mjml.j2, line {line}: " in str(caught.value)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_block_is_named_rather_than_the_whole(folder: Path) -> None:
    (folder / "blocks" / "note.mjml.j2").write_text("<table>\n<tr><td>\n</td></table>\n")
    with pytest.raises(TemplateBroken, match=r"templates/email/blocks/note\.mjml\.j2, line 2: <tr> is not closed"):
        page(folder, "<mjml>{% include 'blocks/note.mjml.j2' %}</mjml>")


def test_what_mjml_cannot_read_is_said(folder: Path) -> None:
    with pytest.raises(TemplateBroken, match="makes MJML that cannot be read"):
        page(folder, PAGE.format("a < b"))


def test_too_deep_is_refused_before_mjml_dies_of_it(folder: Path) -> None:
    with pytest.raises(TemplateBroken, match="more than 100 tags deep"):
        page(folder, PAGE.format("<div>" * 5000 + "</div>" * 5000))


def test_too_long_is_refused(folder: Path) -> None:
    with pytest.raises(TemplateBroken, match="shorten it"):
        page(folder, PAGE.format("x" * MOST_CHARACTERS))
