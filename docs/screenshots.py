"""Makes docs/pictures from the demonstration: `make screenshots`."""

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import requests
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

console = Console(highlight=False)

PICTURES = Path(__file__).parent / "pictures"
HEAVIEST = 150_000
"""Bytes of one picture: a README must open quickly."""
Size = tuple[int, int]
PAGE, TALL, PHONE = (1280, 900), (1280, 1640), (375, 812)
"""Width and height in CSS pixels; the editor shows its three panes when it is tall."""
LONGEST = 120.0
"""Seconds that the demonstration may take until it serves its pages."""


def main() -> None:
    """Tell the demonstration in a folder that is thrown away, and take its pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        console.print("No Chromium on this machine: the pictures stay as they are. Install it to make them anew.")
        return
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox"])
        _take_all(browser, url)
        browser.close()


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The demonstration, from its story to its pages."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    command = [sys.executable, "-P", "-m", "newsletter", "demo", "--home", str(folder / "home"), "--port", str(port)]
    program = subprocess.Popen(command, cwd=folder, env=kept)  # noqa: S603 - our own module
    try:
        _wait_for(url, program)
        yield url
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait()


def _wait_for(url: str, program: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + LONGEST
    while time.monotonic() < ends and program.poll() is None:
        with suppress(requests.ConnectionError):
            requests.get(url, timeout=5).raise_for_status()
            return
        time.sleep(0.2)
    raise SystemExit("The demonstration did not come to serve its pages: run `make demo` to see why.")


def _take_all(browser: Browser, url: str) -> None:
    issue = f"/desk/issues/{datetime.now(ZoneInfo('America/Los_Angeles')):%Y-%m}"
    desk = _desk(browser, url)
    _take(desk, f"{url}/desk", "home")
    _take(desk, f"{url}/desk/resources", "resources")
    _take(desk, f"{url}{issue}/schedule", "schedule")
    _take(desk, f"{url}/desk/mailings/1", "report")
    _take(_desk(browser, url, size=TALL), f"{url}{issue}", "editor")
    _take(_desk(browser, url, "dark", TALL), f"{url}{issue}", "editor-dark")
    _take(_desk(browser, url, size=PHONE), f"{url}{issue}", "editor-phone")
    phone = browser.new_page(viewport={"width": PHONE[0], "height": PHONE[1]}, device_scale_factor=2)
    phone.goto(f"{url}/inbox")
    mail = phone.locator('main a[href^="/inbox/"]', has_text="deportaci").first.get_attribute("href")
    _take(phone, f"{url}{mail}/html", "mail-phone")


def _desk(browser: Browser, url: str, scheme: Literal["light", "dark"] = "light", size: Size = PAGE) -> Page:
    """A browser in which the made-up owner has come in."""
    page = browser.new_page(color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
    page.goto(f"{url}/desk")
    page.get_by_role("button", name="Come in as Rosa").click()
    page.wait_for_url(f"{url}/desk")
    return page


def _take(page: Page, address: str, name: str) -> None:
    answer = page.goto(address)
    if answer is None or not answer.ok:
        raise SystemExit(f"{name}: {address} was not to be had; look at the page in `make demo`.")
    page.wait_for_timeout(1500)  # for the preview
    taken = Image.open(io.BytesIO(page.screenshot()))
    file = PICTURES / f"{name}.png"
    taken.convert("RGB").quantize(128).save(file, optimize=True)
    console.print(f"{file.name}: {file.stat().st_size // 1000} KB")
    if file.stat().st_size > HEAVIEST:
        raise SystemExit(f"{file.name} is too heavy for a README: show less of the page.")


if __name__ == "__main__":
    main()
