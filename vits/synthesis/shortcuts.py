"""The two calls most people need."""

from collections.abc import Mapping
from pathlib import Path

import torch

from vits.synthesis.reading import read_voice
from vits.synthesis.speakers import Speaker
from vits.synthesis.speech import Speech
from vits.synthesis.voice import Voice

__all__ = ["DEFAULT_VOICE", "load", "synthesize"]

DEFAULT_VOICE = Path(__file__).resolve().parents[1] / "voices" / "kathleen"


def load(path: str | Path | None = None, device: str | torch.device = "cpu") -> Voice:
    """Load a voice.

    Args:
        path: a voice folder; None: the English voice that comes with this library.
        device: where to compute, e.g. ``cpu``, ``cuda`` or ``cuda:1``.

    Raises:
        MissingFileError: the folder does not exist.
        VoiceError: it is not a voice, it is damaged, or there is no such device.
    """
    return Voice(read_voice(DEFAULT_VOICE if path is None else path), device)


def synthesize(
    text: str,
    voice: str | Path | Voice | None = None,
    *,
    speaker: Speaker | None = None,
    noise_scale: float | None = None,
    noise_scale_duration: float | None = None,
    length_scale: float | None = None,
    sentence_silence: float | None = None,
    paragraph_silence: float | None = None,
    punctuation_silence: Mapping[str, float] | None = None,
    seed: int | None = None,
    seconds: float | None = None,
    ssml: bool = False,
    device: str | torch.device = "cpu",
) -> Speech:
    """Speak a text in one call; to speak often, ``load`` the voice once.

    Args:
        text: 1 to 100,000 characters.
        voice: a voice folder, or a voice that is loaded already; None: the English voice that
            comes with this library.
        speaker: see ``Voice.__call__``, as for all that follow.
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

    Raises:
        MissingFileError: the folder does not exist.
        TextError: the text cannot be spoken.
        VoiceError: the voice cannot do what is asked.
    """
    speak = voice if isinstance(voice, Voice) else load(voice, device)
    return speak(
        text,
        speaker=speaker,
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
