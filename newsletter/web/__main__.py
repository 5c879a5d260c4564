"""Serves the pages on this machine: `python -m newsletter.web PORT`. A proxy with HTTPS stands before it."""

import argparse
import sys

import uvicorn

from newsletter import config, wiring
from newsletter.config import SettingsError
from newsletter.db import DatabaseError
from newsletter.web.app import make_app
from subscribers.errors import SubscriberError


def main() -> int:
    """The program; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m newsletter.web", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--desk-closed", action="store_true")
    given = parser.parse_args()
    try:
        newsletter = wiring.build(config.load())
        kept = newsletter.database, newsletter.vault, newsletter.settings
        app = make_app(*kept, desk_closed=given.desk_closed)
    except (SettingsError, SubscriberError, DatabaseError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is the program's voice
        return 2
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=given.port,
        log_level="warning",
        timeout_graceful_shutdown=5,  # seconds: a page that watches a mailing keeps its answer open
        access_log=False,  # its lines would hold readers' tokens and addresses
        server_header=False,
        proxy_headers=False,  # whoever asks could claim to be someone else
    )
    newsletter.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
