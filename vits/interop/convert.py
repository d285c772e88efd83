"""Write a voice in another format, completely or not at all."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from vits.config import FrontendConfig, HifiGanConfig
from vits.errors import VitsError, VoiceError
from vits.interop.detect_format import FORMATS
from vits.interop.full_voice import FullVoice, require_droppable

__all__ = ["DROPPABLE", "describe", "write"]

DROPPABLE = (
    "discriminators",
    "posterior-encoder",
    "lexicon",
    "bos-eos",
    "phonemizer",
    "romanisation",
    "underscore",
    "letter",
)


def write(voice: FullVoice, folder: Path, to: str, drop: Iterable[str] = ()) -> Path:
    """Write a voice in a format.

    Args:
        voice: the voice.
        folder: a new or empty folder.
        to: title of the format.
        drop: parts that may be dropped, see ``DROPPABLE``.

    Returns:
        The folder, as an absolute path.

    Raises:
        VoiceError: the format cannot hold a part, or the folder is in use or not writable.
    """
    target, voice_format = folder.resolve(), FORMATS[to]
    unsupported = voice_format.unsupported_parts(voice)
    require_droppable(voice_format.title, unsupported, drop)
    if "discriminators" in unsupported:
        voice = FullVoice(format=voice.format, bundle=voice.bundle)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise VoiceError(f"{target} is in use; name a new or an empty folder")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as staging:
            new = Path(staging) / "new"
            new.mkdir()
            voice_format.write(new, voice)
            if target.exists():
                target.rmdir()
            new.rename(target)
    except VitsError:
        raise
    except OSError as error:
        raise VoiceError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def describe(voice: FullVoice) -> dict[str, str]:
    """Summarise a voice as a mapping of property to value."""
    bundle, config = voice.bundle, voice.bundle.generator.config
    decoder, text = config.decoder, bundle.frontend.config
    members = config.discriminator
    n_members = len(members.periods) + bool(members.scale_channels) + len(members.resolutions)
    n_parameters = sum(p.numel() for p in bundle.generator.parameters())
    layout = ", ".join(
        part for part, used in (("blanks", text.blanks), ("BOS and EOS", text.bos_eos)) if used
    )
    names = ", ".join(bundle.speakers[:8]) + ", …" * (len(bundle.speakers) > 8)
    compact = not any(n.startswith("posterior_encoder.") for n in bundle.generator.state_dict())
    stages = ""
    if isinstance(decoder, HifiGanConfig):
        stages = f" {decoder.resblock}, rates {'x'.join(map(str, decoder.upsample_rates))}"
    return {
        "format": voice.format,
        "architecture": f"VITS, {config.duration_predictor.kind} durations, {decoder.kind} decoder"
        + stages
        + f", {n_parameters:,} parameters",
        "speakers": f"{config.n_speakers}" + f" ({names})" * bool(names),
        "symbols": f"{len(bundle.frontend.symbols)} of {config.n_symbols} embeddings"
        + f", {layout}" * bool(layout),
        "language": f"{_languages(text)} ({text.backend})",
        "sample rate": f"{config.audio.sample_rate} Hz, {config.audio.hop_length} samples a frame",
        "posterior encoder": "no" if compact else "yes",
        "discriminators": f"{n_members}" if voice.discriminators is not None else "no",
    }


def _languages(text: FrontendConfig) -> str:
    """Name one language, or count and name several, with their espeak-ng codes if different."""
    named = [name if name == code else f"{name} ({code})" for name, code in text.languages]
    return f"{len(named)}: {', '.join(named)}" if named else text.language
