"""What one server takes upon itself, and where it says no."""

from dataclasses import dataclass, fields

from vits.errors import ConfigError

__all__ = ["Limits"]

_BYTES_PER_CHARACTER = 12  # an emoji in JSON: two escaped surrogates
_OTHER_BYTES = 4096  # all other keys of a request, with room


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a server; each is greater than 0 unless it says otherwise.

    Attributes:
        characters: longest text of one request (characters).
        queue: requests for whole files that wait or are spoken, at most.
        streams: open streams, at most.
        per_client: requests of one network address at once, at most; 0: as many as fit.
        batch: texts that are spoken together, at most.
        batch_characters: all their characters, at most, unless it is one text; a long batch would
            hold up the streams.
        batch_wait: how long a request that meets an idle server waits for others (milliseconds);
            may be 0.
        workers: threads that speak.
        timeout: longest wait for a whole file, or for the next chunk of a stream, and the longest
            time that a client may take to send its request or to take what is sent (seconds).
        grace: what runs may go on so long after the signal to stop (seconds).
    """

    characters: int = 4096
    queue: int = 256
    streams: int = 64
    per_client: int = 128
    batch: int = 16
    batch_characters: int = 2000
    batch_wait: float = 5.0
    workers: int = 1
    timeout: float = 60.0
    grace: float = 30.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: one is out of its range.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            zero = field.name in ("per_client", "batch_wait")
            if not (0 < value < float("inf") or (zero and value == 0)):
                least = "at least 0" if zero else "greater than 0"
                raise ConfigError(f"{field.name} {value} must be {least} and finite")

    @property
    def body(self) -> int:
        """Longest body of a request (bytes): that of the longest text, however it is escaped."""
        return self.characters * _BYTES_PER_CHARACTER + _OTHER_BYTES
