"""Fuzz test: does any text make a voice crash, hang, or drop a character without a warning?

    python benchmarks/fuzz.py --strings 10000 --json fuzz.json
    python benchmarks/fuzz.py --strings 500 --spoken 1.0 --voice voices/ada
    python benchmarks/fuzz.py --attack

Strings are drawn with a seed: empty strings, control characters, right-to-left scripts, combining
marks, emoji, other scripts, lone surrogates, brackets, numbers, long words, and SSML that is
malformed, deeply nested or an entity bomb. Every string goes through the front end: plain text
sentence by sentence, SSML as a document. A share of them (`--spoken`) is also synthesized.

Three outcomes are allowed: speech, speech with warnings, and a `VitsError` of one line. Counted as
faults are any other exception, a string that takes longer than `--seconds`, and a letter, digit
or symbol of an accepted plain text that is lost silently: removed by cleaning, or dropped with its
sentence or symbol without a warning.

With ``--attack`` hostile files (``hostile_files.py``) are opened by the commands instead. Faults
are a command of the file that is run, more than ten seconds, more than a gigabyte of memory, an
exit status other than 0 and 2, and a message of more than one line.
"""

import argparse
import collections
import contextlib
import io
import json
import random
import resource
import signal
import sys
import tempfile
import time
import unicodedata
import warnings
from collections.abc import Collection, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from hostile_files import MARK, Case, cases

import vits
from vits.cli import main as run_command
from vits.errors import TextError, UnknownSymbolError, VitsError
from vits.synthesis import OnnxVoice, SkippedSentenceWarning, Voice
from vits.synthesis.api import DEFAULT_VOICE
from vits.synthesis.script.sentences import Sentence, check_text, read_sentences
from vits.synthesis.script.ssml import read_ssml
from vits.text import Encoding, UnknownSymbolWarning, clean, split_sentences

WORDS = ("hello", "the", "garden", "Dr.", "3.50", "$5", "o'clock", "1984", "IV", "e.g.", "a", "x")
POOLS = {
    "ascii": [chr(i) for i in range(32, 127)],
    "controls": [chr(i) for i in (*range(32), *range(127, 160))],
    "format": list("\u200b\u200c\u200d\u2060\ufeff\u00ad\u202a\u202e\u2066\u2069\u061c"),
    "hebrew": [chr(i) for i in range(0x5D0, 0x5EB)],
    "arabic": [chr(i) for i in range(0x620, 0x64B)],
    "cyrillic": [chr(i) for i in range(0x410, 0x450)],
    "greek": [chr(i) for i in range(0x391, 0x3CA) if i != 0x3A2],
    "chinese": [chr(i) for i in range(0x4E00, 0x4E60)],
    "kana": [chr(i) for i in range(0x3041, 0x3097)],
    "hangul": [chr(i) for i in range(0xAC00, 0xAC60)],
    "devanagari": [chr(i) for i in range(0x904, 0x93A)],
    "thai": [chr(i) for i in range(0xE01, 0xE3B)],
    "combining": [chr(i) for i in range(0x300, 0x370)],
    "emoji": [*map(chr, range(0x1F600, 0x1F650)), "\u2764\ufe0f", "\U0001f468\u200d\U0001f469"],
    "surrogates": [chr(i) for i in (0xD800, 0xDBFF, 0xDC00, 0xDFFF)],
    "noncharacters": ["\ufdd0", "\ufffe", "\uffff", "\U0010ffff", "\ue000", "\U000f0000"],
    "digits": list("0123456789٠١٢३४５６²½Ⅳ①"),
    "marks": list("…—–-.,;:!?¡¿\"'“”‘’«»()[]{}<>|/\\&*%#@~^_=+°©№"),
    "brackets": ["[[", "]]", "[", "]", "ə", " "],
}
LONGEST_OPENING, MOST_MEMORY = 10, 1 << 30  # seconds and bytes for a hostile file
TAGS = ("speak", "p", "s", "break", "prosody", "phoneme", "say-as", "sub", "voice", "audio", "x:y")
ATTRIBUTES = (
    "",
    " rate='slow'",
    " rate='-200%'",
    " time='500ms'",
    " time='1e9s'",
    " ph='həlˈoʊ'",
    " ph='[[x]]'",
    " alias='one'",
    " interpret-as='digits'",
    " interpret-as='characters'",
    " name='nobody'",
    " onclick='x'",
    " a='1' a='2'",
)
BOMBS = (
    '<!DOCTYPE s [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><speak>&b;</speak>',
    '<!DOCTYPE s SYSTEM "file:///etc/passwd"><speak>a</speak>',
    '<!DOCTYPE s [<!ENTITY % p SYSTEM "http://localhost/x">%p;]><speak>a</speak>',
    "<speak>" + "<prosody rate='1'>" * 5000 + "a" + "</prosody>" * 5000 + "</speak>",
    "<speak>" + "<break time='60s'/>" * 2 + "</speak>",
    "<speak " + " ".join(f"a{i}='1'" for i in range(500)) + ">a</speak>",
    "<speak>" + "&#x10FFFF;" * 50 + "</speak>",
    "<speak>&lol;</speak>",
    "<?xml version='1.0' encoding='utf-7'?><speak>+ADw-</speak>",
)


