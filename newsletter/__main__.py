"""The program: every error a person can meet is one sentence, and none is a traceback."""

import sys

from sqlalchemy.exc import DBAPIError

from issues.errors import IssueError
from newsletter.cli import app
from newsletter.config import SettingsError
from newsletter.db import DatabaseError
from newsletter.delivery.control import MailingError
from newsletter.mail import SendError
from newsletter.zones import TimeError
from subscribers.errors import SubscriberError

FIXABLE = (IssueError, SubscriberError, SettingsError, MailingError, SendError, TimeError, DatabaseError)


def main() -> None:
    """Run the command line; 2 where the person can mend it, 1 where the machine must."""
    try:
        app()
    except FIXABLE as error:
        _fail(str(error), 2)
    except DBAPIError as error:
        _fail(f"The database cannot be used: {error.orig}. Nothing was left half done; mend it and try again.", 1)
    except OSError as error:
        _fail(f"{error.filename or 'A file'} cannot be used: {error.strerror}.", 2)


def _fail(sentence: str, code: int) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 - this is the program's voice
    sys.exit(code)


if __name__ == "__main__":
    main()
