import random
import re

import pytest

from vits.text.languages.tables import alternatives


@pytest.mark.parametrize("letters", ["ab", "a.²/ ", "abcdef"])
def test_alternatives_match_the_longest_word_that_fits(letters):
    rng = random.Random(0)
    for _ in range(50):
        words = {"".join(rng.choices(letters, k=rng.randrange(1, 5))) for _ in range(6)}
        plain = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
        text = "".join(rng.choices(letters, k=60))
        for stop in ("", "(?!a)", "b"):
            found = re.findall(f"(?:{alternatives(words)}){stop}", text)
            assert found == re.findall(f"(?:{plain}){stop}", text), words
