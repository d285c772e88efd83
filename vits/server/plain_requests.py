"""HEAD, OPTIONS, other origins and proxies' paths, handled before the routes."""

from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response

from vits.server.clients import ClientOptions, plain_path

__all__ = ["PlainRequests"]

_POST = "/v1/audio/speech"
_SHOWN = "x-seed, x-seconds, x-sample-rate, x-voice, x-voice-instead-of, retry-after"
_PREFLIGHT_SECONDS = 600


class PlainRequests:
    """ASGI middleware that normalises the path and the method of every request.

    HEAD is answered like GET without a body; OPTIONS lists the methods, and answers the
    preflight requests of the allowed origins.

    Args:
        app: the wrapped ASGI app.
        clients: allowed origins and the path at which a proxy shows the server.
    """

    def __init__(self, app: Any, *, clients: ClientOptions) -> None:
        self._app, self._clients = app, clients

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on a request, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root, path, method = self._clients.root_path, scope["path"], scope["method"].upper()
        allowed = self._allowed(Headers(scope=scope).get("origin", ""))
        is_head = method == "HEAD"

        async def send_plainly(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(allowed)
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if root and path == root:  # relative addresses need the slash
            await RedirectResponse(f"{root}/", 307)(scope, receive, send_plainly)
            return
        path = plain_path(path, root)
        if method == "OPTIONS":
            await self._options(path)(scope, receive, send_plainly)
            return
        method = "GET" if is_head else method
        plain = {**scope, "path": path, "raw_path": path.encode(), "method": method}
        await self._app({**plain, "root_path": ""}, receive, send_plainly)

    def _options(self, path: str) -> Response:
        """Answer OPTIONS."""
        methods = "POST, OPTIONS" if path == _POST else "GET, HEAD, OPTIONS"
        headers = {"allow": methods, "access-control-allow-methods": methods}
        headers["access-control-allow-headers"] = "authorization, content-type, x-requested-with"
        headers["access-control-max-age"] = str(_PREFLIGHT_SECONDS)
        return Response(status_code=204, headers=headers)

    def _allowed(self, origin: str) -> dict[str, str]:
        """Return the headers that let a page of an allowed origin read the response."""
        origins = self._clients.origins
        if not origin or not ("*" in origins or origin in origins):
            return {}
        return {
            "access-control-allow-origin": "*" if "*" in origins else origin,
            "access-control-expose-headers": _SHOWN,
            "cross-origin-resource-policy": "cross-origin",
            "vary": "origin",
        }
