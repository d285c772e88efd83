import copy

import torch

from vits.config import FrontendConfig
from vits.interop import equivalence
from vits.text import Frontend, SymbolTable


def test_extreme_durations_are_not_compared(make_voice):
    voice = copy.deepcopy(make_voice(1, "deterministic").bundle)
    with torch.no_grad():
        voice.generator.duration_predictor.projection.bias.fill_(9.0)
    reason = equivalence.compare_voices(voice, voice)
    assert isinstance(reason, str)
    assert "frames must be at most" in reason


def test_voices_without_a_symbol_in_common_are_not_compared(make_voice):
    one, other = (
        make_voice(
            kind="deterministic",
            frontend=Frontend(
                FrontendConfig(backend="graphemes", normalize=False), SymbolTable((*letters,))
            ),
        ).bundle
        for letters in ("_ab", "_cd")
    )
    assert equivalence.compare_voices(one, other) == "the voices share no symbol"


def test_a_different_voice_is_detected(make_voice):
    voice = make_voice(1, "deterministic").bundle
    other = copy.deepcopy(voice)
    with torch.no_grad():
        other.generator.decoder.post.weight.mul_(1.01)
    result = equivalence.compare_voices(voice, other)
    assert result.difference > 1e-3 * result.peak
    assert equivalence.compare_voices(voice, voice).difference == 0
    assert equivalence.compare_ids(voice.frontend, other.frontend)
