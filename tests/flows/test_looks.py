"""How the mail looks in a browser: it fits, loads nothing, everybody can use it, in four languages, light and dark."""

from typing import Literal

import css_inline
import pytest
from playwright.sync_api import Browser, Page

import issues.rendering
from issues.rendering import render
from tests.flows.everybody import excludes_nobody
from tests.issues.sample import BRAND, sample_issue

pytestmark = pytest.mark.flow

LANGUAGES = ("en", "es", "vi", "ar")
Scheme = Literal["light", "dark"]

# A mail is a document within a page: landmarks are the mail program's.
RULES: dict[str, object] = {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}


def opened(browser: Browser, html: str, width: int = 600, scheme: Scheme = "light") -> tuple[Page, list[str]]:
    """A page showing the mail, and the addresses that it asked for."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html)
    return page, asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mail_fits_loads_nothing_and_excludes_nobody(browser: Browser, language: str) -> None:
    page, asked = opened(browser, render(sample_issue(), language, BRAND).html)
    excludes_nobody(page, desk=600, also=(), rules=RULES)
    assert asked == []
    page.close()


def test_the_dark_is_dark(browser: Browser) -> None:
    grounds = {}
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        page, _ = opened(browser, render(sample_issue(), "en", BRAND).html, scheme=scheme)
        read = "selector => getComputedStyle(document.querySelector(selector)).backgroundColor"
        grounds[scheme] = [page.evaluate(read, selector) for selector in ("body", ".sheet", ".card", ".end", ".pill")]
        page.close()
    assert all(light != dark for light, dark in zip(grounds["light"], grounds["dark"], strict=True))


@pytest.mark.parametrize("language", ["en", "ar"])
def test_another_inliner_paints_the_same_picture(
    browser: Browser, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [picture(browser, language)]
    monkeypatch.setattr(issues.rendering, "inlined", by_css_inline)
    pictures.append(picture(browser, language))
    assert pictures[0] == pictures[1]


def by_css_inline(html: str, css: str) -> str:
    inliner = css_inline.CSSInliner(
        inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, extra_css=css
    )
    return str(inliner.inline(html))


def picture(browser: Browser, language: str) -> bytes:
    page, _ = opened(browser, render(sample_issue(), language, BRAND).html)
    taken = page.screenshot(full_page=True)
    page.close()
    return taken
