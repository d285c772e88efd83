"""Make a small corpus without recordings: espeak-ng synthesises short sentences.

The folder has LJSpeech's layout: ``metadata.csv`` (``id|text|text``) and ``wavs/ID.wav``. The
sentences come from a small grammar and a seed, and espeak-ng is deterministic, so the same
arguments give the same bytes. The synthetic voice only shows that training works.
"""

import argparse
import ctypes
import itertools
import random
import re
import sys
from pathlib import Path

import espeakng_loader
import numpy as np
import soundfile
from numpy.typing import NDArray

TEMPLATES = (
    "{name} {verb}s.",
    "{name} {verb}s {adverb}.",
    "Good {time}, {name}!",
    "Where is the {noun}?",
    "The {adjective} {noun} {verb}s.",
    "{name} and {name} {verb}.",
    "Why does the {noun} {verb}?",
    "A {noun} {verb}s near the {noun}.",
    "The {noun} is {adjective}.",
    "{name} has the {adjective} {noun}.",
)

VOCABULARY = """
name Ada Ben Carla Joy Thor Vera Hugh Zoe George Ruth
noun ship bird house garden river mouse church boy teacher bridge moth village king nurse song shoe
verb sing jump work think move laugh play rest wait call
adverb today again slowly loudly together early warmly
adjective old young blue quick cheap warm thin rich loud foggy purple azure
time morning evening night
"""
WORDS = {kind: words for kind, *words in map(str.split, VOCABULARY.strip().splitlines())}

# From espeak-ng's speak_lib.h.
RETRIEVE_AUDIO_SYNCHRONOUSLY = 2
DO_NOT_EXIT_ON_ERROR = 0x8000
UTF8 = 1
VOLUME = 2  # the parameter; its default, 100, comes close to clipping
CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Espeak:
    """espeak-ng as a synthesiser, with the library of the package espeakng-loader."""

    def __init__(self, voice: str) -> None:
        """Load the library and choose a voice, e.g. ``en-us``."""
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        folder = espeakng_loader.get_data_path().encode()
        self.sample_rate = int(
            self._library.espeak_Initialize(
                RETRIEVE_AUDIO_SYNCHRONOUSLY, 0, folder, DO_NOT_EXIT_ON_ERROR
            )
        )
        if self.sample_rate <= 0:
            raise RuntimeError(f"espeak-ng cannot read its data in {folder.decode()}")
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"voice {voice!r} must be one of espeak-ng's, e.g. 'en-us'")
        self._library.espeak_SetParameter(VOLUME, 70, 0)
        self._chunks: list[NDArray[np.int16]] = []
        # The library keeps only the address, so the callback must live as long as the library.
        self._callback = CALLBACK(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str) -> NDArray[np.int16]:
        """Return the samples (L,) of ``text``."""
        self._chunks.clear()
        data = text.encode()
        size = ctypes.c_size_t(len(data) + 1)
        status = self._library.espeak_Synth(data, size, 0, 0, 0, UTF8, None, None)
        if status != 0 or not self._chunks:
            raise RuntimeError(f"espeak-ng returned no samples for {text!r} (status {status})")
        return np.concatenate(self._chunks)

    def _collect(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: object) -> int:
        """Store a copy of the samples; return 0 to continue."""
        if count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


def make_sentences(count: int, seed: int) -> list[str]:
    """Return ``count`` different sentences; the result depends on the seed only."""
    rng = random.Random(seed)
    sentences: dict[str, None] = {}
    # Templates alternate, so short and long sentences are about equally frequent.
    for template in itertools.cycle(TEMPLATES):
        words = {kind: iter(rng.sample(known, len(known))) for kind, known in WORDS.items()}
        sentence = re.sub(r"{(\w+)}", lambda gap, words=words: next(words[gap[1]]), template)
        sentences[sentence] = None
        if len(sentences) == count:
            break
    return list(sentences)


def write_corpus(folder: Path, count: int, seed: int, voice: str) -> float:
    """Write the corpus into ``folder`` and return its length in seconds."""
    espeak = Espeak(voice)
    (folder / "wavs").mkdir(parents=True, exist_ok=True)
    rows, samples = [], 0
    for number, sentence in enumerate(make_sentences(count, seed), start=1):
        name = f"demo-{number:04d}"
        wave = espeak.speak(sentence)
        soundfile.write(folder / "wavs" / f"{name}.wav", wave, espeak.sample_rate)
        rows.append(f"{name}|{sentence}|{sentence}\n")
        samples += len(wave)
    (folder / "metadata.csv").write_text("".join(rows), encoding="utf-8")
    return samples / espeak.sample_rate


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of the corpus")
    parser.add_argument("--count", type=int, default=200, help="number of sentences (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sentences (%(default)s)")
    parser.add_argument("--voice", default="en-us", help="voice of espeak-ng (%(default)s)")
    args = parser.parse_args()
    if not 1 <= args.count <= 2000:
        parser.error(f"--count {args.count} must be from 1 to 2000; the grammar is small")
    try:
        seconds = write_corpus(args.folder, args.count, args.seed, args.voice)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    print(f"{args.count} sentences, {seconds:.0f} seconds of speech in {args.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
