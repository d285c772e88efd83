"""A voice read in one format and written in another: all of it or nothing."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from vits.config import FrontendConfig
from vits.errors import VitsError, VoiceError
from vits.interop.detect_format import FORMATS
from vits.interop.full_voice import WholeVoice, require_no_loss

__all__ = ["DROPPABLE", "describe", "write"]

DROPPABLE = (
    "discriminators",
    "posterior-encoder",
    "lexicon",
    "bos_eos",
    "phonemizer",
    "underscore",
    "letter",
    "precision",
)


def write(voice: WholeVoice, folder: Path, to: str, drop: Iterable[str] = ()) -> Path:
    """Write a voice in a format.

    Args:
        voice: what to write.
        folder: a new or empty folder.
        to: title of the format.
        drop: parts that may be lost, see ``DROPPABLE``.

    Returns:
        The folder, as an absolute path.

    Raises:
        VoiceError: a part would be lost, or the folder is in use or cannot be written.
    """
    target, form = folder.resolve(), FORMATS[to]
    losses = form.losses(voice)
    require_no_loss(form.title, losses, drop)
    if "discriminators" in losses:
        voice = WholeVoice(format=voice.format, bundle=voice.bundle)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise VoiceError(f"{target} is in use; name a new or an empty folder")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as staging:
            new = Path(staging) / "new"
            new.mkdir()
            form.write(new, voice)
            if target.exists():
                target.rmdir()
            new.rename(target)
    except VitsError:
        raise
    except OSError as error:
        raise VoiceError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def describe(voice: WholeVoice) -> dict[str, str]:
    """Say what a voice is, line by line."""
    bundle, config = voice.bundle, voice.bundle.generator.config
    decoder, text = config.decoder, bundle.frontend.config
    judges = config.discriminator
    n_judges = len(judges.periods) + bool(judges.scale_channels) + len(judges.resolutions)
    n_parameters = sum(p.numel() for p in bundle.generator.parameters())
    framing = ", ".join(
        part for part, there in (("blanks", text.blanks), ("bos_eos", text.bos_eos)) if there
    )
    names = ", ".join(bundle.speakers[:8]) + ", …" * (len(bundle.speakers) > 8)
    compact = not any(n.startswith("posterior_encoder.") for n in bundle.generator.state_dict())
    shape = f" {decoder.resblock}, rates {'x'.join(map(str, decoder.upsample_rates))}"
    return {
        "format": voice.format,
        "architecture": f"VITS, {config.duration_predictor.kind} durations, {decoder.kind} decoder"
        + shape * (decoder.kind == "hifigan")
        + f", {n_parameters:,} parameters",
        "speakers": f"{config.n_speakers}" + f" ({names})" * bool(names),
        "symbols": f"{len(bundle.frontend.symbols)} in {config.n_symbols} rows"
        + f", {framing}" * bool(framing),
        "language": f"{_languages(text)} ({text.backend})",
        "sample rate": f"{config.audio.sample_rate} Hz, {config.audio.hop_length} samples a frame",
        "posterior encoder": "no" if compact else "yes",
        "discriminators": f"{n_judges}" if voice.discriminators is not None else "no",
    }


def _languages(text: FrontendConfig) -> str:
    """Name the language, or count and name those there are, with codes where they differ."""
    named = [name if name == code else f"{name} ({code})" for name, code in text.languages]
    return f"{len(named)}: {', '.join(named)}" if named else text.language
