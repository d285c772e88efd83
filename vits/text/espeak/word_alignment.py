"""Which words of the text each token of espeak-ng's output says.

espeak-ng merges words ("of the" -> ``ʌvðə``), splits them and leaves some silent. Each word is
also phonemised alone; words and tokens are then matched in order, so that the phonemes differ as
little as possible.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from itertools import takewhile
from operator import eq
from typing import NamedTuple

from vits.text.espeak.phonemize import espeak_tokens, without_stress

__all__ = ["Group", "group_words"]

# espeak-ng joins at most this many words to one token.
_MOST_MERGED = 4
# A small charge for every word or token that is joined: single words where phonemes do not decide.
_JOINED = 0.01
# A clause needs about as many as it has words; where nothing matches, the search is given up.
_MOST_EXPANSIONS = 2000
# Pairs of phonemes compared in one search. espeak-ng reads signs of a foreign script by long names;
# without a bound one sentence of those took minutes.
_MOST_COMPARED = 2_000_000


class Group(NamedTuple):
    """Words [word_start, word_end) are said by tokens [token_start, token_end)."""

    word_start: int
    word_end: int
    token_start: int
    token_end: int


@lru_cache(maxsize=65536)
def _alone(word: str, language: str) -> str:
    return without_stress("".join(espeak_tokens(word, language)))


def group_words(words: Sequence[str], tokens: Sequence[str], language: str) -> list[Group]:
    """Match words with tokens, both in order.

    Returns:
        Groups that cover every word and every token once. A group without tokens is one silent
        word; every other has at least one word and one token.
    """
    if len(words) == 1 or not tokens:
        # Without tokens nothing was said, and each word is silent on its own.
        return [Group(i, i + 1, 0, len(tokens)) for i in range(len(words))]
    alone = [_alone(word, language) for word in words]
    said = [without_stress(token) for token in tokens]
    voiced = [i for i, phonemes in enumerate(alone) if phonemes]
    if not voiced:
        return [Group(0, len(words), 0, len(tokens))]
    matched = _match([alone[i] for i in voiced], said)
    groups: list[Group] = []
    position = 0
    for first, last, token_start, token_end in matched:
        start, end = voiced[first], voiced[last - 1] + 1
        groups += [Group(i, i + 1, token_start, token_start) for i in range(position, start)]
        groups.append(Group(start, end, token_start, token_end))
        position = end
    silent = range(position, len(words))
    return groups + [Group(i, i + 1, len(tokens), len(tokens)) for i in silent]


def _match(alone: Sequence[str], said: Sequence[str]) -> list[Group]:
    """Return the cheapest groups of words and tokens: Dijkstra's search over (word, token).

    Nearly all words match at no cost, so the search hardly leaves the best path; where it starts
    with such words, there is nothing to search.
    """
    goal = (len(alone), len(said))
    sure = sum(1 for _ in takewhile(bool, map(eq, alone, said)))
    start = (sure, sure)
    came = {start: (0.0, start)}
    queue = [(0.0, 0, *start)]
    compared = 0
    for _ in range(_MOST_EXPANSIONS):
        if not queue or compared > _MOST_COMPARED:
            break
        cost, _, i, j = heappop(queue)
        if (i, j) == goal:
            return [Group(k, k + 1, k, k + 1) for k in range(sure)] + _trace(came, start, goal)
        if cost > came[i, j][0]:
            continue
        for a, b, charge in _steps(alone, said, i, j):
            compared += len("".join(alone[i : i + a])) * len("".join(said[j : j + b]))
            if compared > _MOST_COMPARED:
                break
            place, total = (i + a, j + b), cost + charge
            if place not in came or total < came[place][0]:
                came[place] = (total, (i, j))
                # Of equals, the one further on: it is nearer the goal.
                heappush(queue, (total, -sum(place), *place))
    if len(alone) == len(said):
        return [Group(k, k + 1, k, k + 1) for k in range(len(alone))]
    return [Group(0, len(alone), 0, len(said))]


def _steps(
    alone: Sequence[str], said: Sequence[str], i: int, j: int
) -> Iterator[tuple[int, int, float]]:
    """Yield (words, tokens, cost) of the groups that may start here."""
    if i == len(alone) or j == len(said):
        return
    if alone[i] == said[j]:
        # No other group that starts here is likelier, and most words end here.
        yield 1, 1, 0.0
        return
    word = token = ""
    for b in range(1, len(said) - j + 1):
        token += said[j + b - 1]
        # One word may be many tokens ("1234567"), but no more than it has phonemes.
        if b > 1 and len(token) > 2 * len(alone[i]) + 4:
            break
        yield 1, b, _distance(alone[i], token) + _JOINED * (b - 1)
    for a in range(1, min(_MOST_MERGED, len(alone) - i) + 1):
        word += alone[i + a - 1]
        if a > 1:
            yield a, 1, _distance(word, said[j]) + _JOINED * (a - 1)
    if i + 2 <= len(alone) and j + 2 <= len(said):
        pair = _distance(alone[i] + alone[i + 1], said[j] + said[j + 1])
        yield 2, 2, pair + 2 * _JOINED


def _trace(
    came: dict[tuple[int, int], tuple[float, tuple[int, int]]],
    start: tuple[int, int],
    place: tuple[int, int],
) -> list[Group]:
    groups: list[Group] = []
    while place != start:
        before = came[place][1]
        groups.append(Group(before[0], place[0], before[1], place[1]))
        place = before
    return groups[::-1]


@lru_cache(maxsize=65536)
def _distance(left: str, right: str) -> int:
    """Return the Levenshtein distance of two phoneme strings."""
    if left == right:
        return 0
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]
