"""Seeds: checked, drawn, and independent for every sentence."""

import pytest
import torch

from vits.errors import VoiceError
from vits.synthesis.runtime.seeds import choose_seed, derive_seed, seeded_generator


def test_a_given_seed_is_kept_and_a_missing_one_is_drawn():
    assert choose_seed(7) == 7
    first, second = choose_seed(None), choose_seed(None)
    assert first != second
    assert 0 <= first < 2**63


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True, "7"])
def test_an_impossible_seed_is_an_error(seed):
    with pytest.raises(VoiceError, match="must be a whole number from 0 to"):
        choose_seed(seed)


def test_a_generator_has_the_seed():
    assert seeded_generator(torch.device("cpu"), 3).initial_seed() == 3


def test_every_sentence_has_a_seed_of_its_own():
    seeds = {derive_seed(seed, index) for seed in range(20) for index in range(20)}
    assert len(seeds) == 400
