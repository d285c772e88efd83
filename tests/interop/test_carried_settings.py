import dataclasses

import pytest
import torch

from vits.config import FrontendConfig
from vits.errors import ConfigError, VoiceError
from vits.interop.carried_settings import (
    CarriedSettings,
    read_carried_settings,
    write_carried_settings,
)
from vits.interop.symbol_table import EMBEDDING, move_blank_first
from vits.text import Frontend, SymbolTable


@pytest.fixture
def voice(make_voice):
    """A voice whose blank is the last of its symbols."""
    config = FrontendConfig(backend="graphemes", normalize=False, blank="#")
    return make_voice(frontend=Frontend(config, SymbolTable((*"ab#",))))


def test_nothing_is_carried_by_default():
    assert read_carried_settings({}) == CarriedSettings()
    with pytest.raises(ConfigError, match="vits"):
        read_carried_settings({"other": 1})


def test_the_entry_restores_symbols_and_settings(voice):
    bundle = voice.bundle
    frontend, weights, order = move_blank_first(bundle.frontend, bundle.generator.state_dict())
    carried = read_carried_settings(write_carried_settings(voice, order))
    assert (carried.card, carried.inference) == (bundle.card, bundle.settings)
    restored, tensors = carried.restore_symbols(frontend, weights, "x")
    assert restored.to_dict() == bundle.frontend.to_dict()
    assert torch.equal(tensors[EMBEDDING], bundle.generator.state_dict()[EMBEDDING])


def test_an_entry_that_contradicts_the_format_is_an_error(voice):
    bundle = voice.bundle
    frontend, weights, order = move_blank_first(bundle.frontend, bundle.generator.state_dict())
    carried = read_carried_settings(write_carried_settings(voice, order))
    for rows in ((0, 1, 1), (1, 0, 2)):
        with pytest.raises(VoiceError, match="contradict the symbols of the voice"):
            dataclasses.replace(carried, rows=rows).restore_symbols(frontend, weights, "x")
    audio = dataclasses.replace(bundle.generator.config.audio, sample_rate=8000)
    with pytest.raises(VoiceError, match="sample_rate is 16000, but its other settings say 8000"):
        carried.refine_audio(audio, "x")
