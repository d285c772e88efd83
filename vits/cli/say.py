"""``vits say``: speak a text into an audio file."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from vits.cli.output_paths import require_audio, require_folder
from vits.cli.speaker_audio import add_speaker_audio, read_speaker_audio
from vits.cli.voice_flags import add_device, add_options, add_precision, add_runtime, read_options
from vits.errors import MissingFileError, TextError, name_file

if TYPE_CHECKING:
    from vits.audio.files import AudioWriter
    from vits.audio.wav_stream import WavStreamWriter
    from vits.synthesis import Captions, Speech

__all__ = ["add_parser", "run"]

LONGEST_INPUT = 40_000_000  # bytes, about a hundred books; stops endless input such as /dev/zero
STANDARD_OUTPUT = Path("-")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "say",
        help="speak a text, into an audio file or aloud",
        description="Speak a text into an audio file, or play it with aplay, play, ffplay or mpv.",
        epilog="A voice folder is made with: vits bundle CHECKPOINT -o DIR",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("text", nargs="?", help="the text; '-' or nothing reads the standard input")
    add("--file", type=Path, help="read the text from a file (UTF-8)")
    add(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="audio file to write; the extension selects the format: .wav, .flac, .ogg or .mp3; "
        "'-' streams wav to the standard output; without it the speech is played",
    )
    add("--voice", type=Path, metavar="DIR", help="voice folder (the included English voice)")
    add(
        "--adapter",
        type=Path,
        metavar="FILE",
        help="adapter of the voice, from a run of vits finetune --lora",
    )
    add("--lexicon", type=Path, metavar="FILE", help="pronunciations: a word<TAB>phonemes a line")
    add("--timings", type=Path, metavar="FILE", help="write the times of words as JSON")
    add(
        "--captions",
        type=Path,
        action="append",
        metavar="FILE",
        help="write captions; the extension selects the format: .srt, .vtt, .TextGrid or .json; "
        "may be repeated",
    )
    add(
        "--written-captions",
        action="store_true",
        help="captions show the words as they are written in the text: $100, not one hundred "
        "dollars",
    )
    add_device(parser)
    add_precision(parser)
    add_runtime(parser)
    add_options(parser)
    add_speaker_audio(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Speak sentence by sentence, and print the file, its length and the real-time factor.

    Raises:
        VitsError: an invalid text, voice, option or output file.
    """
    from vits.interop.load import load
    from vits.text import read_lexicon

    _check_outputs(args.output, args.timings, args.captions or [])
    text = _read_text(args.text, args.file)
    lexicon = read_lexicon(args.lexicon) if args.lexicon else None
    voice = load(args.voice, args.device, args.precision, args.adapter, args.runtime)
    voice = voice.with_lexicon(lexicon) if lexicon else voice
    written = text if args.written_captions else None
    piped = args.output in (None, STANDARD_OUTPUT)
    options = read_options(args, voice.speakers)
    if (vector := read_speaker_audio(args, voice)) is not None:
        options["speaker"] = vector
    chunks = voice.stream(text, whole_sentences=not piped, **options)
    if piped:
        from vits.audio.wav_stream import WavStreamWriter

        with _open_stream(args.output) as stream:
            result = _write(chunks, WavStreamWriter(stream, voice.sample_rate), written)
    else:
        from vits.audio.files import AudioWriter

        with AudioWriter(args.output, voice.sample_rate) as writer:
            result = _write(chunks, writer, written)
    captions = result.captions
    if args.timings:
        with name_file(args.timings):
            args.timings.write_text(captions.render("json"), encoding="utf-8")
    for path in args.captions or []:
        captions.write(path)
    print(
        f"{args.output or 'played'}: {captions.seconds:.2f} s of speech, "
        f"real-time factor {result.elapsed / captions.seconds:.3f}, seed {captions.seed}",
        file=sys.stderr if args.output == STANDARD_OUTPUT else sys.stdout,
    )
    return 0


def _open_stream(output: Path | None) -> AbstractContextManager[BinaryIO]:
    """Open the standard output, or a player for None."""
    if output is not None:
        return nullcontext(sys.stdout.buffer)
    from vits.cli.player import open_player

    return open_player()


class _Result(NamedTuple):
    """Times of the speech, and the time to compute it (seconds)."""

    captions: "Captions"
    elapsed: float


def _write(
    chunks: Iterator["Speech"], out: "AudioWriter | WavStreamWriter", written: str | None
) -> _Result:
    """Write chunks as they are computed; only their times are kept."""
    from vits.synthesis import Captions

    captions, elapsed = Captions(written=written), 0.0
    while True:
        started = time.perf_counter()
        chunk = next(chunks, None)
        elapsed += time.perf_counter() - started
        if chunk is None:
            return _Result(captions, elapsed)
        out.write(chunk.samples)
        captions.add(chunk)


def _check_outputs(output: Path | None, timings: Path | None, captions: list[Path]) -> None:
    """Check that all output files can be written, before any work starts."""
    from vits.synthesis.captions import check_captions

    if output is None:
        from vits.cli.player import find_player

        find_player()
    elif output != STANDARD_OUTPUT:
        require_audio(output)
    if timings is not None:
        require_folder(timings)
    for path in captions:
        check_captions(path)


def _read_text(text: str | None, file: Path | None) -> str:
    """Return the text from the command line, a file or the standard input."""
    if text is not None and file is not None:
        raise TextError(f"both a text and --file {file} are given; give one of them")
    if file is not None:
        if not file.exists() or file.is_dir():  # a pipe such as /dev/stdin is fine
            raise MissingFileError(f"text file {file} does not exist; check the path")
        with file.open("rb") as stream:
            return _decode(stream, str(file))
    if text is not None and text != "-":
        return text
    if text is None and sys.stdin.isatty():
        raise TextError("no text is given; write it after `vits say`, or use --file or a pipe")
    return _decode(sys.stdin.buffer, "the standard input")


def _decode(stream: BinaryIO, where: str) -> str:
    """Read UTF-8 with or without a byte order mark."""
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
