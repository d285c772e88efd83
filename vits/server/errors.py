"""HTTP errors in the JSON format that OpenAI's clients expect."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

__all__ = ["CLIENT_CLOSED_REQUEST", "ApiError", "error_response", "install_handlers"]

CLIENT_CLOSED_REQUEST = 499
"""Status of a request whose client has gone, as in nginx; only the metrics show it."""

_LOG = logging.getLogger("vits.server")
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_RETRY_AFTER = "1"  # seconds; keeps rejected clients from retrying at once


class ApiError(Exception):
    """A request that the server rejects.

    Args:
        status: HTTP status, 400 to 599.
        message: value, rule and remedy in one line.
        param: request key that caused the error.
        code: machine-readable reason.
    """

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code

    def body(self) -> dict[str, Any]:
        """Return ``{"error": {"message", "type", "param", "code"}}``."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        error = {
            "message": self.message,
            "type": _TYPES.get(self.status, kind),
            "param": self.param,
            "code": self.code,
        }
        return {"error": error}


def error_response(error: ApiError) -> JSONResponse:
    """Build the HTTP response for an error."""
    headers: dict[str, str] = {}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status in (429, 503):
        headers["retry-after"] = _RETRY_AFTER
    if error.status in (408, 413) or error.code == "stopping":
        headers["connection"] = "close"  # the body was not read to its end, or the server stops
    return JSONResponse(error.body(), error.status, headers)


def install_handlers(app: FastAPI) -> None:
    """Answer every error of an app in the same JSON format, without a traceback."""

    async def handle_api_error(request: Request, error: Exception) -> JSONResponse:
        del request
        assert isinstance(error, ApiError)
        return error_response(error)

    async def handle_http_exception(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            message = f"there is no {request.url.path[:100]!r} on this server"
            api_error = ApiError(404, message, code="unknown_url")
        elif error.status_code == 405:
            message = f"method {request.method} is not allowed for {request.url.path!r}"
            api_error = ApiError(405, message, code="method_not_allowed")
        else:
            api_error = ApiError(error.status_code, str(error.detail))
        response = error_response(api_error)
        response.headers.update(error.headers or {})
        return response

    async def handle_bug(request: Request, error: Exception) -> JSONResponse:
        _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return error_response(ApiError(500, "internal error; see the server's log", code="failed"))

    app.add_exception_handler(ApiError, handle_api_error)
    app.add_exception_handler(HTTPException, handle_http_exception)
    app.add_exception_handler(Exception, handle_bug)