def draw(rng: random.Random) -> tuple[str, str]:
    """Draw a string; return its kind and the string."""
    kind = rng.choice([*POOLS, "mixed", "words", "long", "ssml", "ssml", "bomb", "empty"])
    if kind == "empty":
        return kind, rng.choice(["", " ", "\n\n", "\x00", "\u200b", "\ufeff", "\u3000"])
    if kind == "bomb":
        return kind, rng.choice(BOMBS)
    if kind == "ssml":
        return kind, f"<speak>{_markup(rng, 0)}</speak>"[: rng.choice([20, 9999, 9999])]
    if kind == "long":
        size = rng.randint(100, 1500)
        return kind, "".join(rng.choices(POOLS[rng.choice(list(POOLS))], k=size))
    if kind == "words":
        return kind, " ".join(rng.choices(WORDS, k=rng.randint(1, 8)))
    pools = list(POOLS.values()) if kind == "mixed" else [POOLS[kind]]
    text = "".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(1, 40)))
    return kind, text + rng.choice(["", " hello.", "\n\nthe garden"])


def _markup(rng: random.Random, depth: int) -> str:
    parts: list[str] = []
    for _ in range(rng.randint(0, 4)):
        if rng.random() < 0.5 or depth > 4:
            pool = POOLS[rng.choice(list(POOLS))]
            parts.append(rng.choice([*WORDS, "".join(rng.choices(pool, k=4))]))
            continue
        tag = rng.choice(TAGS)
        end = rng.choice([f"</{tag}>"] * 9 + ["", "</p>"])
        parts.append(f"<{tag}{rng.choice(ATTRIBUTES)}>{_markup(rng, depth + 1)}{end}")
    return " ".join(parts)


def read(voice: Voice | OnnxVoice, text: str, markup: bool) -> list[Encoding]:
    """Run a text through the front end, as synthesis does."""
    check_text(text)
    front = voice.frontend
    if markup:
        items = read_ssml(front, text, voice.settings, voice.speakers)
        return [item.encoding for item in items if isinstance(item, Sentence)]
    return [item.encoding for item in read_sentences(front, text)]


def find_lost(
    voice: Voice | OnnxVoice,
    text: str,
    encodings: list[Encoding],
    caught: list[warnings.WarningMessage],
) -> str:
    """Return what an accepted plain text lost without a warning, or ""."""
    # the tatweel is a letter in Unicode, but it only stretches a line and has no sound
    audible = {char for char in text if unicodedata.category(char)[0] in "LNS"} - {"\u0640"}
    cleaned = clean(text)
    folded = set(unicodedata.normalize("NFKD", cleaned).casefold())
    for char in audible:
        parts = set(unicodedata.normalize("NFKD", char).casefold())
        if char not in cleaned and not parts & folded and clean(f"a{char}b") == "ab":
            return f"{char!a} is cleaned away"
    dropped = sum(sum(encoding.dropped.values()) for encoding in encodings)
    if dropped and not any(w.category is UnknownSymbolWarning for w in caught):
        return f"{dropped} symbols are dropped"
    silent = 0
    for piece in split_sentences(text):
        if not piece.strip():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                voice.frontend.encode(piece)
            except UnknownSymbolError:
                silent += 1
            except TextError:
                silent += any(unicodedata.category(char)[0] in "LNS" for char in clean(piece))
    return f"{silent} sentences lose symbols" if silent and not caught else ""


