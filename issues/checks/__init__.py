"""Checks on an edition: what a reader would stumble over, and how to mend it. One file each."""

from collections.abc import Mapping

from issues.checks import (
    contrast,
    dead_link,
    heading_order,
    language,
    link_address,
    link_text,
    long_subject,
    missing_alt,
    missing_text,
    placeholder,
    plain_text,
    stale_text,
    tokens,
    twice,
    unchecked_link,
)
from issues.checks.inspected import Inspected
from issues.findings import Finding
from issues.models import Issue, LinkAnswer
from issues.rendering import Brand, Rendered

CHECKS = {
    module.NAME: module.check
    for module in (
        missing_text,
        missing_alt,
        stale_text,
        placeholder,
        tokens,
        link_address,
        dead_link,
        link_text,
        heading_order,
        plain_text,
        contrast,
        language,
        long_subject,
        twice,
        unchecked_link,
    )
}
"""Every check by the name that `--waive` takes."""


def check(
    issue: Issue, language: str, rendered: Rendered, brand: Brand, answers: Mapping[str, LinkAnswer] | None = None
) -> list[Finding]:
    """All that is to mend in one edition, the most telling checks first; each finding once.

    `answers`: what links answered when they were last tried (`issues.checks.links.last_answers`).
    """
    edition = Inspected(issue, language, rendered, brand, answers or {})
    return list(dict.fromkeys(finding for run in CHECKS.values() for finding in run(edition)))
