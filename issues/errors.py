"""What can go wrong in this room, said so that a person can mend it."""


class IssueError(Exception):
    """One sentence: what went wrong, where, and what to do. `permanent` is False where trying again may help."""

    permanent = True


class FetchFailed(IssueError):
    """A source could not be read this time."""

    permanent = False


class HostUnknown(FetchFailed):
    """The name service knows no such host."""


class FetchRefused(IssueError):
    """A source's address is one that is never fetched."""


class Unreadable(IssueError):
    """What was fetched or given is not what it should be."""


class Conflict(IssueError):
    """Somebody changed the same thing in the meantime."""


class NotFound(IssueError):
    """There is no such issue, passage or resource."""


class Blocked(IssueError):
    """A check keeps the issue from going out."""


class TemplateBroken(IssueError):
    """A template of the mail, or what it makes of an issue, is not what MJML takes."""
