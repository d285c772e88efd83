"""A server on a socket, from its start to a stop that breaks nothing off."""

import ipaddress
import os
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from vits.errors import ConfigError

__all__ = ["is_local", "listen", "serve"]

_LAST_BYTES = 2  # seconds that answers may take which are still being sent when grace is over


def is_local(host: str) -> bool:
    """Tell whether only this machine can reach an address.

    >>> [is_local(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0")]
    [True, True, True, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """Open a socket.

    Raises:
        ConfigError: there is no such port.
        OSError: the address is not this machine's, or taken.
    """
    if not 0 <= port < 2**16:  # getaddrinfo would take the remainder
        raise ConfigError(f"port {port} must be from 0 to {2**16 - 1}")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
        except OSError:
            opened.close()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot listen on {host}, port {port}: {reason}; choose another --host or --port"
        raise OSError(error.errno, message) from error
    return opened


def serve(app: FastAPI, opened: socket.socket, ready: Callable[[], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; then refuse what is new with 503 and finish what runs.

    Args:
        app: made by ``create_app``.
        opened: made by ``listen``.
        ready: called when requests are taken.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody could claim another address with them
        ws="none",
        timeout_graceful_shutdown=_LAST_BYTES,
    )
    _Server(config, app, ready).run(sockets=[opened])


class _Server(uvicorn.Server):
    """Closes the door at the first signal and leaves when nobody is inside, or grace is over."""

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None] | None
    ) -> None:
        super().__init__(config)
        self._door, self._grace, self._ready = app.state.door, app.state.limits.grace, ready
        self._closed_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        if self._ready is not None:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal; a second one ends the process.

        Uvicorn's own would raise the signal once more at the end, and the status tell of a crash.
        """
        del frame
        if self._closed_at is not None:
            os._exit(128 + sig)
        self._closed_at = time.monotonic()
        self._door.closed = True

    async def on_tick(self, counter: int) -> bool:
        """Look every tenth of a second whether to leave."""
        if self._closed_at is not None:
            over = time.monotonic() - self._closed_at > self._grace
            self.should_exit = over or not self._door.inside
        return await super().on_tick(counter)
