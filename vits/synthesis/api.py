"""The two calls most users need: ``load`` a voice, and ``synthesize`` a text."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import MissingExtraError, VoiceError
from vits.synthesis.abstract_voice import AbstractVoice
from vits.synthesis.bundle.onnx_bundle import (
    ADD_AGAIN,
    has_graphs,
    is_onnx_voice,
    read_onnx_voice,
    read_voice_graphs,
)
from vits.synthesis.onnx_voice import OnnxVoice
from vits.synthesis.speech import Speech

if TYPE_CHECKING:
    import torch
    from typing_extensions import Unpack

    from vits.synthesis.bundle.voice_bundle import VoiceBundle
    from vits.synthesis.request import Options
    from vits.synthesis.voice import Voice

__all__ = ["DEFAULT_VOICE", "RUNTIMES", "find_voice", "load", "synthesize", "with_adapter"]

RUNTIMES = ("onnx", "torch")
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
    runtime: str | None = None,
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
        runtime: ``onnx`` or ``torch``; None: ONNX Runtime for a voice that has graphs, as the
            included one, in ``fp32`` on the CPU where onnxruntime is installed.

    Returns:
        ``OnnxVoice`` in ONNX Runtime, ``Voice`` in torch.

    Raises:
        MissingFileError: the folder does not exist.
        MissingExtraError: the package of the runtime is not installed.
        VoiceError: it is not a voice, it is damaged, there is no such device, precision or runtime,
            or the adapter is another voice's.
    """
    folder = DEFAULT_VOICE if path is None else find_voice(path)
    if _choose_runtime(folder, device, precision, adapter, runtime) == "onnx":
        exported = is_onnx_voice(folder)
        return OnnxVoice(read_onnx_voice(folder) if exported else read_voice_graphs(folder))
    try:
        from vits.synthesis.bundle.read import read_voice
        from vits.synthesis.voice import Voice
    except ModuleNotFoundError as error:
        raise MissingExtraError.of(f"voice {folder} in PyTorch", error.name, "") from error
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


def _choose_runtime(
    folder: Path,
    device: "str | torch.device",
    precision: str,
    adapter: str | Path | None,
    runtime: str | None,
) -> str:
    """Return in which runtime a voice is loaded, ``onnx`` or ``torch``; see ``load``.

    Raises:
        VoiceError: there is no such runtime, or not for this voice, device and precision.
    """
    if runtime not in (None, *RUNTIMES):
        raise VoiceError(f"runtime {runtime!r} must be {' or '.join(RUNTIMES)}")
    exported = is_onnx_voice(folder)
    if exported and runtime == "torch":
        raise VoiceError(
            f"runtime 'torch' must be onnx for {folder}, which has no weights for torch; use the "
            "voice folder it was exported from"
        )
    if not exported and runtime is None:
        plain = str(device) == "cpu" and precision == "fp32" and adapter is None
        light = plain and has_graphs(folder) and find_spec("onnxruntime") is not None
        return "onnx" if light else "torch"
    if not exported and runtime == "onnx" and not has_graphs(folder):
        raise VoiceError(
            f"runtime 'onnx' must be torch for {folder}, which has no graphs; {ADD_AGAIN}"
        )
    if exported or runtime == "onnx":
        if adapter is not None:
            raise VoiceError(
                f"adapter {adapter} cannot be added to {folder}, which runs in ONNX Runtime; merge "
                "it with `vits merge VOICE FILE` and export that"
            )
        _require_plain(folder, device, precision)
        return "onnx"
    return "torch"


def _require_plain(folder: Path, device: "str | torch.device", precision: str) -> None:
    """Refuse a device and a precision that only torch has."""
    remedy = "use the voice folder it was exported from" if is_onnx_voice(folder) else "use torch"
    for name, value, allowed in (
        ("device", str(device), ("cpu",)),
        ("precision", precision, ("fp32", "auto")),
    ):
        if value not in allowed:
            raise VoiceError(
                f"{name} {value!r} must be {' or '.join(allowed)} for {folder}, which runs in ONNX "
                f"Runtime; {remedy}"
            )


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
