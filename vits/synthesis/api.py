"""The two calls most people need."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import VoiceError
from vits.synthesis.base_voice import SpeakingVoice
from vits.synthesis.onnx_voice import OnnxVoice, is_onnx_voice, read_onnx_voice
from vits.synthesis.speakers import Speaker
from vits.synthesis.speech import Speech

if TYPE_CHECKING:
    import torch

    from vits.synthesis.voice import Voice

__all__ = ["DEFAULT_VOICE", "find_voice", "load", "synthesize"]

DEFAULT_VOICE = Path(__file__).resolve().parents[1] / "voices" / "kathleen"


def find_voice(named: str | Path) -> Path:
    """Return a path as it is, or where nothing is there the voice in the box of that name.

    >>> find_voice("kathleen").parts[-2:]
    ('voices', 'kathleen')
    """
    boxed = {folder.name: folder for folder in DEFAULT_VOICE.parent.iterdir() if folder.is_dir()}
    known = boxed.get(str(named))
    return known if known is not None and not Path(named).exists() else Path(named)


def load(
    path: str | Path | None = None,
    device: "str | torch.device" = "cpu",
    precision: str = "fp32",
) -> "Voice | OnnxVoice":
    """Load a voice.

    Args:
        path: a voice folder, or one that ``vits export --to onnx`` wrote, which speaks in ONNX
            Runtime and does not import torch; None or "kathleen": the English voice that comes with
            this library.
        device: where to compute, e.g. ``cpu``, ``cuda`` or ``cuda:1``; ONNX Runtime takes ``cpu``.
        precision: ``fp32``, ``bf16``, ``auto`` or ``plain``, see ``Voice``; ONNX Runtime speaks in
            that of the file and takes ``fp32`` or ``auto``.

    Returns:
        ``Voice``; of an exported folder ``OnnxVoice``.

    Raises:
        MissingFileError: the folder does not exist.
        MissingExtraError: the folder is an exported one, and onnxruntime is not installed.
        VoiceError: it is not a voice, it is damaged, or there is no such device or precision.
    """
    folder = DEFAULT_VOICE if path is None else find_voice(path)
    if is_onnx_voice(folder):
        if str(device) != "cpu":
            raise VoiceError(
                f"device {str(device)!r} must be cpu for {folder}, which speaks in ONNX Runtime; "
                "use the voice folder it was exported from"
            )
        if precision not in ("fp32", "auto"):
            raise VoiceError(
                f"precision {precision!r} must be fp32 or auto for {folder}, which speaks in ONNX "
                "Runtime; use the voice folder it was exported from"
            )
        return OnnxVoice(read_onnx_voice(folder))
    from vits.synthesis.bundle.read import read_voice
    from vits.synthesis.voice import Voice

    return Voice(read_voice(folder), device, precision)


def synthesize(
    text: str,
    voice: "str | Path | Voice | OnnxVoice | None" = None,
    *,
    speaker: Speaker | None = None,
    language: str | None = None,
    noise_scale: float | None = None,
    noise_scale_duration: float | None = None,
    length_scale: float | None = None,
    sentence_silence: float | None = None,
    paragraph_silence: float | None = None,
    punctuation_silence: Mapping[str, float] | None = None,
    seed: int | None = None,
    seconds: float | None = None,
    ssml: bool = False,
    device: "str | torch.device" = "cpu",
    precision: str = "fp32",
) -> Speech:
    """Speak a text in one call; to speak often, ``load`` the voice once.

    Args:
        text: 1 to 100,000 characters.
        voice: a voice folder, or a voice that is loaded already; None: the English voice that
            comes with this library.
        speaker: see ``Voice.__call__``, as for all that follow.
        language: which of the voice's languages.
        noise_scale: how varied the sound is.
        noise_scale_duration: how varied the rhythm is.
        length_scale: factor on every duration.
        sentence_silence: pause between two sentences (seconds).
        paragraph_silence: pause between two paragraphs (seconds).
        punctuation_silence: pause after certain marks (seconds).
        seed: repeats the same samples.
        seconds: how long the whole is to last.
        ssml: the text is SSML.
        device: where to compute; a loaded voice stays where it is.
        precision: see ``load``; a loaded voice keeps its own.

    Raises:
        MissingFileError: the folder does not exist.
        TextError: the text cannot be spoken.
        VoiceError: the voice cannot do what is asked.
    """
    speak = voice if isinstance(voice, SpeakingVoice) else load(voice, device, precision)
    return speak(
        text,
        speaker=speaker,
        language=language,
        noise_scale=noise_scale,
        noise_scale_duration=noise_scale_duration,
        length_scale=length_scale,
        sentence_silence=sentence_silence,
        paragraph_silence=paragraph_silence,
        punctuation_silence=punctuation_silence,
        seed=seed,
        seconds=seconds,
        ssml=ssml,
    )
