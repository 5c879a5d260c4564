"""docs/settings.md and docs/commands.md say what the program does; `python -m tests.test_docs` writes them anew."""

from collections.abc import Iterator
from pathlib import Path

import typer
from pydantic import SecretStr
from typer.core import TyperGroup

from newsletter.cli import app
from newsletter.config import Settings

DOCS = Path(__file__).parents[1] / "docs"


def settings_page() -> str:
    """Every setting, from its definition."""
    rows = []
    for name, field in Settings.model_fields.items():
        variable = field.alias or f"NEWSLETTER_{name.upper()}"
        rows.append(f"### {variable}\n\n{field.description}\n{_default(field.default)}")
    return _SETTINGS_HEAD + "\n".join(rows)


def _default(value: object) -> str:
    shown = value.get_secret_value() if isinstance(value, SecretStr) else value
    shown = ",".join(shown) if isinstance(shown, tuple) else shown
    return f"\nWithout it: `{shown}`.\n" if shown else ""


def commands_page() -> str:
    """Every command, from its definition."""
    return _COMMANDS_HEAD + "\n".join(_commands(typer.main.get_command(app), ()))


def _commands(command: object, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        if path:
            yield f"## {path[-1]}\n\n{command.help}\n"
        for name, child in command.commands.items():
            yield from _commands(child, (*path, name))
        return
    params = getattr(command, "params", [])
    words = " ".join(word for param in params if (word := _usage(param)))
    yield f"### newsletter {' '.join(path)} {words}".rstrip() + f"\n\n{getattr(command, 'help', '')}\n"
    options = [f"- `{_name(param)}` {param.help}" for param in params if param.name != "help" and param.help]
    if options:
        yield "\n".join(options) + "\n"


def _name(param: object) -> str:
    if getattr(param, "param_type_name", "") == "argument":
        return str(getattr(param, "name", "")).upper()
    return ", ".join(getattr(param, "opts", []))


def _usage(param: object) -> str:
    if getattr(param, "name", "") == "help" or getattr(param, "param_type_name", "") != "argument":
        return ""
    name = _name(param)
    return name if getattr(param, "required", False) else f"[{name}]"


_SETTINGS_HEAD = """# Settings

Each is a variable, or a line in `newsletter.toml` in the home: there its name is without `NEWSLETTER_` and in lower
case (`from = "Our network <news@example.org>"`). Variables win. Secrets are kept in neither database nor log.
This page is made from `newsletter/config.py`; a test keeps it true.

"""
_COMMANDS_HEAD = """# Commands

`newsletter` is in `.venv/bin` after `make demo`. A command that cannot do what it was asked says why in one sentence
and ends with 2 where you can mend it, with 1 where the machine must be mended; then nothing was half done.
This page is made from `newsletter/cli`; a test keeps it true.

"""


def test_every_setting_is_documented_as_it_is() -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == settings_page()


def test_every_command_is_documented_as_it_is() -> None:
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == commands_page()


if __name__ == "__main__":
    (DOCS / "settings.md").write_text(settings_page(), encoding="utf-8")
    (DOCS / "commands.md").write_text(commands_page(), encoding="utf-8")
