"""A server on loopback that plays Mailgun as its documentation has it; its log is the truth about what arrived."""

import json
import socket
import struct
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "key-0123456789"
DOMAIN = "news.example.org"


@dataclass(frozen=True)
class Act:
    """What happens to one request for a message."""

    status: int = 200
    message: str = "Queued. Thank you."
    headers: dict[str, str] = field(default_factory=dict)
    takes: bool = True
    """The message counts as taken."""
    reads: bool = True
    """The body is read to its end; else the line is reset before."""
    answers: bool = True
    """Else the line is closed after the body, without a word."""
    cut: int = 0
    """So many bytes of the answer's end never come, and the line is closed."""
    short: int = 0
    """So many bytes of the JSON's end are missing, and the answer is as long as it says."""
    seconds: float = 0
    """It takes so long to answer."""
    gate: threading.Event | None = None
    """What the answer waits for."""
    event: str = "accepted"
    """What the events will say, where anything happened at all."""


def refusal(status: int, message: str, **headers: str) -> Act:
    """An answer that is a no, to a message that was not taken."""
    return Act(status, message, {name.replace("_", "-"): value for name, value in headers.items()}, takes=False)


class Mailgun:
    """`accepted` holds (recipient, message) of everything it took; `forms` the other fields of each request."""

    def __init__(self, acts: list[Act], key: str) -> None:
        self.acts = acts
        self.key = key
        self.lock = threading.Lock()
        self.accepted: list[tuple[str, bytes]] = []
        self.forms: list[dict[str, str]] = []
        self.requests = 0
        self.connections = 0
        self.at_once = 0
        self.most_at_once = 0
        self.events: list[dict[str, Any]] = []
        self.shows_events = True
        self.filters = True
        self.asked: list[dict[str, str]] = []

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.accepted]

    def next_act(self) -> Act:
        with self.lock:
            self.requests += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            return self.acts.pop(0) if self.acts else Act()

    def take(self, fields: dict[str, bytes], act: Act) -> str:
        """Keep what came; returns its Message-ID."""
        mime = fields["message"]
        message_id = mime.partition(b"Message-ID: <")[2].partition(b">")[0].decode()
        happened = {
            "event": act.event,
            "id": f"event-{self.requests}",
            "timestamp": time.time(),
            "message": {"headers": {"message-id": message_id, "to": fields["to"].decode()}},
            "recipient": fields["to"].decode(),
        }
        if act.event == "rejected":
            happened["reject"] = {"reason": f"not an authorized recipient: {happened['recipient']}", "description": ""}
        with self.lock:
            self.forms.append({name: value.decode() for name, value in fields.items() if name not in ("to", "message")})
            if act.takes:
                self.events.append(happened)
            if act.takes and act.event != "rejected":
                self.accepted.append((fields["to"].decode(), mime))
        return message_id

    def found_events(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        with self.lock:
            self.asked.append(asked)
            ours = [one for one in self.events if _is_about(one, asked["message-id"]) or not self.filters]
            return ours if self.shows_events else []


def _is_about(event: dict[str, Any], message_id: str) -> bool:
    return bool(event["message"]["headers"]["message-id"] == message_id)


class _Handler(BaseHTTPRequestHandler):
    owner: Mailgun
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """A server of tests keeps quiet."""

    def setup(self) -> None:
        super().setup()
        with self.owner.lock:
            self.owner.connections += 1

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if not self._is_known() or parts.path != f"/v3/{DOMAIN}/events":
            self._say(401, {"message": "Forbidden"})
            return
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._say(200, {"items": self.owner.found_events(asked), "paging": {}})

    def do_POST(self) -> None:
        act = self.owner.next_act()
        try:
            self._play(act)
        finally:
            with self.owner.lock:
                self.owner.at_once -= 1

    def _play(self, act: Act) -> None:
        if not act.reads:
            self._reset()
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._is_known() or self.path != f"/v3/{DOMAIN}/messages.mime":
            self._say(401, {"message": "Forbidden"})
            return
        message_id = self.owner.take(_fields(body, self.headers["Content-Type"]), act)
        time.sleep(act.seconds)
        if act.gate:
            act.gate.wait()
        if not act.answers:
            self.close_connection = True
            return
        said = {"message": act.message} | ({"id": f"<{message_id}>"} if act.status == 200 else {})
        self._say(act.status, said, act.headers, act.cut, act.short)

    def _say(
        self, status: int, said: object, headers: dict[str, str] | None = None, cut: int = 0, short: int = 0
    ) -> None:
        answer = json.dumps(said).encode()
        answer = answer[: len(answer) - short]
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer[: len(answer) - cut])
        self.close_connection = self.close_connection or cut > 0

    def _is_known(self) -> bool:
        return self.headers["Authorization"] == f"Basic {b64encode(f'api:{self.owner.key}'.encode()).decode()}"

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of many scripts."""


def _fields(body: bytes, kind: str) -> dict[str, bytes]:
    """The parts of multipart/form-data (RFC 7578), byte for byte."""
    edge = b"--" + kind.partition("boundary=")[2].encode()
    assert body.endswith(b"\r\n" + edge + b"--\r\n")
    found = {}
    for part in (b"\r\n" + body).split(b"\r\n" + edge)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        found[head.partition(b'name="')[2].partition(b'"')[0].decode()] = value
    return found


@contextmanager
def playing(*acts: Act, key: str = KEY) -> Iterator[tuple[Mailgun, str]]:
    """Mailgun for the time of the block, and what TRANSPORT says to reach it."""
    owner = Mailgun(list(acts), key)
    handler = type("Handler", (_Handler,), {"owner": owner})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield owner, f"mailgun://{KEY}@{DOMAIN}?api=http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
