"""The two calls most users need: ``load`` a voice, and ``synthesize`` a text."""

from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import VoiceError
from vits.synthesis.abstract_voice import AbstractVoice
from vits.synthesis.bundle.onnx_bundle import is_onnx_voice, read_onnx_voice
from vits.synthesis.onnx_voice import OnnxVoice
from vits.synthesis.speech import Speech

if TYPE_CHECKING:
    import torch
    from typing_extensions import Unpack

    from vits.synthesis.bundle.voice_bundle import VoiceBundle
    from vits.synthesis.request import Options
    from vits.synthesis.voice import Voice

__all__ = ["DEFAULT_VOICE", "find_voice", "load", "synthesize", "with_adapter"]

DEFAULT_VOICE = Path(__file__).resolve().parents[1] / "voices" / "kathleen"


def find_voice(voice: str | Path) -> Path:
    """Return the folder of a voice: an existing path, or else an included voice of that name.

    >>> find_voice("kathleen").parts[-2:]
    ('voices', 'kathleen')
    """
    included = {folder.name: folder for folder in DEFAULT_VOICE.parent.iterdir() if folder.is_dir()}
    if str(voice) in included and not Path(voice).exists():
        return included[str(voice)]
    return Path(voice)


def load(
    path: str | Path | None = None,
    device: "str | torch.device" = "cpu",
    precision: str = "fp32",
    adapter: str | Path | None = None,
) -> "Voice | OnnxVoice":
    """Load a voice.

    Args:
        path: a voice folder, or a folder written by ``vits export --to onnx``, which runs in ONNX
            Runtime without torch; None or "kathleen": the included English voice.
        device: where to compute, e.g. ``cpu``, ``cuda`` or ``cuda:1``; ONNX Runtime: ``cpu``.
        precision: ``fp32``, ``bf16``, ``auto`` or ``plain``, see ``Voice``; ONNX Runtime computes
            in the precision of the file and accepts ``fp32`` or ``auto``.
        adapter: a file that ``vits bundle`` made of a run of ``vits finetune --lora``: the voice
            speaks as the fine-tuned one. Not for an exported folder.

    Returns:
        ``Voice``; for an exported folder ``OnnxVoice``.

    Raises:
        MissingFileError: the folder does not exist.
        MissingExtraError: the folder is an exported one, and onnxruntime is not installed.
        VoiceError: it is not a voice, it is damaged, there is no such device or precision, or the
            adapter is another voice's.
    """
    folder = DEFAULT_VOICE if path is None else find_voice(path)
    if is_onnx_voice(folder):
        if adapter is not None:
            raise VoiceError(
                f"adapter {adapter} cannot be added to {folder}, which runs in ONNX Runtime; merge "
                "it with `vits merge VOICE FILE` and export that"
            )
        if str(device) != "cpu":
            raise VoiceError(
                f"device {str(device)!r} must be cpu for {folder}, which runs in ONNX Runtime; "
                "use the voice folder it was exported from"
            )
        if precision not in ("fp32", "auto"):
            raise VoiceError(
                f"precision {precision!r} must be fp32 or auto for {folder}, which runs in ONNX "
                "Runtime; use the voice folder it was exported from"
            )
        return OnnxVoice(read_onnx_voice(folder))
    from vits.synthesis.bundle.read import read_voice
    from vits.synthesis.voice import Voice

    return Voice(with_adapter(read_voice(folder), adapter), device, precision)


def with_adapter(bundle: "VoiceBundle", adapter: str | Path | None) -> "VoiceBundle":
    """Return a voice with the adapter of a file; without a file the voice itself.

    Raises:
        MissingFileError: there is no such file.
        VoiceError: it is no adapter, or that of another voice.
    """
    if adapter is None:
        return bundle
    from vits.synthesis.bundle.adapter import Adapter, apply_adapter

    return apply_adapter(bundle, Adapter.read(adapter))


def synthesize(
    text: str,
    voice: "str | Path | Voice | OnnxVoice | None" = None,
    *,
    device: "str | torch.device" = "cpu",
    precision: str = "fp32",
    **options: "Unpack[Options]",
) -> Speech:
    """Speak a text in one call; to speak often, ``load`` the voice once.

    Args:
        text: 1 to 100,000 characters.
        voice: a voice folder, the name of an included voice, or a loaded voice; None: the included
            English voice.
        device: where to compute; ignored for a loaded voice.
        precision: see ``load``; ignored for a loaded voice.
        **options: as in ``Voice.__call__``: the fields of ``Settings``, ``speaker``, ``language``,
            ``seed``, ``seconds``, ``word_seconds``, ``phoneme_seconds``, ``word_pitch``,
            ``phoneme_pitch`` and ``ssml``.

    Raises:
        MissingFileError: the folder does not exist.
        TextError: the text cannot be spoken.
        VoiceError: an unknown option, or a value that this voice does not support.
    """
    loaded = voice if isinstance(voice, AbstractVoice) else load(voice, device, precision)
    return loaded(text, **options)
