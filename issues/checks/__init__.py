"""Checks on an edition: what a reader would stumble over, and how to mend it. One file each."""

from issues.checks import (
    contrast,
    heading_order,
    link_address,
    link_text,
    missing_text,
    plain_text,
    stale_text,
    tokens,
)
from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.models import Issue
from issues.rendering import Brand, Rendered

CHECKS = {
    module.NAME: module.check
    for module in (
        missing_text,
        stale_text,
        tokens,
        link_address,
        link_text,
        heading_order,
        plain_text,
        contrast,
    )
}
"""Every check by the name that `--waive` takes."""


def check(issue: Issue, language: str, rendered: Rendered, brand: Brand) -> list[Finding]:
    """All that is to mend in one edition, the most telling checks first; each finding once."""
    edition = Inspected(issue, language, rendered, brand)
    return list(dict.fromkeys(finding for run in CHECKS.values() for finding in run(edition)))
