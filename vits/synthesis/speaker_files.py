"""Speakers that are given by recordings."""

from collections.abc import Sequence
from pathlib import Path

from vits.audio.files import read
from vits.audio.speaker_encoders.encoder import SpeakerEncoder, open_encoder
from vits.audio.speaker_encoders.vector import SUFFIX, SpeakerVector, average
from vits.config import SpeakerVectorsConfig
from vits.errors import VoiceError

__all__ = ["embed_recordings", "require_vector"]


def require_vector(
    trained: SpeakerVectorsConfig | None, voice: str, encoder: str, size: int | None = None
) -> None:
    """Require that a voice takes the vectors of an encoder.

    Args:
        trained: the vectors with which it was trained; None: with none.
        voice: its name, for messages.
        encoder: name of the encoder.
        size: values of a vector; None: not known yet.

    Raises:
        VoiceError: it does not.
    """
    if trained is None:
        raise VoiceError(
            f"voice {voice} takes a speaker by name; a recording needs a voice that was trained "
            "with speaker vectors, or its export by this version"
        )
    if trained.encoder != encoder:
        raise VoiceError(
            f"a speaker vector of the encoder {encoder} must be of {trained.encoder}, with which "
            f"voice {voice} was trained; make it again from recordings"
        )
    if size not in (None, trained.size):
        raise VoiceError(
            f"a speaker vector of {size} values must have the {trained.size} of voice {voice}; "
            "make it again from recordings"
        )


def embed_recordings(
    trained: SpeakerVectorsConfig | None,
    voice: str,
    recordings: Sequence[str | Path],
    encoder: SpeakerEncoder | None = None,
) -> SpeakerVector:
    """Return the vector of the speaker of recordings, as ``Voice.speaker_vector`` describes.

    Args:
        trained: the vectors with which the voice was trained; None: with none.
        voice: name of the voice, for messages.
        recordings: audio files, and files of vectors.
        encoder: the speaker encoder; None: opened by its name.
    """
    name = "" if trained is None else trained.encoder
    require_vector(trained, voice, name if encoder is None else encoder.name)
    found: list[SpeakerVector] = []
    for path in map(Path, recordings):
        if path.suffix == SUFFIX:
            vector = SpeakerVector.read(path)
            require_vector(trained, voice, vector.encoder, len(vector.values))
        else:
            from vits.audio.speaker_encoders.recordings import speech_of  # it imports torch

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
