"""The network's site for the demonstration: a WordPress as far as its list of posts goes, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PATH = "/wp-json/wp/v2/posts"


class Posts:
    """What the site has published, the newest first."""

    def __init__(self, published: Path) -> None:
        self._posts: list[dict[str, Any]] = json.loads(published.read_bytes())
        self.address = ""
        """Of the list, while it is served."""

    def publish(self, more: Path, now: datetime) -> None:
        """Publish posts that say how many days before `now` they came."""
        self._posts = [_dated(post, now) for post in json.loads(more.read_bytes())] + self._posts

    @property
    def listing(self) -> tuple[bytes, int]:
        """The list as the site sends it, and how many posts are in it."""
        return json.dumps(self._posts).encode(), len(self._posts)


def _dated(post: dict[str, Any], now: datetime) -> dict[str, Any]:
    moment = f"{now - timedelta(days=post.pop('days_ago')):%Y-%m-%dT%H:%M:%S}"
    return post | {"date_gmt": moment, "modified_gmt": moment}


class _Site(BaseHTTPRequestHandler):
    def __init__(self, posts: Posts, *connection: object) -> None:
        self._posts = posts
        super().__init__(*connection)  # type: ignore[arg-type] # the server hands on what its base class wants

    def do_GET(self) -> None:
        known = self.path.split("?")[0] == PATH
        body, count = self._posts.listing if known else (b"{}", 0)
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-WP-Total", str(count))
        self.send_header("X-WP-TotalPages", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """The story is told on the terminal; this server is no part of it."""


@contextmanager
def serving(published: Path) -> Iterator[Posts]:
    """Serve the posts in a JSON file for the time of the block."""
    posts = Posts(published)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, posts)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        posts.address = f"http://127.0.0.1:{server.server_address[1]}{PATH}"
        try:
            yield posts
        finally:
            server.shutdown()
