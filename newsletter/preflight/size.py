"""Gmail cuts a message's HTML at about 102 KB as sent, and the unsubscribe link stands at its end."""

from collections.abc import Iterator

from issues.findings import Finding
from newsletter.preflight.finished import Finished

WARN = 90_000
BLOCK = 100_000


def check(finished: Finished) -> Iterator[Finding]:
    """Warns from 90 KB, blocks from 100 KB."""
    if finished.html_bytes < WARN:
        return
    yield Finding(
        check="size",
        where=finished.where,
        what=f"has {finished.html_bytes / 1000:.0f} KB of HTML; Gmail shows about 102 KB and cuts off the rest",
        fix="shorten summaries, or move some resources to the next issue",
        blocks=finished.html_bytes >= BLOCK,
        language=finished.language,
    )
