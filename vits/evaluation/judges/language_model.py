"""A bigram model of sentences, in the ARPA form that recognisers read."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from vits.data.prepared.manifest import numbered_lines
from vits.errors import DataError
from vits.evaluation.judges.error_rates import plain_words

__all__ = ["Bigrams", "Counted", "Model", "build_bigrams", "learn", "write_arpa"]

START, END = "<s>", "</s>"
_UNKNOWN = ""
_NEVER = -99.0  # ARPA's logarithm of zero
_DISCOUNT = 0.75  # taken off the count of every pair; what is usual, not fitted to any text


class Counted(NamedTuple):
    """What a model was made of.

    Attributes:
        sentences: sentences that were counted.
        left_out: sentences that are among those to be recognised.
        words: words that were counted.
        unknown_words: words that the recogniser does not know; they were passed over.
    """

    sentences: int
    left_out: int
    words: int
    unknown_words: int


class Model(NamedTuple):
    """A bigram model that a recogniser listens with.

    Attributes:
        file: where its sentences are.
        counted: what was counted of them.
        absent: words of the texts to be recognised that it does not have.
        words: words of those texts.
    """

    file: str
    counted: Counted
    absent: int
    words: int


@dataclass(frozen=True)
class Bigrams:
    """Word probabilities after one word, smoothed as by Kneser and Ney.

    With c(h, w) counts, N(h) their sum, T(h) the number of different words after h, P(w) the share
    of w in all different pairs, and the discount D:

        P(w | h) = (c(h, w) - D [c(h, w) > 0] + D T(h) P(w)) / N(h)

    So a word that is frequent after one other word only is not expected after all.

    Source: Kneser and Ney 1995, "Improved backing-off for m-gram language modeling"; interpolated
    as by Chen and Goodman 1999.

    Attributes:
        befores: how many different words each word follows; words that the recogniser does not know
            are one. ``</s>`` follows some, ``<s>`` none.
        pairs: how often each word follows each.
        counted: what they were counted in.
        unseen: words that were not counted and may be said all the same. What the discount takes
            off the words alone is shared out evenly among all words.
    """

    befores: Counter[str]
    pairs: dict[str, Counter[str]]
    counted: Counted
    unseen: frozenset[str] = frozenset()

    def alone(self, word: str) -> float:
        """Return P(word); 0 for a word that is neither counted nor in the vocabulary."""
        if word not in self.befores and word not in self.unseen:
            return 0.0
        kept = max(self.befores[word] - _DISCOUNT, 0)
        spread = _DISCOUNT * len(self.befores) / (len(self.befores) + len(self.unseen))
        return (kept + spread) / self.befores.total()

    def probability(self, word: str, history: str) -> float:
        """Return P(word | history); 0 for a word that was never counted."""
        after = self.pairs.get(history)
        seen = max(after[word] - _DISCOUNT, 0) / after.total() if after else 0.0
        return seen + self.backoff(history) * self.alone(word)

    def backoff(self, history: str) -> float:
        """Return what P(w) is multiplied by for a word w that never follows the history."""
        after = self.pairs.get(history)
        return _DISCOUNT * len(after) / after.total() if after else 1.0


def build_bigrams(
    sentences: Iterable[Sequence[str]],
    knows: Callable[[str], bool] = lambda word: True,
    without: Iterable[Sequence[str]] = (),
    vocabulary: Iterable[str] = (),
) -> Bigrams:
    """Count sentences.

    Args:
        sentences: plain words of each.
        knows: whether the recogniser can say a word. One that it cannot is passed over, and no
            pair is counted across it.
        without: sentences that must not be learned, because they are to be recognised.
        vocabulary: words that may be said though no sentence has them.

    Raises:
        DataError: nothing is left to count.
    """
    held = {tuple(sentence) for sentence in without}
    pairs, known = dict[str, Counter[str]](), dict[str, bool]()
    used = left_out = words = unknown = 0
    for sentence in sentences:
        if not sentence:
            continue
        if tuple(sentence) in held:
            left_out += 1
            continue
        used += 1
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
        raise DataError("the sentences hold no word that the recogniser knows; give others")
    befores = Counter(word for after in pairs.values() for word in after)
    pairs.pop(_UNKNOWN, None)
    unseen = frozenset(vocabulary) - befores.keys()
    return Bigrams(befores, pairs, Counted(used, left_out, words, unknown), unseen)


def write_arpa(path: Path, model: Bigrams) -> None:
    """Write a model as an ARPA file, logarithms to the base 10."""
    words = sorted({*model.befores, *model.unseen})
    n_pairs = sum(len(after) for after in model.pairs.values())
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"\\data\\\nngram 1={len(words) + 1}\nngram 2={n_pairs}\n\n\\1-grams:\n")
        file.write(f"{_NEVER:.4f}\t{START}\t{math.log10(model.backoff(START)):.6f}\n")
        for word in words:
            share, backoff = math.log10(model.alone(word)), math.log10(model.backoff(word))
            file.write(f"{share:.6f}\t{word}\t{backoff:.6f}\n")
        file.write("\n\\2-grams:\n")
        for history in sorted(model.pairs):
            for word in sorted(model.pairs[history]):
                chance = math.log10(model.probability(word, history))
                file.write(f"{chance:.6f}\t{history} {word}\n")
        file.write("\n\\end\\\n")


def learn(
    source: Path,
    target: Path,
    knows: Callable[[str], bool],
    texts: Sequence[str],
    vocabulary: Iterable[str] = (),
) -> Model:
    """Make the ARPA file of a recogniser out of English sentences.

    Args:
        source: a text file with a sentence on each line.
        target: the ARPA file to write.
        knows: whether the recogniser can say a word.
        texts: what is to be recognised; these sentences are not learned.
        vocabulary: words that may be said though no sentence has them.

    Raises:
        MissingFileError: there is no such file.
        DataError: it is not UTF-8, or holds no word that the recogniser knows.
    """
    held = [plain_words(text) for text in texts]
    lines = (plain_words(line) for _, line in numbered_lines(source))
    model = build_bigrams(lines, knows, held, vocabulary)
    write_arpa(target, model)
    said = [word for sentence in held for word in sentence]
    absent = sum(word not in model.befores and word not in model.unseen for word in said)
    return Model(source.name, model.counted, absent, len(said))
