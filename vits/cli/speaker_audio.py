"""The flags for a speaker that is given by recordings."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import VoiceError

if TYPE_CHECKING:
    from vits.audio.speaker_encoders.vector import SpeakerVector
    from vits.synthesis import OnnxVoice, Voice

__all__ = ["add_speaker_audio", "read_speaker_audio"]


def add_speaker_audio(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    group = parser.add_argument_group(
        "speaker of a recording", "for a voice that was trained with speaker vectors"
    )
    group.add_argument(
        "--speaker-audio",
        type=Path,
        action="append",
        metavar="FILE",
        help="speak like this recording of 1 s to 5 minutes, or like a file of --save-speaker; "
        "repeated, like their average",
    )
    group.add_argument(
        "--speaker-encoder",
        metavar="FILE",
        help="the .onnx file of the speaker encoder, for a voice that was trained with one",
    )
    group.add_argument(
        "--save-speaker", type=Path, metavar="FILE.speaker", help="keep the speaker in this file"
    )


def read_speaker_audio(
    args: argparse.Namespace, voice: "Voice | OnnxVoice"
) -> "SpeakerVector | None":
    """Return the speaker that the flags give, and keep it if asked to; None without recordings.

    Raises:
        VoiceError: the flags contradict each other, or the voice takes no recordings.
        AudioError: a recording is silent, too short or too long.
    """
    if args.speaker_audio is None:
        for flag in ("speaker_encoder", "save_speaker"):
            if getattr(args, flag) is not None:
                raise VoiceError(
                    f"--{flag.replace('_', '-')} has no effect without --speaker-audio"
                )
        return None
    if args.speaker is not None:
        raise VoiceError(
            f"--speaker {args.speaker} and --speaker-audio {args.speaker_audio[0]} are both given; "
            "give one of them"
        )
    encoder = None
    if args.speaker_encoder is not None:
        from vits.audio.speaker_encoders.encoder import open_encoder

        encoder = open_encoder(args.speaker_encoder)
    vector = voice.speaker_vector(*args.speaker_audio, encoder=encoder)
    if args.save_speaker is not None:
        vector.write(args.save_speaker)
    return vector
