"""A person's languages: tags in order of preference, kept as one text parted by commas."""

import re

from subscribers.errors import BadLanguage

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}", re.ASCII)
_PARTED = re.compile(r"[\s,;|/]+")
MOST = 5
"""Languages one person can name; all of them fit the column."""


def normal(languages: str) -> str:
    """`"ES, en-US"` becomes `"es,en-us"`; nothing stays nothing. Raises BadLanguage."""
    tags = [tag.replace("_", "-") for tag in _PARTED.split(languages.lower()) if tag]
    if not all(_TAG.fullmatch(tag) for tag in tags):
        raise BadLanguage("A language is named by its tag, like en, es, vi or ar.")
    known = dict.fromkeys(tags)
    if len(known) > MOST:
        raise BadLanguage(f"At most {MOST} languages can be named.")
    return ",".join(known)
