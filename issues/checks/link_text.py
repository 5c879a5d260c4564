"""Links whose words do not say where they lead (WCAG 2.2, success criterion 2.4.4)."""

from collections.abc import Iterator

from lxml.html import HtmlElement

from issues.checks.inspected import Inspected, words_of
from issues.findings import Finding

NAME = "link-text"

GENERIC = {
    *(
        "here",
        "click",
        "click here",
        "click this link",
        "link",
        "this link",
        "this page",
        "read more",
        "more",
        "learn more",
    ),
    *("go", "details", "see more", "find out more", "continue", "continue reading", "this", "website", "tap here"),
    *("aquí", "aqui", "haz clic aquí", "haga clic aquí", "clic aquí", "pulse aquí", "enlace", "este enlace", "más"),
    *("leer más", "lea más", "ver más", "más información", "saber más", "continuar"),
    *("tại đây", "ở đây", "đây", "bấm vào đây", "nhấn vào đây", "nhấp vào đây", "liên kết", "xem thêm", "đọc thêm"),
    *("tìm hiểu thêm", "chi tiết"),
    *("هنا", "اضغط هنا", "انقر هنا", "اقرأ المزيد", "المزيد", "رابط", "هذا الرابط", "للمزيد", "اعرف المزيد"),
}
"""Words that lead anywhere, in the languages of the frame."""


def check(edition: Inspected) -> Iterator[Finding]:
    """A link without words blocks; one with generic words is a warning."""
    for link in edition.page.iter("a"):
        if link.get("href") is None or not _is_own(link, edition.language):
            continue
        words = link.get("aria-label") or words_of(link) or _alternatives(link)
        if not _bare(words):
            yield _finding(edition, link, "has no words", "write words that say where it leads", blocks=True)
        elif _bare(words) in GENERIC:
            fix = "name what is behind the link, for those who hear links without their surroundings"
            yield _finding(edition, link, f"only says “{words}”", fix, blocks=False)


def _finding(edition: Inspected, link: HtmlElement, what: str, fix: str, *, blocks: bool) -> Finding:
    """It is said of the text that holds the link, so that who reads it is led there."""
    href = str(link.get("href"))
    where, to = edition.holder(href), f"the link to {href[:80]}"
    said = (where, f"has {to}, which {what}") if where else (edition.place(to), what)
    return Finding(NAME, *said, fix, blocks=blocks, language=edition.language)


def _is_own(link: HtmlElement, language: str) -> bool:
    """What stands in for a missing text is looked at in its own edition."""
    stated = next((element.get("lang") for element in (link, *link.iterancestors()) if element.get("lang")), language)
    return stated == language


def _alternatives(link: HtmlElement) -> str:
    return " ".join(image.get("alt") or "" for image in link.iter("img"))


def _bare(words: str) -> str:
    """Letters and digits alone, in small letters: no arrows, dots or quotation marks."""
    kept = "".join(sign if sign.isalnum() else " " for sign in words.casefold())
    return " ".join(kept.split())
