"""Who may come in: the right host, the right key, not too many, nobody after closing time."""

import hmac
from collections import Counter
from typing import Any

from starlette.datastructures import Headers, MutableHeaders

from vits.server.errors import Refusal, error_response
from vits.server.limits import Limits

__all__ = ["Door", "Guard"]

_OPEN = ("/", "/healthz")  # without a key: the page asks for it, and says no more than that
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Door:
    """Counts who is inside, and can be closed.

    Attributes:
        closed: nobody is let in any more.
        inside: requests for speech that are being answered, by the address of the client.
    """

    def __init__(self) -> None:
        self.closed = False
        self.inside: Counter[str] = Counter()


class Guard:
    """Refuses who may not come in (ASGI), and puts headers for safety on every answer.

    Args:
        app: what is guarded.
        door: to be closed.
        limits: of one client.
        api_key: what a client has to know; None: nothing.
        local: only for this machine: a request must name it as its host. Otherwise a foreign page
            whose name is made to lead here could speak in its visitors' name.
    """

    def __init__(
        self, app: Any, *, door: Door, limits: Limits, api_key: str | None, local: bool
    ) -> None:
        self._app, self._door, self._limits, self._local = app, door, limits, local
        self._key = None if api_key is None else api_key.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no web sockets here
            await send({"type": "websocket.close", "code": 1003})
            return

        async def dressed(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        host = scope["client"][0] if scope.get("client") else ""
        speaks = scope["path"] == "/v1/audio/speech" and scope["method"] == "POST"
        try:
            self._check(scope["path"], Headers(scope=scope))
            if speaks:
                self._admit(host)
        except Refusal as refusal:
            await error_response(refusal)(scope, receive, dressed)
            return
        try:
            await self._app(scope, receive, dressed)
        finally:
            if speaks:
                self._leave(host)

    def _check(self, path: str, headers: Headers) -> None:
        """Check host and key."""
        name = headers.get("host", "").rsplit(":", 1)[0] if self._local else ""
        if self._local and name not in _LOCAL:
            shown = headers.get("host", "")[:100]
            message = f"host {shown!r} is not this machine; start the server with --host to be"
            raise Refusal(403, f"{message} reached under other names", code="wrong_host")
        if self._key is None or path in _OPEN:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # as bytes: starlette reads headers as latin-1, and the comparison wants no other text
        known = hmac.compare_digest(given.strip(" ").encode("latin-1"), self._key)
        if scheme.lower() != "bearer" or not known:
            message = "no valid key; send the header 'Authorization: Bearer KEY'"
            raise Refusal(401, message, code="invalid_api_key")

    def _admit(self, host: str) -> None:
        """Count a request in."""
        if self._door.closed:
            raise Refusal(503, "the server is stopping; ask another one", code="stopping")
        if self._limits.per_client and self._door.inside[host] >= self._limits.per_client:
            raise Refusal(
                429,
                f"{self._door.inside[host]} requests of yours are being answered, at most "
                f"{self._limits.per_client} at once; wait for one of them",
                code="too_many_requests",
            )
        self._door.inside[host] += 1

    def _leave(self, host: str) -> None:
        self._door.inside[host] -= 1
        if not self._door.inside[host]:
            del self._door.inside[host]  # else every address that ever came would stay
