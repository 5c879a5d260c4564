"""A real browser for the tests that need to see."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.flows.house import end_all
from tests.flows.person import made, person  # noqa: F401 - fixtures

expect.set_options(timeout=60_000)  # a busy machine is no failure

CHROMIUMS = ("chromium-headless-shell", "chromium", "google-chrome")
"""The first paints the same pages for a third of the work: it has no windows, no profiles and no extensions."""

QUIET = [
    "--headless",
    "--no-sandbox",  # tests may run as root, where Chromium's own sandbox refuses
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
]


@pytest.fixture(autouse=True)
def _no_program_outlives_its_test() -> Iterator[None]:
    yield
    end_all()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, from the machine; where there is none, the test is skipped."""
    executable = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if executable is None:
        pytest.skip("no Chromium on this machine: install chromium to see the mails and pages")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield chromium
        chromium.close()
