"""The folder of a voice as an ONNX graph, and the graphs in the folder of a voice.

``vits export --to onnx`` writes the first, ``vits export --in-place`` the others, which take their
weights from the voice's own file. Nothing here imports torch.
"""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vits.config import from_dict
from vits.config.legacy import read_model
from vits.errors import VitsError, VoiceError, brief
from vits.synthesis.bundle.card import Card
from vits.synthesis.bundle.schema import checked, mapping, names, read_json, read_keys
from vits.synthesis.bundle.voice_bundle import CARD, CONFIG, CONFIG_KEYS, is_voice
from vits.synthesis.bundle.voice_bundle import FORMAT as VOICE_FORMAT
from vits.synthesis.settings import Settings
from vits.text import Frontend

__all__ = [
    "ADD_AGAIN",
    "DECODER_FILE",
    "FLOW_FILE",
    "FORMAT",
    "GRAPHS",
    "GRAPH_FILE",
    "KEYS",
    "PITCH_FILE",
    "SETTINGS_FILE",
    "SOURCE_N_FFT",
    "SPEAKER_ENCODER",
    "SPEAKER_VECTOR_SIZE",
    "TEXT_FILE",
    "WAVE_FILE",
    "WEIGHTS_CHECKSUM",
    "OnnxBundle",
    "checksum",
    "has_graphs",
    "has_parts",
    "is_onnx_voice",
    "read_onnx_voice",
    "read_voice_graphs",
]

FORMAT = 1
GRAPH_FILE, SETTINGS_FILE = "model.onnx", "voice.json"
# The same voice in parts, whose weights are in GRAPH_FILE: the text; a whole sentence; a sentence
# that is streamed; the pitch of a voice that has it.
TEXT_FILE, WAVE_FILE, PITCH_FILE = "text.onnx", "wave.onnx", "pitch.onnx"
FLOW_FILE, DECODER_FILE = "flow.onnx", "decoder.onnx"
# Keys of a graph's metadata: whose vectors it takes as speakers, and how many values they have.
SPEAKER_ENCODER, SPEAKER_VECTOR_SIZE = "speaker_encoder", "speaker_vector_size"
# Key of a voice with pitch: length of the transform whose phases its decoder takes, 0 for samples.
SOURCE_N_FFT = "source_n_fft"
GRAPHS = (TEXT_FILE, WAVE_FILE, FLOW_FILE, DECODER_FILE, PITCH_FILE)
WEIGHTS_CHECKSUM = "weights_crc32"  # metadata of graphs in a voice folder
ADD_AGAIN = "write them again with: vits export VOICE --in-place"
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


class OnnxBundle(NamedTuple):
    """All parts of a voice in ONNX Runtime: those of ``VoiceBundle``, with a graph."""

    graph: Path
    sample_rate: int
    hop_length: int
    speakers: tuple[str, ...]
    settings: Settings
    frontend: Frontend
    fingerprint: Mapping[str, Any]
    card: Card


def is_onnx_voice(folder: Path) -> bool:
    """Return whether a folder has the files of a voice in ONNX Runtime, without reading them."""
    try:
        return all((folder / name).is_file() for name in (GRAPH_FILE, SETTINGS_FILE))
    except OSError:  # an impossible path; reading it as a voice folder raises the error
        return False


def has_parts(folder: Path) -> bool:
    """Return whether a folder has a voice in parts."""
    return all((folder / name).is_file() for name in (TEXT_FILE, WAVE_FILE, DECODER_FILE))


def has_graphs(folder: Path) -> bool:
    """Return whether a voice folder has graphs, with which it speaks in ONNX Runtime."""
    try:
        return is_voice(folder) and has_parts(folder)
    except OSError:  # as in ``is_onnx_voice``
        return False


def checksum(path: Path) -> str:
    """Return the checksum of a file of weights, which guards against a mix-up only."""
    return f"{zlib.crc32(path.read_bytes()):08x}"


def read_onnx_voice(folder: Path) -> OnnxBundle:
    """Read a folder that ``vits export --to onnx`` wrote, except for the graph.

    Raises:
        VoiceError: a part of it is damaged.
    """
    path = folder / SETTINGS_FILE
    try:
        values = read_keys(path, KEYS, FORMAT)
        return OnnxBundle(
            graph=folder / GRAPH_FILE,
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


def read_voice_graphs(folder: Path) -> OnnxBundle:
    """Read a voice folder that has graphs, except for these and for the weights.

    Raises:
        VoiceError: a part of it is damaged.
    """
    path = folder / CONFIG
    try:
        values = read_keys(path, CONFIG_KEYS, VOICE_FORMAT)
        audio = checked(path, lambda: read_model(values["model"])).audio
        return OnnxBundle(
            graph=folder / DECODER_FILE,
            sample_rate=audio.sample_rate,
            hop_length=audio.hop_length,
            speakers=checked(path, lambda: names(values["speakers"])),
            settings=checked(path, lambda: from_dict(Settings, values["inference"], "inference")),
            frontend=checked(path, lambda: Frontend.from_dict(mapping(values, "frontend"))),
            fingerprint=checked(path, lambda: mapping(values, "fingerprint")),
            card=checked(folder / CARD, lambda: from_dict(Card, read_json(folder / CARD), "card")),
        )
    except VitsError:
        raise
    except OSError as error:
        raise VoiceError(f"cannot read the voice {folder}: {error.strerror}") from error


def _positive(values: Mapping[str, Any], key: str) -> int:
    value = values[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise VoiceError(f"{key} {brief(value)} must be a whole number, at least 1")
    return value
