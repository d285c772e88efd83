"""Alignment of words with espeak-ng's output tokens.

espeak-ng merges words ("of the" -> ``ʌvðə``), splits them and skips some. Each word is also
phonemised alone; words and tokens are then matched in order with the least edit distance between
their phonemes.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from itertools import takewhile
from operator import eq
from typing import NamedTuple

from vits.text.espeak.phonemize import espeak_tokens, without_stress

__all__ = ["WordGroup", "group_words"]

# Maximum number of words that espeak-ng merges into one token.
_MAX_MERGED = 4
# Small cost per merged word or token, to prefer single words if the phonemes do not decide.
_MERGE_COST = 0.01
# Search limit. A clause needs about one expansion per word unless nothing matches.
_MAX_EXPANSIONS = 2000
# Phoneme pairs compared in one search. espeak-ng reads characters of other scripts by long names;
# without a limit a sentence of those took minutes.
_MAX_COMPARED = 2_000_000


class WordGroup(NamedTuple):
    """Words [word_start, word_end) correspond to tokens [token_start, token_end)."""

    word_start: int
    word_end: int
    token_start: int
    token_end: int


@lru_cache(maxsize=65536)
def _phonemize_alone(word: str, language: str) -> str:
    return without_stress("".join(espeak_tokens(word, language)))


def group_words(words: Sequence[str], tokens: Sequence[str], language: str) -> list[WordGroup]:
    """Match words with tokens in order.

    Returns:
        Groups that cover every word and every token once. A group without tokens is one silent
        word; all others have at least one word and one token.
    """
    if len(words) == 1 or not tokens:
        # Without tokens every word is silent.
        return [WordGroup(i, i + 1, 0, len(tokens)) for i in range(len(words))]
    alone = [_phonemize_alone(word, language) for word in words]
    spoken = [without_stress(token) for token in tokens]
    voiced = [i for i, phonemes in enumerate(alone) if phonemes]
    if not voiced:
        return [WordGroup(0, len(words), 0, len(tokens))]
    matched = _match([alone[i] for i in voiced], spoken)
    groups: list[WordGroup] = []
    position = 0
    for first, last, token_start, token_end in matched:
        start, end = voiced[first], voiced[last - 1] + 1
        groups += [WordGroup(i, i + 1, token_start, token_start) for i in range(position, start)]
        groups.append(WordGroup(start, end, token_start, token_end))
        position = end
    silent = range(position, len(words))
    return groups + [WordGroup(i, i + 1, len(tokens), len(tokens)) for i in silent]


def _match(alone: Sequence[str], spoken: Sequence[str]) -> list[WordGroup]:
    """Return the cheapest grouping by Dijkstra's algorithm over (word, token) positions.

    Most words match at no cost, so the search rarely leaves the best path. A prefix of equal words
    and tokens needs no search.
    """
    goal = (len(alone), len(spoken))
    prefix = sum(1 for _ in takewhile(bool, map(eq, alone, spoken)))
    start = (prefix, prefix)
    best = {start: (0.0, start)}
    queue = [(0.0, 0, *start)]
    compared = 0
    for _ in range(_MAX_EXPANSIONS):
        if not queue or compared > _MAX_COMPARED:
            break
        cost, _, i, j = heappop(queue)
        if (i, j) == goal:
            return [WordGroup(k, k + 1, k, k + 1) for k in range(prefix)] + _trace(
                best, start, goal
            )
        if cost > best[i, j][0]:
            continue
        for a, b, charge in _steps(alone, spoken, i, j):
            compared += len("".join(alone[i : i + a])) * len("".join(spoken[j : j + b]))
            if compared > _MAX_COMPARED:
                break
            position, total = (i + a, j + b), cost + charge
            if position not in best or total < best[position][0]:
                best[position] = (total, (i, j))
                # At equal cost, expand the position closest to the goal first.
                heappush(queue, (total, -sum(position), *position))
    if len(alone) == len(spoken):
        return [WordGroup(k, k + 1, k, k + 1) for k in range(len(alone))]
    return [WordGroup(0, len(alone), 0, len(spoken))]


def _steps(
    alone: Sequence[str], spoken: Sequence[str], i: int, j: int
) -> Iterator[tuple[int, int, float]]:
    """Yield (number of words, number of tokens, cost) of the groups that can start at (i, j)."""
    if i == len(alone) or j == len(spoken):
        return
    if alone[i] == spoken[j]:
        # An exact match; no need to consider other groups.
        yield 1, 1, 0.0
        return
    word = token = ""
    for b in range(1, len(spoken) - j + 1):
        token += spoken[j + b - 1]
        # One word can be many tokens ("1234567"), but not more than it has phonemes.
        if b > 1 and len(token) > 2 * len(alone[i]) + 4:
            break
        yield 1, b, _edit_distance(alone[i], token) + _MERGE_COST * (b - 1)
    for a in range(1, min(_MAX_MERGED, len(alone) - i) + 1):
        word += alone[i + a - 1]
        if a > 1:
            yield a, 1, _edit_distance(word, spoken[j]) + _MERGE_COST * (a - 1)
    if i + 2 <= len(alone) and j + 2 <= len(spoken):
        pair = _edit_distance(alone[i] + alone[i + 1], spoken[j] + spoken[j + 1])
        yield 2, 2, pair + 2 * _MERGE_COST


def _trace(
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]],
    start: tuple[int, int],
    position: tuple[int, int],
) -> list[WordGroup]:
    groups: list[WordGroup] = []
    while position != start:
        before = best[position][1]
        groups.append(WordGroup(before[0], position[0], before[1], position[1]))
        position = before
    return groups[::-1]


@lru_cache(maxsize=65536)
def _edit_distance(left: str, right: str) -> int:
    """Return the Levenshtein distance between two phoneme strings."""
    if left == right:
        return 0
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]
