"""The program: every error a person can meet is one sentence, and none is a traceback."""

import sys
from traceback import extract_tb

from sqlalchemy.exc import DBAPIError

from newsletter.cli import app
from newsletter.db import reason
from newsletter.wiring import FIXABLE


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
        place = extract_tb(error.__traceback__)[-1]
        _fail(
            f"The program made a mistake ({type(error).__name__}, {place.filename}, line {place.lineno}). "
            "Nothing was left half done; please report this line.",
            1,
        )


def _fail(sentence: str, code: int) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 - this is the program's voice
    sys.exit(code)


if __name__ == "__main__":
    main()
