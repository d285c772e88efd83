"""Access control: host, API key, requests per client and shutdown."""

import hmac
import ipaddress
from collections import Counter
from typing import Any

from starlette.datastructures import Headers, MutableHeaders

from vits.server.errors import ApiError, error_response
from vits.server.limits import ServerLimits

__all__ = ["AccessControl", "Admission"]

_PUBLIC = ("/", "/healthz")  # no key needed: the page asks for the key and shows nothing else
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def _names_this_machine(host: str) -> bool:
    """Return whether a ``Host`` header names a loopback address, with or without a port."""
    name, colon, port = host.rpartition(":")
    name = name if colon and port.isdecimal() else host
    if name.startswith("[") == name.endswith("]"):
        try:
            return ipaddress.ip_address(name.strip("[]")).is_loopback
        except ValueError:
            pass
    return name.lower().rstrip(".") == "localhost"


class Admission:
    """Admission state of the server.

    Attributes:
        closed: the server is stopping and admits no request for speech.
        active: number of running requests for speech by client address.
    """

    def __init__(self) -> None:
        self.closed = False
        self.active: Counter[str] = Counter()

    def admit(self, client: str, limits: ServerLimits) -> None:
        """Count a request as running.

        Raises:
            ApiError: the server is stopping, or the client has too many requests.
        """
        active, limit = self.active, limits.per_client
        if self.closed:
            raise ApiError(503, "the server is stopping; use another one", code="stopping")
        if limit and active[client] >= limit:
            raise ApiError(
                429,
                f"{active[client]} requests from this address are running, at most {limit} are "
                "allowed; wait for one to finish",
                code="too_many_requests",
            )
        active[client] += 1

    def release(self, client: str) -> None:
        """Count a request as finished."""
        self.active[client] -= 1
        if not self.active[client]:
            del self.active[client]  # keeps addresses from accumulating


class AccessControl:
    """ASGI middleware that rejects unauthorized requests and adds security headers to responses.

    Args:
        app: the wrapped ASGI app.
        admission: counts the running requests.
        limits: limits of the server.
        api_key: key that clients must send; None: no key.
        local: accept only requests whose ``Host`` header names this machine. This prevents DNS
            rebinding: a foreign web page could otherwise use the server from its visitors'
            browsers.
    """

    def __init__(
        self,
        app: Any,
        *,
        admission: Admission,
        limits: ServerLimits,
        api_key: str | None,
        local: bool,
    ) -> None:
        self._app, self._admission, self._limits, self._local = app, admission, limits, local
        self._key = None if api_key is None else api_key.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Admit a request, or reject it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no WebSockets
            await send({"type": "websocket.close", "code": 1003})
            return

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        client = scope["client"][0] if scope.get("client") else ""
        is_speech = scope["path"] == "/v1/audio/speech" and scope["method"] == "POST"
        try:
            self._check(scope["path"], Headers(scope=scope))
            if is_speech:
                self._admission.admit(client, self._limits)
        except ApiError as error:
            await error_response(error)(scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            if is_speech:
                self._admission.release(client)

    def _check(self, path: str, headers: Headers) -> None:
        """Check the host and the API key."""
        # only old clients leave the header out; browsers, which DNS rebinding needs, never do
        host = headers.get("host", "localhost")
        if self._local and not _names_this_machine(host):
            message = f"host {host[:100]!r} is not this machine; use --host to accept other names"
            raise ApiError(403, message, code="wrong_host")
        if self._key is None or path in _PUBLIC:
            return
        scheme, _, key = headers.get("authorization", "").partition(" ")
        # as bytes: Starlette decodes headers as Latin-1, compare_digest takes only ASCII strings
        valid = hmac.compare_digest(key.strip(" ").encode("latin-1"), self._key)
        if scheme.lower() != "bearer" or not valid:
            message = "no valid API key; send the header 'Authorization: Bearer KEY'"
            raise ApiError(401, message, code="invalid_api_key")
