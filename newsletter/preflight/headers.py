"""The headers that mail companies ask of a list: who it is from, and how to leave it in one click."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from issues.findings import Finding
from newsletter.preflight.finished import Finished

_ONCE = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")

_OURS = "tell those who make this program: it is their mistake"


def check(finished: Finished) -> Iterator[Finding]:
    """Blocks what mail companies refuse; warns where the pages are not reached over HTTPS."""
    for name in _ONCE:
        if len(finished.message.get_all(name, [])) != 1:
            yield _finding(finished, f"must have the header {name} once", _OURS)
    if not str(finished.message["Subject"] or "").strip():
        yield _finding(finished, "has no subject", "write one in the opening")
    if finished.message["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":  # RFC 8058, section 3.1
        yield _finding(finished, "cannot be left in one click", _OURS)
    yield from _address(finished)


def _address(finished: Finished) -> Iterator[Finding]:
    url = urlsplit(finished.unsubscribe_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        fix = "whoever runs the machine sets the right address (NEWSLETTER_BASE_URL)"
        yield _finding(finished, "has an unsubscribe link that leads nowhere", fix)
    elif url.scheme == "http":  # RFC 8058, section 3.1 asks for HTTPS
        what = "has an unsubscribe link without HTTPS, so mail programs show no unsubscribe button"
        fix = "whoever runs the machine sets an address that begins with https:// (NEWSLETTER_BASE_URL)"
        yield _finding(finished, what, fix, blocks=False)


def _finding(finished: Finished, what: str, fix: str, *, blocks: bool = True) -> Finding:
    return Finding("headers", finished.where, what, fix, blocks, finished.language)
