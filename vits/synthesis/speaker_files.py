"""Speakers that are given by recordings."""

from collections.abc import Sequence
from pathlib import Path

from vits.audio.files import read
from vits.audio.speaker_encoders.encoder import SpeakerEncoder, open_encoder
from vits.audio.speaker_encoders.recordings import speech_of
from vits.audio.speaker_encoders.vector import SUFFIX, SpeakerVector, average
from vits.config import VitsConfig
from vits.errors import VoiceError

__all__ = ["embed_recordings", "require_encoder"]


def require_encoder(config: VitsConfig, voice: str, encoder: str) -> None:
    """Require that a voice was trained with the vectors of an encoder.

    Raises:
        VoiceError: it was not.
    """
    trained = config.speaker_vectors
    if trained is None or config.n_speakers == 1:
        raise VoiceError(
            f"voice {voice} takes a speaker by name; a recording needs a voice that was trained "
            "with speaker vectors"
        )
    if trained.encoder != encoder:
        raise VoiceError(
            f"a speaker vector of the encoder {encoder} must be of {trained.encoder}, with which "
            f"voice {voice} was trained; make it again from recordings"
        )


def embed_recordings(
    config: VitsConfig,
    voice: str,
    recordings: Sequence[str | Path],
    encoder: SpeakerEncoder | None = None,
) -> SpeakerVector:
    """Return the vector of the speaker of recordings, as ``Voice.speaker_vector`` describes.

    Args:
        config: of the voice's model.
        voice: name of the voice, for messages.
        recordings: audio files, and files of vectors.
        encoder: the speaker encoder; None: opened by its name.
    """
    name = "" if config.speaker_vectors is None else config.speaker_vectors.encoder
    require_encoder(config, voice, name if encoder is None else encoder.name)
    found: list[SpeakerVector] = []
    for path in map(Path, recordings):
        if path.suffix == SUFFIX:
            vector = SpeakerVector.read(path)
            require_encoder(config, voice, vector.encoder)
        else:
            encoder = _open(name, voice) if encoder is None else encoder
            wave, rate = read(path)
            speech = speech_of(wave.mean(axis=1), rate, str(path))
            values = tuple(encoder(speech).tolist())
            vector = SpeakerVector(encoder=name, values=values, recordings=(path.name,))
        found.append(vector)
    return average(found)


def _open(name: str, voice: str) -> SpeakerEncoder:
    """Open the encoder of a voice, unless it needs a path."""
    if name.startswith("onnx:"):
        raise VoiceError(
            f"voice {voice} was trained with the speaker encoder {name}; give its file with "
            "--speaker-encoder PATH, or voice.speaker_vector(…, encoder=open_encoder(PATH))"
        )
    return open_encoder(name)
