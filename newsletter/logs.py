"""Logs: one line of JSON each on standard error, with numbers of rows, never with people."""

import logging
import sys

import structlog


def to_stderr() -> None:
    """Set up this process's log."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # its lines repr a job's arguments
    for talks in ("procrastinate", "psycopg.pool"):  # in tracebacks; what goes wrong is said in our own lines
        logging.getLogger(talks).setLevel(logging.CRITICAL)
