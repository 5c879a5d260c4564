"""The program: every error a person can meet is one sentence, and none is a traceback."""

import sys
from pathlib import Path
from traceback import extract_tb

from sqlalchemy.exc import DBAPIError

from newsletter.cli import app
from newsletter.db import reason
from newsletter.wiring import FIXABLE

_HOUSE = Path(__file__).parent.parent
_ROOMS = ("newsletter", "issues", "subscribers")


def main() -> None:
    """Run the command line; 2 where the person can mend it, 1 where the machine must."""
    try:
        app()
    except FIXABLE as error:
        _fail(str(error), 2)
    except DBAPIError as error:
        _fail(f"The database cannot be used: {reason(error)}. Nothing was left half done: try again then.", 1)
    except OSError as error:
        _fail(f"{error.filename or 'A file'} cannot be used: {error.strerror or 'it is not there'}.", 2)
    except Exception as error:  # noqa: BLE001 - a traceback could quote a person, and helps nobody who is not a programmer
        _fail(f"The program made a mistake ({_place(error)}): nothing was left half done; please report this line.", 1)


def _place(error: Exception) -> str:
    """The kind of an error, and the last line of ours that it passed."""
    passed = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_HOUSE)]
    ours = [frame for frame in passed if Path(frame.filename).relative_to(_HOUSE).parts[0] in _ROOMS]
    at = ours[-1]
    return f"{type(error).__name__} in {Path(at.filename).relative_to(_HOUSE)}, line {at.lineno}"


def _fail(sentence: str, code: int) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 - this is the program's voice
    sys.exit(code)


if __name__ == "__main__":
    main()
