"""A real browser for the tests that need to see."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

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


@pytest.fixture(scope="module")  # not longer: while Playwright runs, nobody else in this thread may run an event loop
def browser() -> Iterator[Browser]:
    """Chromium, from the machine; where there is none, the test is skipped."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium on this machine: install chromium to see the mails and pages")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield chromium
        chromium.close()
