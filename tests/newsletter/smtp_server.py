"""A real SMTP server on loopback that does what a test's script says: its log is the truth about what arrived."""

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

DROP = ""
"""A scripted reply that closes the line instead."""
STALL = "..."
"""A scripted reply that never comes: the line stays open and silent."""
TRICKLE = "~"
"""Instead of a reply, whatever comes is taken little by little, as long as whoever sends has patience."""


ENDLESS = "-"
"""A scripted reply whose lines go on as long as somebody listens."""


@dataclass
class Script:
    """Replies by moment; each moment takes the next of its list, and goes on as usual after the last."""

    replies: dict[str, list[str]] = field(default_factory=dict)
    """Moments: banner, ehlo, starttls, auth, mail, rcpt, data, body (when it began), nobody (DATA without a recipient),
    dot (before it counts), after (when it counted)."""
    to: dict[str, str] = field(default_factory=dict)
    """Replies to RCPT by the recipient's domain, each time and before all others; "" is every domain."""
    extensions: list[str] = field(default_factory=lambda: ["PIPELINING"])
    tls: ssl.SSLContext | None = None
    """STARTTLS is offered, with this."""
    pause: float = 0.0
    """Seconds between one byte of a reply and the next."""
    thanks: str = "250 kept"
    """The usual answer to a message."""
    delay: float = 0.0
    """Seconds before that answer."""
    gate: threading.Event | None = None
    """What that answer waits for."""
    echo: bool = False
    """Quote the recipient in every reply, as many servers do."""


class ScriptedServer:
    """`accepted` holds (recipient, message) of everything the server took responsibility for."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.accepted: list[tuple[str, bytes]] = []
        self.connections = 0
        self.in_clear: list[bytes] = []
        """Every command that came unencrypted."""
        self.lock = threading.Lock()
        self.on_accept = threading.Event()

    def scripted(self, moment: str) -> str | None:
        with self.lock:
            waiting = self.script.replies.get(moment)
            return waiting.pop(0) if waiting else None

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.accepted]


class _Handler(socketserver.StreamRequestHandler):
    owner: ScriptedServer
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with self.owner.lock:
            self.owner.connections += 1
        self.recipient = ""
        self.has_sender = self.is_welcome = False
        if not self._say("banner", "220 sink.example.org"):
            return
        while line := self.rfile.readline():
            if not self._answer(line):
                return

    def finish(self) -> None:
        super().finish()
        self.request.close()  # with STARTTLS it is another one than the server opened

    def _answer(self, line: bytes) -> bool:
        verb = line[:4].upper().strip()
        if is_clear := not isinstance(self.request, ssl.SSLSocket):
            self.owner.in_clear.append(line)
        if verb == b"EHLO":
            offered = ["sink.example.org", *self.owner.script.extensions]
            if self.owner.script.tls and is_clear:
                offered.append("STARTTLS")
            lines = [f"250-{word}" for word in offered[:-1]] + [f"250 {offered[-1]}"]
            return self._say("ehlo", "\r\n".join(lines))
        if verb == b"STAR":
            return self._secure()
        if verb == b"AUTH":
            return self._say("auth", "235 welcome")
        if verb == b"MAIL":
            self.is_welcome = False
            self.has_sender, reply = self._judge("mail")
            return self._write(reply)
        if verb == b"RCPT" and self.has_sender:
            self.recipient = line.split(b"<")[1].split(b">")[0].decode()
            self.is_welcome, reply = self._judge("rcpt")
            to = self.owner.script.to
            if refusal := to.get(self.recipient.rpartition("@")[2], to.get("")):
                self.is_welcome, reply = False, refusal
            return self._write(reply)
        if verb == b"RCPT":
            return self._write("503 5.5.1 no sender")
        if verb == b"DATA":
            return self._data() if self.is_welcome else self._say("nobody", "554 5.5.1 no valid recipients")
        if verb == b"QUIT":
            self._write("221 bye")
            return False
        return self._write("250 fine")

    def _secure(self) -> bool:
        if (reply := self.owner.scripted("starttls")) is not None:
            return self._write(reply)
        self._write("220 go on")
        assert self.owner.script.tls
        self.request = self.owner.script.tls.wrap_socket(self.request, server_side=True)
        self.setup()
        return True

    def _data(self) -> bool:
        if (reply := self.owner.scripted("data")) is not None:
            return self._write(reply)
        self._write("354 go on")
        if (reply := self.owner.scripted("body")) is not None:
            self.rfile.readline()
            return self._write(reply)
        body = bytearray()
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            body += line[1:] if line.startswith(b".") else line
        if (reply := self.owner.scripted("dot")) is not None:
            return self._write(reply)
        with self.owner.lock:
            self.owner.accepted.append((self.recipient, bytes(body)))
        self.owner.on_accept.set()
        time.sleep(self.owner.script.delay)
        if self.owner.script.gate:
            self.owner.script.gate.wait()
        return self._say("after", self.owner.script.thanks)

    def _judge(self, moment: str) -> tuple[bool, str]:
        reply = self.owner.scripted(moment)
        return reply is None or reply.startswith("2"), "250 fine" if reply is None else reply

    def _say(self, moment: str, usual: str) -> bool:
        reply = self.owner.scripted(moment)
        return self._write(usual if reply is None else reply)

    def _write(self, reply: str) -> bool:
        if reply == DROP:
            return False
        if reply == STALL:
            while self.rfile.read(1):  # until whoever waits hangs up
                pass
            return False
        while reply == ENDLESS:
            self.wfile.write(b"250-more words\r\n" * 5000)
        if reply == TRICKLE:
            while self.connection.recv(1 << 16):
                time.sleep(0.4)
            return False
        echo = f" <{self.recipient}> {self.recipient.upper()}" if self.owner.script.echo and self.recipient else ""
        said = f"{reply}{echo}\r\n".encode()
        for piece in (said[n : n + 1] for n in range(len(said))) if self.owner.script.pause else (said,):
            self.wfile.write(piece)
            time.sleep(self.owner.script.pause)
        return not reply.startswith("421")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, object]:
        request, address = super().get_request()
        if self.tls is None:
            return request, address
        return self.tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of many scripts."""


@contextmanager
def serving(script: Script | None = None, tls: ssl.SSLContext | None = None) -> Iterator[tuple[ScriptedServer, int]]:
    """A server for the time of the block, and its port; with `tls` it is encrypted from the first byte."""
    owner = ScriptedServer(script or Script())
    handler = type("Handler", (_Handler,), {"owner": owner})
    with _Server(("127.0.0.1", 0), handler) as server:
        server.tls = tls
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield owner, server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
