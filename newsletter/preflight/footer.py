"""What the law and decency ask of every mail's foot: the way out, and who sent it, in both parts."""

from collections.abc import Iterator
from html import unescape

from issues.findings import Finding
from newsletter.preflight.finished import Finished


def check(finished: Finished) -> Iterator[Finding]:
    """Blocks where the unsubscribe link or the postal address is missing."""
    parts = {"HTML": unescape(finished.html), "plain text": finished.text}
    for part, content in parts.items():
        if not finished.unsubscribe_url or finished.unsubscribe_url not in content:
            what = f"has no unsubscribe link in its {part} part"
            yield _finding(finished, what, "put [[unsubscribe_url]] back into the template of the foot")
    if not finished.postal_address:
        fix = "write it in the settings (NEWSLETTER_POSTAL_ADDRESS): most countries ask for it"
        yield _finding(finished, "names no postal address", fix)
        return
    for part, content in parts.items():
        if _words(finished.postal_address) not in _words(content):
            what = f"does not show the postal address in its {part} part"
            yield _finding(finished, what, "put it back into the template of the foot")


def _words(text: str) -> str:
    return " ".join(text.split())


def _finding(finished: Finished, what: str, fix: str) -> Finding:
    return Finding("footer", finished.where, what, fix, True, finished.language)
