"""Clients that misbehave, for ``soak.py --attack``: each runs until its end time.

They hold idle connections, send half a header, garbage or requests whose answer they do not wait
for, ask for minutes of silence, and keep long texts in progress beside short ones.
"""

import contextlib
import json
import random
import socket
import time
from collections.abc import Callable

__all__ = ["ATTACKS"]

LONG = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep. " * 40
HEAD = "POST /v1/audio/speech HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
N_IDLE = 30


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def _request(**values: object) -> bytes:
    """Return a request for speech."""
    body = json.dumps({"model": "soaked", "response_format": "pcm", **values}).encode()
    return f"{HEAD}content-length: {len(body)}\r\n\r\n".encode() + body


def _status(connection: socket.socket) -> str:
    """Return the status of a response whose connection ends after it."""
    head = connection.recv(15).decode("latin-1")
    with contextlib.suppress(OSError):
        while connection.recv(1 << 16):
            pass
    return head[9:12]


def idle(port: int, rng: random.Random) -> str:
    """Hold connections without a request until the server closes them."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(_connect(port)) for _ in range(N_IDLE)]
        for connection in opened[::2]:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ")
        time.sleep(rng.uniform(1, 12))
    return "idle"


def garbage(port: int, rng: random.Random) -> str:
    """Send random bytes."""
    with _connect(port) as connection:
        connection.sendall(rng.randbytes(rng.randint(1, 5000)))
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            _status(connection)
    time.sleep(0.1)
    return "garbage"


def cancel(port: int, rng: random.Random) -> str:
    """Ask for a long text, whole or as a stream, and leave."""
    with _connect(port) as connection:
        connection.sendall(_request(input=LONG, stream=rng.random() < 0.5))
        time.sleep(rng.uniform(0, 1))
    return "cancel"


def silence(port: int, rng: random.Random) -> str:
    """Ask for more seconds of silence than a response may have."""
    del rng
    with _connect(port) as connection:
        connection.sendall(_request(input="Yes. " * 400, sentence_silence=10.0))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        return f"silence {_status(connection)}"


def long(port: int, rng: random.Random) -> str:
    """Ask for a long text and wait for it."""
    del rng
    with _connect(port) as connection:
        connection.sendall(_request(input=LONG))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        return f"long {_status(connection)}"


ATTACKS: dict[str, Callable[[int, random.Random], str]] = {
    "idle": idle,
    "garbage": garbage,
    "cancel": cancel,
    "silence": silence,
    "long": long,
}
