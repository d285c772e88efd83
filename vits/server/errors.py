"""Refusals, in the shape that OpenAI's clients read."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

__all__ = ["Refusal", "error_response", "install_handlers"]

_LOG = logging.getLogger("vits.server")
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_RETRY_AFTER = "1"  # seconds; whoever is refused for the crowd should not come back at once


class Refusal(Exception):  # noqa: N818 - an answer, no fault of the server
    """A request that is not served.

    Args:
        status: of the answer, 400 to 599.
        message: value, rule and remedy in one line.
        param: the key of the request that is at fault.
        code: a word for programs.
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


def error_response(refusal: Refusal) -> JSONResponse:
    """Make the answer of a refusal."""
    headers: dict[str, str] = {}
    if refusal.status == 401:
        headers["www-authenticate"] = "Bearer"
    if refusal.status in (429, 503):
        headers["retry-after"] = _RETRY_AFTER
    if refusal.status in (408, 413) or refusal.code == "stopping":
        headers["connection"] = "close"  # the rest of the body is not read, or nothing follows
    return JSONResponse(refusal.body(), refusal.status, headers)


def install_handlers(app: FastAPI) -> None:
    """Let every error of an app be answered in this shape; none tells its traceback."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        del request
        assert isinstance(error, Refusal)
        return error_response(error)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            message = f"there is no {request.url.path[:100]!r} here"
            refusal = Refusal(404, message, code="unknown_url")
        elif error.status_code == 405:
            message = f"{request.method} is not for {request.url.path!r}"
            refusal = Refusal(405, message, code="method_not_allowed")
        else:
            refusal = Refusal(error.status_code, str(error.detail))
        response = error_response(refusal)
        response.headers.update(error.headers or {})
        return response

    async def broken(request: Request, error: Exception) -> JSONResponse:
        _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return error_response(Refusal(500, "the server failed; its log tells more", code="failed"))

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, broken)
