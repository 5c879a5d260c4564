"""The public forms as somebody fills them in, and what they cause."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx2
from sqlalchemy import event

from tests.web.conftest import ADDRESS, Web

OWN = {"Sec-Fetch-Site": "same-origin"}
"""A form that a page of ours showed."""


def made(web: Web, path: str = "/subscribe") -> str:
    """The stamp of a form that was shown a while ago."""
    found = re.search('name="made" value="([^"]+)"', web.client().get(path).text)
    assert found is not None
    web.now += timedelta(seconds=9)
    return found[1]


def fill(web: Web, address: str = ADDRESS, path: str = "/subscribe", **fields: str) -> httpx2.Response:
    values = {"address": address, "lang": "es", **fields}
    return web.client(**OWN).post(path, data={"made": made(web, path)} | values)


def heading(answer: httpx2.Response) -> str:
    found = re.search("<h1>(.*)</h1>", answer.text)
    assert found is not None
    return found[1]


def path_of(link: str) -> str:
    assert link.startswith("https://news.example.org/")
    return link.removeprefix("https://news.example.org")


@contextmanager
def statements(web: Web) -> Iterator[list[str]]:
    """What the database is asked, but for who speaks: that is asked anew each second, whoever comes."""
    said: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM habit" not in statement:
            said.append(statement)

    event.listen(web.database.engine, "before_cursor_execute", note)
    yield said
    event.remove(web.database.engine, "before_cursor_execute", note)
