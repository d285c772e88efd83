"""Graphs in ONNX Runtime: loading, running, and what may not be in them."""

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from vits.errors import MissingExtraError, VoiceError
from vits.synthesis.runtime.engine import TOO_LONG
from vits.synthesis.runtime.protobuf import message_fields

__all__ = [
    "EXPORT_AGAIN",
    "DeferredGraph",
    "load_graph",
    "run_graph",
    "usable_cores",
    "usable_threads",
]

EXPORT_AGAIN = "write it again with: vits export VOICE --to onnx -o DIR"
LOCATION = b"location"  # the key of a reference to another file; no graph of ours has the word
GRAPH, INITIALIZER, EXTERNAL_DATA = 7, 5, 13  # field numbers of onnx.proto3


def load_graph(
    graph: Path, threads: int | None = None, profile: Path | None = None, shares: str = ""
) -> Any:
    """Load a graph into ONNX Runtime.

    Args:
        graph: the file.
        threads: number of threads; None: ``OMP_NUM_THREADS``, or all CPUs this process may use.
        profile: prefix of the file with the timings of a profile; None: no profile.
        shares: the only other file, beside the graph, that it may take weights from.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        VoiceError: ONNX Runtime does not load the graph, or it refers to another file.
    """
    try:
        runtime = import_module("onnxruntime")
    except ModuleNotFoundError as error:
        what = "a voice that was exported to ONNX"
        raise MissingExtraError.of(what, "onnxruntime", "onnx") from error
    _check_references(graph, shares)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads or usable_threads()
    options.log_severity_level = 4  # fatal only: errors are raised as exceptions
    if profile is not None:
        options.enable_profiling, options.profile_file_prefix = True, os.fspath(profile)
    # the last level of optimisation takes longer to load than it saves
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    try:
        return runtime.InferenceSession(
            os.fspath(graph), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors share no base class
        raise VoiceError(
            f"ONNX Runtime does not load {graph}: {error}; copy it again, or {EXPORT_AGAIN}"
        ) from error


class DeferredGraph:
    """A graph that is loaded when it is first run; its references are checked at once.

    Args:
        graph: the file.
        threads: as in ``load_graph``.
        shares: as in ``load_graph``.

    Raises:
        VoiceError: it refers to another file, or is damaged.
    """

    def __init__(self, graph: Path, threads: int | None, shares: str) -> None:
        self._graph, self._threads, self._shares = graph, threads, shares
        self._session: Any = None
        self._lock = Lock()  # a voice may speak in many threads
        _check_references(graph, shares)

    @property
    def session(self) -> Any:
        """What ``load_graph`` returns."""
        with self._lock:
            if self._session is None:
                self._session = load_graph(self._graph, self._threads, shares=self._shares)
            return self._session


def run_graph(
    session: Any, outputs: Sequence[str], feed: Mapping[str, NDArray[Any]]
) -> list[NDArray[Any]]:
    """Return outputs of a graph.

    Raises:
        VoiceError: the graph does not run with these inputs, or the memory does not suffice.
    """
    try:
        return session.run(list(outputs), dict(feed))
    except Exception as error:  # its errors share no base class
        if "alloc" in str(error).lower():
            raise VoiceError(TOO_LONG) from error
        raise VoiceError(f"ONNX Runtime does not run the graph: {error}") from error


def _check_references(graph: Path, shares: str) -> None:
    """Require a graph without references to other files, which older versions read anywhere.

    Raises:
        VoiceError: it has one, or is damaged.
    """
    try:
        allowed = _references(graph.read_bytes(), shares) if shares else 0
        found, tail = 0, b""
        with graph.open("rb") as file:
            while block := file.read(1 << 20):
                found += (tail + block).count(LOCATION)
                tail = block[1 - len(LOCATION) :]
    except OSError as error:
        raise VoiceError(f"cannot read {graph}: {error.strerror}") from error
    except (IndexError, ValueError) as error:
        raise VoiceError(f"{graph} is damaged; copy it again, or {EXPORT_AGAIN}") from error
    if found > allowed:
        raise VoiceError(f"{graph} refers to another file for its weights; {EXPORT_AGAIN}")


def _references(data: bytes, name: str) -> int:
    """Count the weights of a graph that are in the file ``name``."""
    entry = b"\x0a" + _sized(LOCATION) + b"\x12" + _sized(name.encode())
    view, count = memoryview(data), 0
    for field, start, end in message_fields(view, 0, len(data)):
        for inner, begin, stop in message_fields(view, start, end) if field == GRAPH else ():
            for part, first, last in (
                message_fields(view, begin, stop) if inner == INITIALIZER else ()
            ):
                count += part == EXTERNAL_DATA and bytes(view[first:last]) == entry
    return count


def _sized(value: bytes) -> bytes:
    return bytes([len(value)]) + value


def usable_threads() -> int:
    """Return the default number of threads."""
    setting = os.environ.get("OMP_NUM_THREADS", "")
    if setting.isdecimal() and int(setting):
        return int(setting)
    return usable_cores()


def usable_cores() -> int:
    """Return the number of CPU cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
