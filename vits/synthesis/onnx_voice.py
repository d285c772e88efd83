"""A voice as an ONNX graph: the folder that ``vits export --to onnx`` writes, and speaking with it.

Nothing here imports torch.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vits.config import from_dict
from vits.errors import VitsError, VoiceError
from vits.synthesis.base_voice import SpeakingVoice
from vits.synthesis.bundle.card import Card
from vits.synthesis.bundle.frontend_mismatch import warn_of_drift
from vits.synthesis.bundle.schema import checked, mapping, names, read_keys
from vits.synthesis.request import BatchOptions, Request, read_batch
from vits.synthesis.runtime.onnx_engine import NO_LENGTHS, NO_MIX, OnnxEngine
from vits.synthesis.settings import Settings
from vits.synthesis.speech import Speech
from vits.text import Frontend

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["FORMAT", "GRAPH", "KEYS", "SETTINGS", "OnnxVoice", "is_onnx_voice", "read_onnx_voice"]

FORMAT = 1
GRAPH, SETTINGS = "model.onnx", "voice.json"
KEYS = (
    "format",
    "sample_rate",
    "hop_length",
    "speakers",
    "inference",
    "frontend",
    "fingerprint",
    "card",
)


class OnnxParts(NamedTuple):
    """Everything a voice in ONNX Runtime consists of; as ``VoiceBundle``, with a graph."""

    graph: Path
    sample_rate: int
    hop_length: int
    speakers: tuple[str, ...]
    settings: Settings
    frontend: Frontend
    fingerprint: Mapping[str, Any]
    card: Card


class OnnxVoice(SpeakingVoice[OnnxEngine]):
    """A voice in ONNX Runtime, ready to speak; as ``Voice``, but for lengths, mixes and conversion.

    A seed gives the rhythm that it gives in torch, and another sound of the same distribution.
    """

    def __init__(self, parts: OnnxParts, threads: int | None = None) -> None:
        """Load the graph.

        Args:
            parts: of the voice.
            threads: see ``OnnxEngine``.

        Warns:
            FrontendDriftWarning: this machine's front end differs from the one in training.

        Raises:
            MissingExtraError: onnxruntime is not installed.
            VoiceError: it does not load the graph.
        """
        engine = OnnxEngine(parts.graph, parts.sample_rate, parts.hop_length, threads)
        if engine.multilingual != bool(parts.frontend.config.languages):
            raise VoiceError(
                f"{parts.graph} and {SETTINGS} beside it do not belong together: only one of them "
                "has languages; write them again with: vits export VOICE --to onnx -o DIR"
            )
        super().__init__(engine, parts.frontend, parts.speakers, parts.settings, parts.card)
        warn_of_drift(parts.card.name, parts.frontend, parts.fingerprint, stacklevel=4)

    def synthesize(
        self,
        texts: Sequence[str],
        *,
        seeds: Sequence[int | None] | None = None,
        each: Sequence[BatchOptions] | None = None,
        **settings: "Unpack[BatchOptions]",
    ) -> list[Speech]:
        """Speak many texts, one after the other; see ``Voice.synthesize``."""
        return [
            self(text, **control)
            for text, control in zip(texts, read_batch(texts, seeds, each, settings), strict=True)
        ]

    def _request(self, control: Mapping[str, Any]) -> Request:
        request = super()._request(control)
        if request.wishes is not None:
            raise VoiceError(NO_LENGTHS)
        if isinstance(request.who, tuple):
            raise VoiceError(NO_MIX)
        return request


def is_onnx_voice(folder: Path) -> bool:
    """Tell whether a folder has the files of a voice in ONNX Runtime, without reading them."""
    try:
        return all((folder / name).is_file() for name in (GRAPH, SETTINGS))
    except OSError:  # a path that cannot be; whoever reads it as a voice says so
        return False


def read_onnx_voice(folder: Path) -> OnnxParts:
    """Read a folder that ``vits export --to onnx`` wrote, all but the graph.

    Raises:
        VoiceError: a part of it is damaged.
    """
    path = folder / SETTINGS
    try:
        values = read_keys(path, KEYS, FORMAT)
        return OnnxParts(
            graph=folder / GRAPH,
            sample_rate=checked(path, lambda: _positive(values, "sample_rate")),
            hop_length=checked(path, lambda: _positive(values, "hop_length")),
            speakers=checked(path, lambda: names(values["speakers"])),
            settings=checked(path, lambda: from_dict(Settings, values["inference"], "inference")),
            frontend=checked(path, lambda: Frontend.from_dict(mapping(values, "frontend"))),
            fingerprint=checked(path, lambda: mapping(values, "fingerprint")),
            card=checked(path, lambda: from_dict(Card, values["card"], "card")),
        )
    except VitsError:
        raise
    except OSError as error:
        raise VoiceError(f"cannot read the voice {folder}: {error.strerror}") from error


def _positive(values: Mapping[str, Any], key: str) -> int:
    value = values[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise VoiceError(f"{key} {value!r} must be a whole number, at least 1")
    return value
