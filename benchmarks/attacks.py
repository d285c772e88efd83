"""Clients that misbehave, for ``soak.py --attack`` and ``faults.py --attack``.

They hold idle connections, send half a header, lies in headers, garbage or requests whose answer
they do not wait for, ask for minutes of silence, read slowly, and keep long texts in progress
beside short ones.
"""

import contextlib
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Callable

__all__ = ["ATTACKS", "attack"]

LONG = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep. " * 40
HEAD = "POST /v1/audio/speech HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
N_IDLE = 30
PATIENCE = 2.0  # seconds to wait for the answer to a lie
LIES = (
    "content-length: 99999999999\r\n\r\n{}",
    "content-length: -1\r\n\r\n{}",
    "content-length: 5\r\ncontent-length: 9\r\n\r\n{}",
    "content-length: 9\r\n\r\n{}",
    "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
    "transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
    "transfer-encoding: chunked\r\n\r\nmany\r\n",
    "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding: identity\r\ncontent-length: 2\r\n\r\n{}",
    "content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
    "content-type: application/json; charset=zip\r\ncontent-length: 2\r\n\r\n{}",
    "authorization: Bearer \xff\r\ncontent-length: 2\r\n\r\n{}",
    "host: evil.example\r\ncontent-length: 2\r\n\r\n{}",
    "expect: 200-maybe\r\ncontent-length: 2\r\n\r\n{}",
    "upgrade: websocket\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\n{}",
    f"x: {'y' * 200_000}\r\n\r\n",
    "".join(f"x{i}: y\r\n" for i in range(5000)) + "\r\n",
)


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


def idle(port: int, rng: random.Random, sent: bytes = b"") -> str:
    """Hold connections without a request."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(_connect(port)) for _ in range(N_IDLE)]
        for connection in opened:
            connection.sendall(sent)
        time.sleep(rng.uniform(1, 12))
    return "idle"


def half(port: int, rng: random.Random) -> str:
    """Hold connections with half a header."""
    idle(port, rng, b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ")
    return "half"


def lies(port: int, rng: random.Random) -> str:
    """Send a header that contradicts itself or the body."""
    with _connect(port) as connection:
        with contextlib.suppress(OSError):  # the server may answer and close before the end
            connection.sendall((HEAD + rng.choice(LIES)).encode("latin-1"))
        connection.settimeout(PATIENCE)
        try:
            status = connection.recv(15).decode("latin-1")[9:12] or "closed"
        except TimeoutError:  # it waits for the rest of the body
            status = "waits"
        except OSError:
            status = "closed"
    time.sleep(0.1)
    return f"lies {status}"


def slow(port: int, rng: random.Random) -> str:
    """Ask for a stream and read it slowly."""
    with _connect(port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(_request(input=LONG[:400], stream=True))
        for _ in range(rng.randint(1, 20)):
            connection.recv(500)
            time.sleep(0.2)
    return "slow"


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


def attack(name: str, port: int, end: float, outcomes: Counter[str]) -> None:
    """Run an attack until the end time; count its outcomes."""
    rng = random.Random(name)
    while time.monotonic() < end:
        try:
            outcome = ATTACKS[name](port, rng)
        except OSError as error:  # the server has closed the connection
            outcome = f"{name}: {type(error).__name__}"
            time.sleep(0.1)
        outcomes[outcome] += 1


ATTACKS: dict[str, Callable[[int, random.Random], str]] = {
    "idle": idle,
    "half": half,
    "lies": lies,
    "slow": slow,
    "garbage": garbage,
    "cancel": cancel,
    "silence": silence,
    "long": long,
}
