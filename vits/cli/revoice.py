"""``vits revoice``: say a recording of one speaker with the voice of another."""

import argparse
import time
from pathlib import Path

from vits.cli.output_paths import require_audio
from vits.cli.voice_flags import add_device
from vits.errors import MissingFileError, VoiceError

__all__ = ["add_parser", "run"]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "revoice",
        help="say a recording of one speaker with the voice of another",
        description="Say a recording of one of a voice's speakers with the voice of another, or of "
        "a mix. What is said and its rhythm stay; the recording should sound like those that the "
        "voice was trained on.",
        epilog="The voice needs two speakers and must not be compact or exported.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("recording", type=Path, help="an audio file of at most 5 minutes; channels are mixed")
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="the audio file to write; its ending picks the format: .wav, .flac, .ogg or .mp3",
    )
    add("--voice", type=Path, required=True, metavar="DIR", help="a voice folder")
    add(
        "--from",
        dest="source",
        required=True,
        metavar="SPEAKER",
        help="who speaks in the recording: a name, a number or a mix, 'ada:0.7,bob:0.3'",
    )
    add("--to", dest="target", required=True, metavar="SPEAKER", help="who is to speak")
    add("--noise-scale", type=float, default=1.0, help="how varied the sound is (%(default)s)")
    add("--seed", type=int, help="repeat exactly the same speech")
    add_device(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert, and name the file, its length and the real-time factor.

    Raises:
        VitsError: the recording, the voice, a value or the output file is at fault.
    """
    from vits.synthesis import OnnxVoice, load
    from vits.synthesis.speakers import parse_speaker

    output: Path = args.output
    require_audio(output)
    if not args.recording.is_file():
        raise MissingFileError(f"recording {args.recording} does not exist; check the path")
    voice = load(args.voice, args.device)
    if isinstance(voice, OnnxVoice):
        raise VoiceError(
            f"{args.voice} is an exported voice, which only speaks; "
            "use the voice folder it was exported from"
        )
    started = time.perf_counter()
    speech = voice.convert(
        args.recording,
        source=parse_speaker(voice.speakers, args.source),
        target=parse_speaker(voice.speakers, args.target),
        noise_scale=args.noise_scale,
        seed=args.seed,
    )
    work = time.perf_counter() - started
    speech.save(output)
    print(
        f"{output}: {speech.seconds:.2f} s of speech, "
        f"real-time factor {work / speech.seconds:.3f}, seed {speech.seed}"
    )
    return 0
