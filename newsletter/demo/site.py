"""The network's site for the demonstration: a WordPress as far as its list of posts goes, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PATH = "/wp-json/wp/v2/posts"


class _Site(BaseHTTPRequestHandler):
    def __init__(self, posts: bytes, *connection: object) -> None:
        self._posts = posts
        super().__init__(*connection)  # type: ignore[arg-type] # the server hands on what its base class wants

    def do_GET(self) -> None:
        known = self.path.split("?")[0] == PATH
        body = self._posts if known else b"{}"
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-WP-Total", str(len(json.loads(body))))
        self.send_header("X-WP-TotalPages", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """The story is told on the terminal; this server is no part of it."""


@contextmanager
def serving(posts: Path) -> Iterator[str]:
    """Serve the posts in a JSON file for the time of the block; gives their address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, posts.read_bytes())) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{PATH}"
        finally:
            server.shutdown()
