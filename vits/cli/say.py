"""``vits say``: speak a text into an audio file."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vits.errors import AudioError, MissingFileError, TextError

if TYPE_CHECKING:
    from vits.synthesis import Voice

__all__ = ["add_parser", "run"]

# UTF-8 needs at most 4 bytes a character: a longer input cannot be spoken, so it is not read.
BYTES_PER_CHARACTER = 4


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "say",
        help="speak a text into an audio file",
        description="Speak a text into an audio file.",
        epilog="A voice folder is made with: vits bundle CHECKPOINT -o DIR",
        allow_abbrev=False,
    )
    parser.add_argument(
        "text", nargs="?", help="what to say; '-' or nothing reads the standard input"
    )
    parser.add_argument("--file", type=Path, help="read the text from a file (UTF-8)")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="the audio file to write; its ending picks the format: .wav, .flac, .ogg or .mp3",
    )
    parser.add_argument("--voice", type=Path, required=True, metavar="DIR", help="a voice folder")
    parser.add_argument("--speaker", help="name or number of a speaker (the first)")
    parser.add_argument("--seed", type=int, help="repeat exactly the same speech")
    add = parser.add_argument
    add("--noise-scale", type=float, help="how varied the sound is (the voice's own)")
    add("--noise-scale-duration", type=float, help="how varied the rhythm is (the voice's own)")
    add("--length-scale", type=float, help="factor on every duration: 2 is slow (the voice's own)")
    add("--sentence-silence", type=float, metavar="SECONDS", help="pause between two sentences")
    add("--timings", type=Path, metavar="FILE", help="write start and end of words as JSON")
    add("--device", default="cpu", help="where to compute, e.g. cpu or cuda (%(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Speak and name the file, its length and the real-time factor.

    Raises:
        VitsError: the text, the voice, a value or the output file is at fault.
    """
    from vits.synthesis import load

    _check_outputs(args.output, args.timings)
    text = _read_text(args.text, args.file)
    voice = load(args.voice, args.device)
    start = time.perf_counter()
    speech = voice(
        text,
        speaker=_speaker(voice, args.speaker),
        noise_scale=args.noise_scale,
        noise_scale_duration=args.noise_scale_duration,
        length_scale=args.length_scale,
        sentence_silence=args.sentence_silence,
        seed=args.seed,
    )
    factor = (time.perf_counter() - start) / speech.seconds
    speech.save(args.output)
    if args.timings:
        timings = json.dumps(speech.timings(), indent=2, ensure_ascii=False)
        args.timings.write_text(timings + "\n", encoding="utf-8")
    print(
        f"{args.output}: {speech.seconds:.2f} s of speech, real-time factor {factor:.3f}, "
        f"seed {speech.seed}"
    )
    return 0


def _check_outputs(output: Path, timings: Path | None) -> None:
    """Refuse files that cannot be written before any work is done."""
    from vits.audio.io import FORMATS

    if output.suffix.lower() not in FORMATS:
        raise AudioError(f"{output} must end in one of {', '.join(FORMATS)}")
    for path in (output, timings):
        if path and not path.parent.is_dir():
            raise MissingFileError(f"folder {path.parent} does not exist; create it first")


def _read_text(text: str | None, file: Path | None) -> str:
    """Return the text from the command line, a file, or the standard input."""
    if text is not None and file is not None:
        raise TextError(f"both a text and --file {file} are given; give one of them")
    if file is not None:
        if not file.exists() or file.is_dir():  # a pipe such as /dev/stdin is as good as a file
            raise MissingFileError(f"text file {file} does not exist; check the path")
        with file.open("rb") as stream:
            return _decode(stream, str(file))
    if text is not None and text != "-":
        return text
    if text is None and sys.stdin.isatty():
        raise TextError("no text is given; write it after `vits say`, or use --file or a pipe")
    return _decode(sys.stdin.buffer, "the standard input")


def _decode(stream: BinaryIO, where: str) -> str:
    """Read UTF-8, with or without a byte order mark."""
    from vits.synthesis.script import LONGEST_TEXT

    limit = BYTES_PER_CHARACTER * LONGEST_TEXT
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise TextError(
            f"{where} is longer than the {LONGEST_TEXT:,} characters that can be spoken at once; "
            "split it, for example at its chapters"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(
            f"{where} is not UTF-8 text: byte {data[error.start]:#04x} at position {error.start}; "
            "convert it, e.g. with iconv"
        ) from error


def _speaker(voice: "Voice", speaker: str | None) -> str | int | None:
    """Read a number as a row, except where speakers have numbers for names."""
    numbered = any(name.isdecimal() for name in voice.speakers)
    if speaker is None or numbered or not speaker.isdecimal():
        return speaker
    return int(speaker)
