"""The rules of the house that import-linter cannot see; docs/architecture.md tells them."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ("newsletter", "issues", "subscribers")
TOP_LEVEL = {
    *("newsletter", "issues", "subscribers", "templates", "scheduler.py", "tests", "pyproject.toml"),
    *("Makefile", "README.md", "CHANGELOG.md", "docs", "benchmarks", ".ci", ".gitignore"),
    *("requirements.lock", "requirements-dev.lock"),
}
LONGEST_FILE = 400
LONGEST_FUNCTION = 50


def _modules() -> list[Path]:
    found = [path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py") if "versions" not in path.parts]
    return [*found, ROOT / "scheduler.py"]


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _modules()}


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_top_level_is_the_fixed_one() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert {line.split("/")[0] for line in listed.stdout.splitlines()} <= TOP_LEVEL


def test_nobody_imports_the_scheduler() -> None:
    assert [path for path, tree in TREES.items() if "scheduler" in set(_imported(tree))] == []


def test_files_and_functions_stay_short() -> None:
    for path, tree in TREES.items():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE, path
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, (path, node.name)


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc"}
    assert [
        path for path in TREES if drawers & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ] == []


def test_every_folder_is_a_package() -> None:
    """import-linter silently leaves out folders without an __init__.py."""
    assert [path for path in TREES if path.parent != ROOT and not (path.parent / "__init__.py").exists()] == []


def test_public_things_say_what_they_are() -> None:
    for path, tree in TREES.items():
        assert ast.get_docstring(tree), path
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), (path, node.name)


def test_rooms_never_read_the_clock_or_the_environment() -> None:
    forbidden = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "os.environ"}
    for path, tree in TREES.items():
        if path.relative_to(ROOT).parts[0] in ("issues", "subscribers"):
            read = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            assert not read & forbidden, path
