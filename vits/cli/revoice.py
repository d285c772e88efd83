"""``vits revoice``: convert a recording to the voice of another speaker."""

import argparse
import time
from pathlib import Path

from vits.cli.output_paths import require_audio
from vits.cli.voice_flags import add_device
from vits.errors import MissingFileError, VoiceError
from vits.synthesis.request import OPTION_HELP
from vits.synthesis.settings import SETTINGS

__all__ = ["add_parser", "run"]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "revoice",
        help="convert a recording to the voice of another speaker",
        description="Convert a recording of one of a voice's speakers to another speaker, or to a "
        "mix. Words and timing stay the same. The recording should sound like the training data.",
        epilog="The voice must have at least two speakers, and not be compact or exported.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("recording", type=Path, help="audio file of at most 5 minutes; channels are mixed")
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="audio file to write; the extension selects the format: .wav, .flac, .ogg or .mp3",
    )
    add("--voice", type=Path, required=True, metavar="DIR", help="voice folder")
    add(
        "--from",
        dest="source",
        required=True,
        metavar="SPEAKER",
        help=f"speaker of the recording: {OPTION_HELP['speaker']}",
    )
    add("--to", dest="target", required=True, metavar="SPEAKER", help="speaker to convert to")
    add(
        "--noise-scale",
        type=float,
        default=1.0,
        help=f"{SETTINGS['noise_scale'].help} (%(default)s)",
    )
    add(
        "--pitch",
        type=float,
        default=0.0,
        metavar="SEMITONES",
        help=f"{SETTINGS['pitch'].help} (%(default)g)",
    )
    add("--seed", type=int, help=OPTION_HELP["seed"])
    add_device(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert, and print the file, its length and the real-time factor.

    Raises:
        VitsError: an invalid recording, voice, option or output file.
    """
    from vits.interop.load import load
    from vits.synthesis import OnnxVoice
    from vits.synthesis.speakers import parse_speaker

    output: Path = args.output
    require_audio(output)
    if not args.recording.is_file():
        raise MissingFileError(f"recording {args.recording} does not exist; check the path")
    voice = load(args.voice, args.device, runtime="torch")
    if isinstance(voice, OnnxVoice):
        raise VoiceError(
            f"{args.voice} is an exported voice, which cannot convert; "
            "use the voice folder it was exported from"
        )
    started = time.perf_counter()
    speech = voice.convert(
        args.recording,
        source=parse_speaker(voice.speakers, args.source),
        target=parse_speaker(voice.speakers, args.target),
        noise_scale=args.noise_scale,
        pitch=args.pitch,
        seed=args.seed,
    )
    elapsed = time.perf_counter() - started
    speech.save(output)
    print(
        f"{output}: {speech.seconds:.2f} s of speech, "
        f"real-time factor {elapsed / speech.seconds:.3f}, seed {speech.seed}"
    )
    return 0
