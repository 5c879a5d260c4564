"""Words that stand for others still to be written: TK, lorem ipsum, XXX, TODO, [link], ???."""

import re
from collections.abc import Iterator

from issues.checks.inspected import Inspected
from issues.findings import Finding

NAME = "placeholder"

_ALONE = r"(?<![^\W_])(?:%s)(?![^\W_])"
"""Not within a word; `_` may be emphasis."""

_PLACEHOLDERS = [
    re.compile(_ALONE % r"(?:TK)+(?![-–]\d)"),  # TK-8 is a school from transitional kindergarten
    re.compile(_ALONE % r"X{3,}"),
    re.compile(_ALONE % r"lorem ipsum", re.IGNORECASE),
    re.compile(r"(?<!\[)\[ ?(?:link|url|enlace|liên kết|رابط) ?\](?!\])", re.IGNORECASE),
    re.compile(r"(?<![\w?؟!])[?؟]{3,}(?![\w?؟!])"),  # What??? is only loud
]
_TODO = re.compile(_ALONE % "TODO")
_TODO_SAID = re.compile(_ALONE % r"TODO(?=:)|\[TODO\]|^TODO$")
_TODO_IS_A_WORD = {"es", "pt", "gl", "ast"}
"""Languages in which it says `all`; there it counts with a colon, in brackets or by itself."""


def check(edition: Inspected) -> Iterator[Finding]:
    """Each blocks: whoever wrote it meant to come back."""
    for where, name, text in edition.texts():
        for placeholder in dict.fromkeys(_found(_prose(text), edition.language)):
            yield Finding(
                NAME,
                where,
                f"still has “{placeholder[:40]}” in its {name}",
                "write what belongs there, or delete it",
                blocks=True,
                language=edition.language,
            )


def _prose(text: str) -> str:
    """The text without addresses and without Markdown's escapes."""
    words = (word.partition("](")[0] for word in text.replace("\\", "").split())
    return " ".join(word for word in words if "://" not in word and "@" not in word)


def _found(prose: str, language: str) -> Iterator[str]:
    todo = _TODO_SAID if language.split("-")[0] in _TODO_IS_A_WORD else _TODO
    for pattern in (*_PLACEHOLDERS, todo):
        yield from (match[0] for match in pattern.finditer(prose))
