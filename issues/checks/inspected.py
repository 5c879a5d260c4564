"""What every check looks at: one edition, and the texts it is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import lxml.html
from lxml.html import HtmlElement

from issues.models import Issue
from issues.rendering import Brand, Rendered
from issues.wordings import called


@dataclass(frozen=True)
class Inspected:
    """One edition under inspection."""

    issue: Issue
    language: str
    rendered: Rendered
    brand: Brand

    @cached_property
    def page(self) -> HtmlElement:
        """The parsed HTML."""
        return lxml.html.document_fromstring(self.rendered.html)

    def texts(self) -> Iterator[tuple[str, str, str]]:
        """Place, field name and text of everything written in this language, as it was entered."""
        for passage in self.issue.passages:
            wording = passage.wording(self.language)
            for name, text in wording.fields.items() if wording else ():
                yield self.place(called(passage.kind, passage.key)), name, text

    def place(self, name: str) -> str:
        """`resource 7 (vi)`."""
        return f"{name} ({self.language})"


def words_of(element: HtmlElement) -> str:
    """The element's text on one line."""
    return " ".join(str(element.text_content()).split())
