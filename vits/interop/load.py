"""Load a voice of any known format: what ``vits convert`` reads is spoken as it is.

Nothing here imports torch before it is needed, so a voice in ONNX Runtime speaks without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import MissingExtraError, MissingFileError, VoiceError
from vits.interop.named import find_or_download
from vits.synthesis import api
from vits.synthesis.abstract_voice import AbstractVoice
from vits.synthesis.bundle.onnx_bundle import is_onnx_voice
from vits.synthesis.bundle.voice_bundle import is_voice
from vits.synthesis.onnx_voice import OnnxVoice
from vits.synthesis.speech import Speech

if TYPE_CHECKING:
    import torch
    from typing_extensions import Unpack

    from vits.interop.full_voice import FullVoice
    from vits.synthesis.request import Options
    from vits.synthesis.voice import Voice

__all__ = ["load", "read_any", "synthesize"]


def load(
    path: "str | Path | None" = None,
    device: "str | torch.device" = "cpu",
    precision: str = "fp32",
    adapter: "str | Path | None" = None,
    runtime: str | None = None,
) -> "Voice | OnnxVoice":
    """Load a voice.

    Args:
        path: a voice folder, a checkpoint or a run, a folder written by ``vits export --to onnx``,
            which runs in ONNX Runtime without torch, or a voice of another project: of the original
            code, transformers, Coqui, Piper or sherpa-onnx; None or "kathleen": the included
            English voice. A name is downloaded once (extra ``hub``): ``owner/name`` of the
            Hugging Face hub, ``hf://owner/name@revision``, or Piper's ``en_US-lessac-medium``.
        device: where to compute, e.g. ``cpu``, ``cuda`` or ``cuda:1``; ONNX Runtime: ``cpu``.
        precision: ``fp32``, ``bf16``, ``auto`` or ``plain``, see ``Voice``; ONNX Runtime computes
            in the precision of the file and accepts ``fp32`` or ``auto``.
        adapter: a file that ``vits bundle`` made of a run of ``vits finetune --lora``: the voice
            speaks as the fine-tuned one. Not for a voice in ONNX Runtime.
        runtime: ``onnx`` or ``torch``; None: ONNX Runtime for a folder that has graphs, as that of
            the included voice, in ``fp32`` on the CPU where onnxruntime is installed.

    Returns:
        ``OnnxVoice`` in ONNX Runtime, ``Voice`` in torch.

    Raises:
        MissingFileError: the path, or a file that the voice needs, does not exist.
        MissingExtraError: the package of the runtime is not installed.
        VoiceError: it is not a voice, it is damaged, there is no such device, precision or runtime,
            or the adapter is another voice's.
        CheckpointError: a checkpoint of this project is damaged.
    """
    found = api.DEFAULT_VOICE if path is None else find_or_download(api.find_voice(path))
    if is_onnx_voice(found) or is_voice(found):
        return api.load(found, device, precision, adapter, runtime)
    if runtime == "onnx":
        raise VoiceError(
            f"runtime 'onnx' must be torch for {found}, a voice of another format; export it with: "
            "vits export VOICE --to onnx -o DIR"
        )
    try:
        from vits.synthesis.voice import Voice
    except ModuleNotFoundError as error:
        raise MissingExtraError.of(f"voice {found}", error.name, "") from error
    return Voice(api.with_adapter(read_any(found).bundle, adapter), device, precision)


def read_any(path: Path) -> "FullVoice":
    """Read a voice of any known format, with weights and with the discriminators that it has.

    Raises:
        MissingFileError: the path, or a file that the voice needs, does not exist.
        VoiceError: it is not a voice, or it is damaged.
        CheckpointError: a checkpoint of this project is damaged.
    """
    from vits.interop.detect_format import find_format, read
    from vits.interop.full_voice import FullVoice
    from vits.synthesis.bundle.read import read_voice

    try:
        known = path.exists() and find_format(path) is not None
    except OSError as error:
        raise MissingFileError(f"cannot read {path}: {error.strerror or error}") from error
    # our own reader says what a folder that is no voice lacks
    return read(path) if known else FullVoice(format="vits", bundle=read_voice(path))


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
        voice: what ``load`` takes, or a loaded voice; None: the included English voice.
        device: where to compute; ignored for a loaded voice.
        precision: see ``load``; ignored for a loaded voice.
        **options: as in ``Voice.__call__``: the fields of ``Settings``, ``speaker``, ``language``,
            ``seed``, ``seconds``, ``word_seconds``, ``phoneme_seconds`` and ``ssml``.

    Raises:
        MissingFileError: the voice does not exist.
        TextError: the text cannot be spoken.
        VoiceError: an unknown option, or a value that this voice does not support.
    """
    loaded = voice if isinstance(voice, AbstractVoice) else load(voice, device, precision)
    return loaded(text, **options)
