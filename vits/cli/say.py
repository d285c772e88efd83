"""``vits say``: speak a text into an audio file."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

from vits.cli.output_paths import require_audio, require_folder
from vits.cli.voice_flags import add_device, add_precision
from vits.errors import MissingFileError, TextError, VoiceError

if TYPE_CHECKING:
    from vits.audio.files import AudioWriter
    from vits.audio.wav_stream import WavStreamWriter
    from vits.synthesis import Captions, Speech

__all__ = ["add_parser", "run"]

LONGEST_INPUT = 40_000_000  # bytes, some hundred books; /dev/zero is none
STANDARD_OUTPUT = Path("-")
K = TypeVar("K")


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
        help="the audio file to write; its ending picks the format: .wav, .flac, .ogg or .mp3; "
        "'-' writes wav to the standard output while it speaks",
    )
    parser.add_argument(
        "--voice", type=Path, metavar="DIR", help="a voice folder (the English voice in the box)"
    )
    parser.add_argument(
        "--speaker",
        help="name or number of a speaker, or a mix with weights: 'ada:0.7,bob:0.3' (the first)",
    )
    parser.add_argument("--language", help="which of the voice's languages, where it has several")
    parser.add_argument("--seed", type=int, help="repeat exactly the same speech")
    _add_rhythm(parser)
    _add_rest(parser)
    parser.set_defaults(run=run)


def _add_rhythm(parser: argparse.ArgumentParser) -> None:
    """Add how varied the speech is, how fast, and where it pauses."""
    add = parser.add_argument
    add("--noise-scale", type=float, help="how varied the sound is (the voice's own)")
    add("--noise-scale-duration", type=float, help="how varied the rhythm is (the voice's own)")
    add("--length-scale", type=float, help="factor on every duration: 2 is slow (the voice's own)")
    add("--seconds", type=float, help="how long the whole is to last; pauses stay as they are")
    add(
        "--word-seconds",
        type=_place_and_seconds,
        action="append",
        metavar="PLACE=SECONDS",
        help="how long a word lasts, by its place from 0 on, e.g. '3=0.9'; may be given again",
    )
    add(
        "--phoneme-seconds",
        type=_place_and_seconds,
        action="append",
        metavar="PLACE=SECONDS",
        help="the same for a phoneme; --timings FILE.json tells the places of both",
    )
    add("--sentence-silence", type=float, metavar="SECONDS", help="pause between two sentences")
    add("--paragraph-silence", type=float, metavar="SECONDS", help="pause at an empty line")
    add(
        "--punctuation-silence",
        type=_mark_and_seconds,
        action="append",
        metavar="MARK=SECONDS",
        help="pause after sentences that end with this mark, e.g. '?=0.5'; may be given again",
    )


def _add_rest(parser: argparse.ArgumentParser) -> None:
    """Add how the text is read, what is written besides, and where it is computed."""
    add = parser.add_argument
    add("--ssml", action="store_true", help="the text is SSML")
    add("--lexicon", type=Path, metavar="FILE", help="pronunciations: a word<TAB>phonemes a line")
    add("--timings", type=Path, metavar="FILE", help="write start and end of words as JSON")
    add(
        "--captions",
        type=Path,
        action="append",
        metavar="FILE",
        help="write what is said when; the ending picks the kind: .srt, .vtt, .TextGrid or .json; "
        "may be given again",
    )
    add_device(parser)
    add_precision(parser)


def run(args: argparse.Namespace) -> int:
    """Speak, sentence by sentence, and name the file, its length and the real-time factor.

    Raises:
        VitsError: the text, the voice, a value or the output file is at fault.
    """
    from vits.synthesis import load
    from vits.synthesis.speakers import parse_speaker
    from vits.text import read_lexicon

    _check_outputs(args.output, args.timings, args.captions or [])
    text = _read_text(args.text, args.file)
    lexicon = read_lexicon(args.lexicon) if args.lexicon else None
    voice = load(args.voice, args.device, args.precision)
    voice = voice.with_lexicon(lexicon) if lexicon else voice
    piped = args.output == STANDARD_OUTPUT
    chunks = voice.stream(
        text,
        speaker=None if args.speaker is None else parse_speaker(voice.speakers, args.speaker),
        language=args.language,
        noise_scale=args.noise_scale,
        noise_scale_duration=args.noise_scale_duration,
        length_scale=args.length_scale,
        sentence_silence=args.sentence_silence,
        paragraph_silence=args.paragraph_silence,
        punctuation_silence=_once("--punctuation-silence", args.punctuation_silence),
        seed=args.seed,
        seconds=args.seconds,
        word_seconds=_once("--word-seconds", args.word_seconds),
        phoneme_seconds=_once("--phoneme-seconds", args.phoneme_seconds),
        ssml=args.ssml,
        whole_sentences=not piped,
    )
    if piped:
        from vits.audio.wav_stream import WavStreamWriter

        spoken = _speak(chunks, WavStreamWriter(sys.stdout.buffer, voice.sample_rate))
    else:
        from vits.audio.files import AudioWriter

        with AudioWriter(args.output, voice.sample_rate) as writer:
            spoken = _speak(chunks, writer)
    said = spoken.captions
    if args.timings:
        args.timings.write_text(said.render("json"), encoding="utf-8")
    for path in args.captions or []:
        said.write(path)
    print(
        f"{args.output}: {said.seconds:.2f} s of speech, "
        f"real-time factor {spoken.work / said.seconds:.3f}, seed {said.seed}",
        file=sys.stderr if piped else sys.stdout,
    )
    return 0


class _Spoken(NamedTuple):
    """What was said when, and the time it took to compute (seconds)."""

    captions: "Captions"
    work: float


def _speak(chunks: Iterator["Speech"], out: "AudioWriter | WavStreamWriter") -> _Spoken:
    """Write the chunks as they come; only their times are kept until the end."""
    from vits.synthesis import Captions

    captions, work = Captions(), 0.0
    while True:
        started = time.perf_counter()
        chunk = next(chunks, None)
        work += time.perf_counter() - started
        if chunk is None:
            return _Spoken(captions, work)
        out.write(chunk.samples)
        captions.add(chunk)


def _mark_and_seconds(value: str) -> tuple[str, float]:
    """Read ``?=0.5``."""
    mark, seconds = value[:1], value[1:].removeprefix("=")
    try:
        return mark, float(seconds)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{value!r} must be like '?=0.5'") from error


def _place_and_seconds(value: str) -> tuple[int, float]:
    """Read ``3=0.9``."""
    place, _, seconds = value.partition("=")
    try:
        return int(place), float(seconds)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{value!r} must be a place and its seconds, like '3=0.9'"
        ) from error


def _once(flag: str, pairs: list[tuple[K, float]] | None) -> dict[K, float] | None:
    """Return pairs as a mapping.

    Raises:
        VoiceError: a key stands twice.
    """
    if not pairs:
        return None
    found: dict[K, float] = {}
    for key, seconds in pairs:
        if key in found:
            raise VoiceError(f"{flag} {key}={seconds:g} comes after {key}={found[key]:g}; give one")
        found[key] = seconds
    return found


def _check_outputs(output: Path, timings: Path | None, captions: list[Path]) -> None:
    """Refuse files that cannot be written before any work is done."""
    from vits.synthesis.captions import check_captions

    if output != STANDARD_OUTPUT:
        require_audio(output)
    if timings is not None:
        require_folder(timings)
    for path in captions:
        check_captions(path)


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
    data = stream.read(LONGEST_INPUT + 1)
    if len(data) > LONGEST_INPUT:
        raise TextError(
            f"{where} is longer than {LONGEST_INPUT:,} bytes; split it, for example at its chapters"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(
            f"{where} is not UTF-8 text: byte {data[error.start]:#04x} at position {error.start}; "
            "convert it, e.g. with iconv"
        ) from error
