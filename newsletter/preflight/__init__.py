"""Checks on the message as it will be sent: the finished bytes, not what they were made from. One file per check."""

from issues.findings import Finding
from newsletter.preflight import footer, headers, size
from newsletter.preflight.finished import Finished, read

CHECKS = (size.check, headers.check, footer.check)

__all__ = ["CHECKS", "Finished", "preflight", "read"]


def preflight(data: bytes, language: str, postal_address: str) -> list[Finding]:
    """Everything that is wrong with one finished message in `language`."""
    finished = read(data, language, postal_address)
    return [finding for check in CHECKS for finding in check(finished)]
