"""What every check looks at: one edition, and the texts it is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

import lxml.html
from lxml.html import HtmlElement

from issues.checks.links import links_in
from issues.models import Issue, LinkAnswer
from issues.rendering import Brand, Rendered
from issues.wordings import called


@dataclass(frozen=True)
class Inspected:
    """One edition under inspection."""

    issue: Issue
    language: str
    rendered: Rendered
    brand: Brand
    answers: Mapping[str, LinkAnswer] = field(default_factory=dict)
    """What links answered when they were last tried, by `issues.checks.links.target`."""

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

    @cached_property
    def links(self) -> list[tuple[str, str]]:
        """Place and link, for every link that was entered in this language and leads somewhere."""
        return [
            (self.place(called(passage.kind, passage.key)), link)
            for passage in self.issue.passages
            if (wording := passage.wording(self.language))
            for link in links_in(wording.fields)
        ]

    def holder(self, link: str) -> str:
        """The place of the first text that holds `link`, as the page has it; empty where none does."""
        return next((where for where, own in self.links if unquote(own) == unquote(link)), "")

    def titled(self, words: str) -> str:
        """The place of the first text with this title; empty where none has it."""
        titles = ((where, " ".join(text.split())) for where, name, text in self.texts() if name == "title")
        return next((where for where, title in titles if title and title == words), "")

    def place(self, name: str) -> str:
        """`resource 7 (vi)`."""
        return f"{name} ({self.language})"


def words_of(element: HtmlElement) -> str:
    """The element's text on one line."""
    return " ".join(str(element.text_content()).split())
