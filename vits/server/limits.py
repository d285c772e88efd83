"""Limits of a server: text length, queue, streams, batches and timeouts."""

from dataclasses import dataclass, field, fields
from typing import Any

from vits.errors import ConfigError

__all__ = ["ServerLimits"]

_BYTES_PER_CHARACTER = 12  # an emoji in JSON: two escaped surrogates
_OTHER_BYTES = 4096  # all other keys of a request, with room


def _limit(default: float, help: str, *, may_be_zero: bool = False) -> Any:
    """Declare a limit with the help text of its command-line flag."""
    return field(default=default, metadata={"help": help, "may_be_zero": may_be_zero})


@dataclass(frozen=True, kw_only=True)
class ServerLimits:
    """Limits of a server; ``vits serve`` has a flag for each.

    Attributes:
        characters: maximum length of a request's text (characters).
        queue: maximum number of non-streaming requests that are queued or in progress.
        streams: maximum number of open streams.
        per_client: maximum number of concurrent requests from one network address; 0: no limit.
        audio_seconds: maximum length of the speech of a request (seconds).
        connections: maximum number of open connections; it is lowered to what the process may
            open. Beyond it the oldest connection without a request is closed.
        connections_per_client: maximum number of open connections from one network address; 0: no
            limit.
        header_timeout: maximum time to send the header of a request (seconds).
        batch: maximum number of sentences in a batch.
        batch_characters: maximum number of characters in a batch of two or more sentences. A long
            batch would delay the streams.
        batch_wait: time that an idle server waits to fill a batch (milliseconds); may be 0.
        workers: number of synthesis threads.
        timeout: maximum time to synthesize a response or the next chunk of a stream, and
            maximum time for a client to send its request or to receive a chunk (seconds).
        grace: maximum time for running requests to finish after a stop signal (seconds).
    """

    characters: int = _limit(4096, "maximum length of a request's text (characters)")
    queue: int = _limit(256, "maximum number of non-streaming requests, queued or in progress")
    streams: int = _limit(64, "maximum number of open streams")
    per_client: int = _limit(
        128, "maximum number of concurrent requests from one address; 0: no limit", may_be_zero=True
    )
    audio_seconds: float = _limit(1200.0, "maximum length of the speech of a request (seconds)")
    connections: int = _limit(1000, "maximum number of open connections")
    connections_per_client: int = _limit(
        256, "maximum number of open connections from one address; 0: no limit", may_be_zero=True
    )
    header_timeout: float = _limit(10.0, "maximum time to send the header of a request (seconds)")
    batch: int = _limit(16, "maximum number of sentences in a batch")
    batch_characters: int = _limit(2000, "maximum number of characters in a batch")
    batch_wait: float = _limit(
        5.0, "time that an idle server waits to fill a batch (milliseconds)", may_be_zero=True
    )
    workers: int = _limit(1, "number of synthesis threads")
    timeout: float = _limit(60.0, "maximum time to wait for synthesis or for a client (seconds)")
    grace: float = _limit(30.0, "time for running requests to finish after a stop signal (seconds)")

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: a value is negative or not finite, or 0 where 0 is not allowed.
        """
        for entry in fields(self):
            value, may_be_zero = getattr(self, entry.name), entry.metadata["may_be_zero"]
            if not (0 < value < float("inf") or (may_be_zero and value == 0)):
                rule = "at least 0" if may_be_zero else "greater than 0"
                raise ConfigError(f"{entry.name} {value} must be {rule} and finite")

    @property
    def body(self) -> int:
        """Maximum size of a request body (bytes): the longest text with every character escaped."""
        return self.characters * _BYTES_PER_CHARACTER + _OTHER_BYTES
