"""Bigram language models in the ARPA format that recognisers read."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from vits.data.prepared.manifest import numbered_lines
from vits.errors import DataError
from vits.evaluation.evaluators.error_rates import plain_words

__all__ = [
    "Bigrams",
    "CorpusCounts",
    "LanguageModel",
    "build_bigrams",
    "train_language_model",
    "write_arpa",
]

START, END = "<s>", "</s>"
_UNKNOWN = ""
_NEVER = -99.0  # ARPA's logarithm of zero
_DISCOUNT = 0.75  # subtracted from every bigram count; the usual value, not fitted to any text


class CorpusCounts(NamedTuple):
    """Statistics of the training text.

    Attributes:
        sentences: sentences that were counted.
        left_out: sentences left out because they are to be recognised.
        words: words that were counted.
        unknown_words: words skipped because the recogniser does not know them.
    """

    sentences: int
    left_out: int
    words: int
    unknown_words: int


class LanguageModel(NamedTuple):
    """Description of a recogniser's bigram model.

    Attributes:
        file: name of the file with its sentences.
        counts: statistics of these sentences.
        absent: words of the texts to be recognised that the model lacks.
        words: words of those texts.
    """

    file: str
    counts: CorpusCounts
    absent: int
    words: int


@dataclass(frozen=True)
class Bigrams:
    """Bigram probabilities with Kneser-Ney smoothing.

    With c(h, w) the bigram counts, N(h) their sum over w, T(h) the number of different words after
    h, P(w) the share of w in all different bigrams, and the discount D:

        P(w | h) = (c(h, w) - D [c(h, w) > 0] + D T(h) P(w)) / N(h)

    A word that is frequent after a single word only is therefore not expected elsewhere.

    Source: Kneser and Ney 1995, "Improved backing-off for m-gram language modeling"; interpolated
    as by Chen and Goodman 1999.

    Attributes:
        continuations: number of different words that each word follows; all words unknown to the
            recogniser count as one. ``</s>`` follows some, ``<s>`` none.
        pairs: bigram counts: history -> word -> count.
        counts: statistics of the training text.
        unseen: words without counts that may occur. The unigram discount is shared equally among
            all words.
    """

    continuations: Counter[str]
    pairs: dict[str, Counter[str]]
    counts: CorpusCounts
    unseen: frozenset[str] = frozenset()

    def unigram(self, word: str) -> float:
        """Return P(word); 0 for a word that has no count and is not in the vocabulary."""
        if word not in self.continuations and word not in self.unseen:
            return 0.0
        kept = max(self.continuations[word] - _DISCOUNT, 0)
        spread = _DISCOUNT * len(self.continuations) / (len(self.continuations) + len(self.unseen))
        return (kept + spread) / self.continuations.total()

    def probability(self, word: str, history: str) -> float:
        """Return P(word | history); 0 for a word without counts."""
        after = self.pairs.get(history)
        discounted = max(after[word] - _DISCOUNT, 0) / after.total() if after else 0.0
        return discounted + self.backoff(history) * self.unigram(word)

    def backoff(self, history: str) -> float:
        """Return the backoff weight of a history, by which P(w) is multiplied."""
        after = self.pairs.get(history)
        return _DISCOUNT * len(after) / after.total() if after else 1.0


def build_bigrams(
    sentences: Iterable[Sequence[str]],
    knows: Callable[[str], bool] = lambda word: True,
    without: Iterable[Sequence[str]] = (),
    vocabulary: Iterable[str] = (),
) -> Bigrams:
    """Count the bigrams of sentences.

    Args:
        sentences: plain words of each sentence.
        knows: returns whether the recogniser knows a word. Unknown words are skipped, and no bigram
            is counted across them.
        without: sentences to leave out, because they are to be recognised.
        vocabulary: words that may occur although no sentence has them.

    Raises:
        DataError: no words are left to count.
    """
    held_out = {tuple(sentence) for sentence in without}
    pairs, known = dict[str, Counter[str]](), dict[str, bool]()
    n_used = left_out = words = unknown = 0
    for sentence in sentences:
        if not sentence:
            continue
        if tuple(sentence) in held_out:
            left_out += 1
            continue
        n_used += 1
        history = START
        for word in (*sentence, END):
            if word != END and not known.setdefault(word, word in known or knows(word)):
                unknown += 1
                history = _UNKNOWN
                continue
            words += word != END
            pairs.setdefault(history, Counter())[word] += 1
            history = word
    if not words:
        raise DataError("the sentences hold no word that the recogniser knows; use others")
    continuations = Counter(word for after in pairs.values() for word in after)
    pairs.pop(_UNKNOWN, None)
    unseen = frozenset(vocabulary) - continuations.keys()
    return Bigrams(continuations, pairs, CorpusCounts(n_used, left_out, words, unknown), unseen)


def write_arpa(path: Path, model: Bigrams) -> None:
    """Write a model as an ARPA file, with base-10 logarithms."""
    words = sorted({*model.continuations, *model.unseen})
    n_pairs = sum(len(after) for after in model.pairs.values())
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"\\data\\\nngram 1={len(words) + 1}\nngram 2={n_pairs}\n\n\\1-grams:\n")
        file.write(f"{_NEVER:.4f}\t{START}\t{math.log10(model.backoff(START)):.6f}\n")
        for word in words:
            share, backoff = math.log10(model.unigram(word)), math.log10(model.backoff(word))
            file.write(f"{share:.6f}\t{word}\t{backoff:.6f}\n")
        file.write("\n\\2-grams:\n")
        for history in sorted(model.pairs):
            for word in sorted(model.pairs[history]):
                probability = math.log10(model.probability(word, history))
                file.write(f"{probability:.6f}\t{history} {word}\n")
        file.write("\n\\end\\\n")


def train_language_model(
    source: Path,
    target: Path,
    knows: Callable[[str], bool],
    texts: Sequence[str],
    vocabulary: Iterable[str] = (),
) -> LanguageModel:
    """Train a bigram model on English sentences and write it as an ARPA file.

    Args:
        source: text file with a sentence on each line.
        target: the ARPA file to write.
        knows: returns whether the recogniser knows a word.
        texts: texts to be recognised; their sentences are left out.
        vocabulary: words that may occur although no sentence has them.

    Raises:
        MissingFileError: the text file does not exist.
        DataError: it is not UTF-8, or holds no word that the recogniser knows.
    """
    held_out = [plain_words(text) for text in texts]
    lines = (plain_words(line) for _, line in numbered_lines(source))
    model = build_bigrams(lines, knows, held_out, vocabulary)
    write_arpa(target, model)
    words = [word for sentence in held_out for word in sentence]
    absent = sum(word not in model.continuations and word not in model.unseen for word in words)
    return LanguageModel(source.name, model.counts, absent, len(words))
