"""The newest renderings of issues: a page shows one again and again."""

from collections import OrderedDict

from issues.models import Issue
from issues.rendering import Brand, Rendered, render


class Renderings:
    """By what they were made of."""

    MOST = 24

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Rendered] = OrderedDict()

    def of(self, issue: Issue, language: str, brand: Brand) -> Rendered:
        """The edition as the issue is now."""
        kinds = tuple(passage.resource.kind for passage in issue.passages if passage.resource)  # an import changes them
        key = (issue.id, issue.revision, language, brand, kinds)
        rendered = self._kept.pop(key, None) or render(issue, language, brand)
        self._kept[key] = rendered
        while len(self._kept) > self.MOST:
            self._kept.popitem(last=False)
        return rendered
