"""Reader tokens that nobody will fill in: a reader would see `[[nmae]]`."""

import re
from collections.abc import Iterator

from issues.checks.inspected import Inspected, words_of
from issues.findings import Finding

NAME = "unresolved-token"

_KNOWN = re.compile(r"\[\[name(\|[^\[\]\n]*)?\]\]")
_FRAME = "[[unsubscribe_url]]"
_LEFTOVER = re.compile(r"\[\[[^\[\]\n]*\]\]|\[\[|\{\{|\{%")


def check(edition: Inspected) -> Iterator[Finding]:
    """Each blocks: in the texts as they were entered, else (a broken template) in what was rendered."""
    entered: set[str] = set()
    for where, name, text in edition.texts():
        for token in dict.fromkeys(_unresolved(text if name != "body" else _KNOWN.sub("", text))):
            entered.add(token)
            yield _finding(edition, where, f"has {token} in its {name}")
    rendered = edition.rendered
    for part, text in (("subject", rendered.subject), ("plain text", rendered.text), ("HTML", _visible(edition))):
        for token in dict.fromkeys(_unresolved(_KNOWN.sub("", text).replace(_FRAME, ""))):
            if token not in entered and not _stands_in(edition, token):
                yield _finding(edition, edition.place(f"the {part}"), f"has {token}, which nothing fills in")


def _unresolved(text: str) -> list[str]:
    return [match[0][:80] for match in _LEFTOVER.finditer(text)]


def _finding(edition: Inspected, where: str, what: str) -> Finding:
    fix = "only a text's body takes tokens, and only [[name]] or [[name|words instead]]; write it so or delete it"
    return Finding(NAME, where, what, fix, blocks=True, language=edition.language)


def _stands_in(edition: Inspected, token: str) -> bool:
    """It came with a text of another language, which is found in that edition."""
    others = (wording for passage in edition.issue.passages for wording in passage.wordings)
    return any(token in text for wording in others for text in wording.fields.values())


def _visible(edition: Inspected) -> str:
    """Text and addresses of the page; braces within styles are styles."""
    body = edition.page.body
    hrefs = (str(link.get("href")) for link in edition.page.iter("a") if link.get("href"))
    return "\n".join([words_of(body), *hrefs])