def try_one(voice: Voice | OnnxVoice, text: str, markup: bool, spoken: bool) -> tuple[str, str]:
    """Return the outcome of a string, and a description if it is a fault."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            encodings = read(voice, text, markup)
            if spoken:
                voice(text, ssml=markup, seed=1)
    except VitsError as error:
        return ("refused", "") if "\n" not in str(error) else ("fault", f"two lines: {error!r}")
    except Exception as error:  # the faults to find
        return "fault", f"{type(error).__name__}: {error}"
    unexpected = [
        w for w in caught if w.category not in (UnknownSymbolWarning, SkippedSentenceWarning)
    ]
    if unexpected:
        return "fault", f"warning: {unexpected[0].message}"
    lost = "" if markup else find_lost(voice, text, encodings, caught)
    return ("fault", lost) if lost else ("reported" if caught else "clean", "")


def fuzz(
    voice: Voice | OnnxVoice, strings: int, *, spoken: float, seed: int, seconds: float
) -> tuple[dict[str, Any], list[str]]:
    """Try strings; return the counts and one line per fault."""
    rng = random.Random(seed)
    counts: collections.Counter[str] = collections.Counter()
    kinds: collections.Counter[str] = collections.Counter()
    faults: list[str] = []
    slowest = 0.0
    for number in range(strings):
        kind, text = draw(rng)
        synthesized = rng.random() < spoken and kind != "long"
        started = time.monotonic()
        outcome, reason = try_one(voice, text, kind in ("ssml", "bomb"), synthesized)
        elapsed = time.monotonic() - started
        slowest = max(slowest, elapsed)
        if elapsed > seconds:
            outcome, reason = "fault", f"took {elapsed:.1f} s"
        counts[outcome] += 1
        counts["spoken"] += synthesized
        kinds[kind] += 1
        if outcome == "fault":
            faults.append(f"string {number} ({kind}) {text[:80]!a}: {reason}")
    outcomes = {key: counts[key] for key in ("clean", "reported", "refused", "fault", "spoken")}
    return {"strings": strings, **outcomes, "slowest_s": slowest, "kinds": dict(kinds)}, faults


def open_hostile(case: Case, folder: Path) -> tuple[int, str]:
    """Open a hostile file with its command; return the exit status and a fault or ""."""
    folder.mkdir(parents=True)
    arguments = case.write(folder)
    said = io.StringIO()
    with (
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        status = run_command(arguments)
    errors = [line for line in said.getvalue().splitlines() if line.startswith("vits: error")]
    if list(folder.rglob(MARK)) or (folder.parent / MARK).exists():
        return status, "it was run"
    if status not in (0, 2) or "Traceback" in said.getvalue() or len(errors) != (status == 2):
        return status, f"status {status}: {said.getvalue()[-300:]!r}"
    return status, ""


def attack(voice: Path, kinds: Collection[str] = ()) -> tuple[dict[str, Any], list[str]]:
    """Open every hostile file; return the figures and one line per fault.

    Args:
        voice: a voice folder, which the hostile ones are made of.
        kinds: kinds of files; empty: all.
    """
    counts, faults = collections.Counter[str](), list[str]()
    slowest = largest = 0.0
    if not kinds or "yaml" in kinds:
        import_module("vits.training.command")  # takes seconds, which are not those of a file
    for case in cases(voice):
        if kinds and case.kind not in kinds:
            continue
        counts[case.kind] += 1
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                with alarm(LONGEST_OPENING):
                    status, fault = open_hostile(case, Path(folder, "in") / "here")
            except TooLong:
                status, fault = -1, "is never opened"
        counts["refused"] += status == 2
        seconds = time.monotonic() - started
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
        slowest, largest = max(slowest, seconds), max(largest, grown)
        if seconds > LONGEST_OPENING:
            fault = f"{fault}, {seconds:.0f} s"
        if grown > MOST_MEMORY:
            fault = f"{grown >> 20} MiB of memory"
        if fault:
            faults.append(f"{case.kind}: {case.name}: {fault}")
    figures = {"files": sum(counts.values()) - counts["refused"], **counts}
    return figures | {"slowest_s": slowest, "memory_mib": largest / (1 << 20)}, faults


class TooLong(BaseException):
    """A file is not opened in time; no command takes it for an error of its own."""


@contextlib.contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """Interrupt what takes too long, even if it waits for a pipe.

    Raises:
        TooLong: it does.
    """

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def main() -> int:
    """Print the counts and the faults; return 1 if there are faults."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--strings", type=int, default=10_000)
    parser.add_argument(
        "--spoken", type=float, default=0.02, help="share of the strings that is also synthesized"
    )
    parser.add_argument("--voice", type=Path, help="a voice folder (default: the bundled voice)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="maximum time for one string")
    parser.add_argument("--attack", action="store_true", help="open hostile files instead")
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    if args.attack:
        figures, faults = attack((args.voice or DEFAULT_VOICE).resolve())
    else:
        figures, faults = fuzz(
            vits.load(args.voice),
            args.strings,
            spoken=args.spoken,
            seed=args.seed,
            seconds=args.seconds,
        )
    for line in faults[:50]:
        print(line)
    print(json.dumps(figures))
    if args.json:
        args.json.write_text(json.dumps({**figures, "faults": faults}, indent=2) + "\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
