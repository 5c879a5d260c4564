"""Pages served on this machine for as long as a test needs them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

import uvicorn
from fastapi import FastAPI


@contextmanager
def answering(app: FastAPI, listening: socket) -> Iterator[None]:
    """The application, answering at this socket."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, ws="none"))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    running.start()
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        running.join()
