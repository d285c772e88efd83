"""Formats that libsndfile lacks, through the program ``ffmpeg`` where it is installed."""

import contextlib
import io
import os
import queue
import shutil
import subprocess
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import AudioError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SUFFIXES", "AacWriter", "decode", "find_ffmpeg"]

SUFFIXES = (
    ".m4a",
    ".aac",
    ".mp4",
    ".m4b",
    ".wma",
    ".webm",
    ".mka",
    ".mkv",
    ".mov",
    ".amr",
    ".3gp",
    ".ape",
    ".wv",
    ".tta",
    ".spx",
    ".ac3",
    ".caf",
)
"""Extensions of recordings that are read through ``ffmpeg``."""

_LONGEST = 1800  # seconds; a small file can hold days of silence
_TIMEOUT = 600  # seconds
_LAST_FRAMES = 60  # seconds to encode what was written last
_BLOCK = 1 << 14  # bytes


def find_ffmpeg() -> str | None:
    """Return the path of the program ``ffmpeg``; None if it is not installed."""
    return shutil.which("ffmpeg")


def decode(path: Path) -> "tuple[np.ndarray, int]":
    """Decode a recording.

    Args:
        path: the file.

    Returns:
        Samples (L, 1), float32, mixed to mono; and the sample rate (Hz).

    Raises:
        AudioError: ``ffmpeg`` is not installed, or cannot read the file, or the recording is
            longer than half an hour.
    """
    program = find_ffmpeg()
    if program is None:
        kind = path.suffix.lstrip(".").lower()
        raise AudioError(
            f"{path} is in the format {kind}, which cannot be read here; install ffmpeg, or "
            f"convert it: ffmpeg -i '{path}' '{path.with_suffix('.wav')}'"
        )
    state = path.stat()
    return _decode(program, path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)  # a recording is asked for its header, and then for its samples
def _decode(program: str, path: Path, size: int, changed: int) -> "tuple[np.ndarray, int]":
    """Run ``ffmpeg`` on a file of this size and time of change."""
    import soundfile

    del size, changed
    command = [program, "-v", "error", "-nostdin", "-t", str(_LONGEST + 1), "-i", f"file:{path}"]
    command += ["-vn", "-ac", "1", "-c:a", "pcm_f32le", "-f", "wav", "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AudioError(f"{path} cannot be decoded by ffmpeg: {error}") from error
    if done.returncode or not done.stdout:
        message = " ".join(done.stderr.decode(errors="replace").split())[-300:] or "no audio"
        raise AudioError(f"{path} cannot be decoded by ffmpeg: {message}; convert it to wav")
    with soundfile.SoundFile(io.BytesIO(done.stdout)) as file:
        samples = file.read(dtype="float32", always_2d=True)
        if len(samples) > _LONGEST * file.samplerate:
            raise AudioError(f"{path} is longer than {_LONGEST} s; split the recording")
        samples.setflags(write=False)  # whoever reads the recording gets the same array
        return samples, file.samplerate


class AacWriter:
    """Encodes 16-bit mono samples as AAC in ADTS frames; the program starts with the first ones.

    Args:
        sample_rate: sample rate of the samples (Hz).
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._process: subprocess.Popen[bytes] | None = None
        self._frames: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._starting, self._closed = threading.Lock(), False

    def write(self, pcm: bytes) -> bytes:
        """Encode samples (little-endian) and return the frames that are ready.

        Raises:
            AudioError: ``ffmpeg`` is not installed, or has ended.
        """
        if pcm:
            try:
                stdin = self._started().stdin
                assert stdin is not None
                stdin.write(pcm)
                stdin.flush()
            except OSError as error:
                raise AudioError(f"ffmpeg cannot encode aac: {error}") from error
        return self._ready()

    def finish(self) -> bytes:
        """Return the last frames.

        Raises:
            AudioError: ``ffmpeg`` fails.
        """
        process = self._started()
        assert process.stdin is not None
        try:
            process.stdin.close()
            status: object = process.wait(_LAST_FRAMES)
        except (OSError, subprocess.TimeoutExpired) as error:
            status = error
        if status != 0:
            self.close()
            raise AudioError(f"ffmpeg cannot encode aac: status {status}")
        self._reader.join()
        self.close()
        return self._ready()

    def close(self) -> None:
        """End the program, if it still runs; nothing can be written any more."""
        with self._starting:  # another thread may be writing
            process, self._closed = self._process, True
        if process is None or process.stdout is None or process.stdout.closed:
            return
        process.kill()
        process.wait()
        self._reader.join()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what could not be written any more
                pipe.close()

    def _started(self) -> "subprocess.Popen[bytes]":
        """Start the program, unless it runs."""
        with self._starting:
            if self._closed:
                raise AudioError("the aac file is closed")
            if self._process is not None:
                return self._process
            program = find_ffmpeg()
            if program is None:
                raise AudioError("aac needs the program ffmpeg; install it, or write mp3 or opus")
            command = [program, "-v", "error", "-f", "s16le", "-ar", str(self._rate), "-ac", "1"]
            command += [
                "-i",
                "pipe:0",
                "-c:a",
                "aac",
                "-f",
                "adts",
                "-flush_packets",
                "1",
                "pipe:1",
            ]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
            self._reader.start()
            return self._process

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        """Collect frames until the program ends, in a thread: it would wait for a full pipe."""
        assert process.stdout is not None
        while block := os.read(process.stdout.fileno(), _BLOCK):
            self._frames.put(block)

    def _ready(self) -> bytes:
        """Return the frames that have arrived."""
        return b"".join(self._frames.get() for _ in range(self._frames.qsize()))
