"""Requests to the hub: settings of the environment, repetitions, and errors in one line.

The environment is that of ``huggingface_hub``: HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and
HF_HUB_OFFLINE. Only this room imports that package, on first use.
"""

import errno
import os
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from vits.errors import MissingExtraError, MissingFileError, VitsError, VoiceError, one_line

__all__ = ["Hub", "UnreachableError", "connect", "home", "is_offline"]

T = TypeVar("T")
TRIES = 5
BUSY = (429, 502, 503, 504)
LONGEST_WAIT = 60.0  # seconds between two tries, whatever the server asks for


class UnreachableError(MissingFileError):
    """The hub does not answer."""


def home() -> Path:
    """Return the folder of everything that is cached, HF_HOME."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(os.environ.get("HF_HOME") or cache).expanduser()


def is_offline() -> bool:
    """Return whether HF_HUB_OFFLINE forbids requests."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


class Hub(NamedTuple):
    """A hub and where its files are cached.

    Attributes:
        package: the module ``huggingface_hub``.
        api: its client.
        endpoint: address of the hub.
        cache: folder of the downloaded files.
        token: the user's token, or None for that of the user's login.
    """

    package: Any
    api: Any
    endpoint: str
    cache: Path
    token: str | None

    def ask(self, what: str, request: Callable[[], T]) -> T:
        """Make a request; a busy hub is asked again.

        Args:
            what: name of the voice or repository, for messages.
            request: makes it.

        Raises:
            UnreachableError: the hub does not answer.
            MissingFileError: it has no such repository, revision or file.
            VoiceError: it refuses, or the disk is full.
        """
        errors = self.package.errors
        for attempt in range(1, TRIES + 1):
            try:
                return request()
            except errors.HfHubHTTPError as error:
                response = error.response
                status = response.status_code if response is not None else 0
                if response is not None and status in BUSY and attempt < TRIES:
                    time.sleep(_wait(response.headers, attempt))
                    continue
                raise self._refused(what, error, status) from error
            except (errors.HTTPError, OSError, errors.EntryNotFoundError) as error:
                raise self._failed(what, error) from error
        raise AssertionError("the last try returns or raises")

    def _refused(self, what: str, error: Exception, status: int) -> VitsError:
        errors, place = self.package.errors, self.endpoint
        if isinstance(error, errors.GatedRepoError):
            return VoiceError(
                f"{what} is gated: accept its terms at {place}/{what}, and set HF_TOKEN"
            )
        if isinstance(error, errors.RevisionNotFoundError):
            return MissingFileError(f"{what} has no such revision at {place}; check it")
        if status == 404 or isinstance(error, errors.RepositoryNotFoundError):
            return MissingFileError(
                f"{what} does not exist here, and {place} does not show it: check the name, or set "
                "HF_TOKEN if it is private"
            )
        if status in (401, 403):
            return VoiceError(f"{place} refuses {what} ({status}): set HF_TOKEN")
        if status in BUSY:
            return VoiceError(f"{place} is busy ({status}) after {TRIES} tries; try again later")
        return VoiceError(f"{place} answers {status} for {what}; try again later")

    def _failed(self, what: str, error: Exception) -> VitsError:
        cause: BaseException | None = error
        while cause is not None:  # the package wraps what happened
            if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
                return VoiceError(f"no space is left in {self.cache} for {what}; make some")
            status = getattr(getattr(cause, "response", None), "status_code", 0)
            if status:
                return self._refused(what, cause, status)  # pyright: ignore[reportArgumentType]
            cause = cause.__cause__
        reason = one_line(error, 120)
        return UnreachableError(f"{what} cannot be fetched from {self.endpoint} ({reason})")


def connect(feature: str = "a voice's name") -> Hub:
    """Return the hub of the environment.

    Raises:
        MissingExtraError: the extra ``hub`` is not installed.
    """
    try:
        package = import_module("huggingface_hub")
        import_module("huggingface_hub.errors")
    except ModuleNotFoundError as error:
        raise MissingExtraError.of(feature, error.name, "hub") from error
    endpoint = (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")
    token = os.environ.get("HF_TOKEN") or None
    cache = Path(os.environ.get("HF_HUB_CACHE") or home() / "hub").expanduser()
    api = package.HfApi(endpoint=endpoint, token=token)
    return Hub(package, api, endpoint, cache, token)


def _wait(headers: Any, attempt: int) -> float:
    """Return how long to wait (seconds): what the server asks for, or longer from try to try."""
    asked = str(headers.get("Retry-After", ""))
    return min(LONGEST_WAIT, float(asked) if asked.isdecimal() else 2.0**attempt / 2)
