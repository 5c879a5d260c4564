"""A mail server that takes everything and keeps nothing, quick enough not to be what is measured.

It is a process of its own; `delay` holds back each burst of replies, as a line with that round trip would.
"""

import selectors
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_END = b"\r\n.\r\n"
_ROOM = bytearray(1 << 18)
_REPLIES = {
    b"DATA": b"354 go on\r\n",
    b"EHLO": b"250-sink.example.org\r\n250-SIZE\r\n250 PIPELINING\r\n",
    b"QUIT": b"221 bye\r\n",
}


@contextmanager
def running(delay: float = 0.0) -> Iterator[int]:
    """The server for the time of the block; its port. `delay` in seconds."""
    command = [sys.executable, "-m", "benchmarks.sink", str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


class _Line:
    """One connection: commands until DATA, then bytes until the dot."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._kept = b""
        self._in_message = False

    def hear(self, data: bytes) -> bytes:
        """What to answer to these bytes."""
        kept, answer = self._kept + data, b""
        while kept:
            if self._in_message:
                end = kept.rfind(_END)  # there is one, near the end: the next message waits for an answer
                if end < 0:
                    kept = kept[-len(_END) :]
                    break
                kept, self._in_message = kept[end + len(_END) :], False
                answer += b"250 2.0.0 kept as 4F2AB\r\n"
                continue
            line, found, rest = kept.partition(b"\r\n")
            if not found:
                break
            verb = line[:4].upper()
            answer += _REPLIES.get(verb, b"250 2.1.0 fine\r\n")
            # The dot may follow the line break of DATA itself.
            self._in_message, kept = verb == b"DATA", b"\r\n" + rest if verb == b"DATA" else rest
        self._kept = kept
        return answer


def _serve(delay: float) -> None:
    selector = selectors.SelectSelector()  # by the microsecond: an epoll waits for whole milliseconds
    waiting: deque[tuple[float, _Line, bytes]] = deque()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        print(server.getsockname()[1], flush=True)
        selector.register(server, selectors.EVENT_READ)
        while True:
            pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            for key, _ in selector.select(pause):
                if key.data is None:
                    line = _Line(server.accept()[0])
                    line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(line.socket, selectors.EVENT_READ, line)
                    line.socket.sendall(b"220 sink.example.org\r\n")
                elif data := _received(key.data):
                    waiting.append((time.monotonic() + delay, key.data, key.data.hear(data)))
                else:
                    selector.unregister(key.data.socket)
                    key.data.socket.close()
            _say(waiting)


def _received(line: _Line) -> bytes:
    try:
        length = line.socket.recv_into(_ROOM)  # always the same: to find so much anew takes longer than to fill it
    except OSError:
        return b""
    return bytes(memoryview(_ROOM)[:length])


def _say(waiting: deque[tuple[float, _Line, bytes]]) -> None:
    while waiting and waiting[0][0] <= time.monotonic():
        _, line, answer = waiting.popleft()
        if answer and line.socket.fileno() >= 0:
            line.socket.sendall(answer)


if __name__ == "__main__":
    _serve(float(sys.argv[1]))
