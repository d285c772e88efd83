import dataclasses

import pytest

from vits.errors import VoiceError
from vits.interop.infer_config import DeclaredConfig, infer_config, require_consistent


def declare(config):
    return DeclaredConfig(
        audio=config.audio,
        upsample_rates=config.decoder.upsample_rates,
        resblock_dilations=config.decoder.resblock_dilations,
        segment_frames=config.segment_frames,
    )


@pytest.mark.parametrize(
    ("n_speakers", "kind", "resblock"),
    [(1, "stochastic", "1"), (3, "deterministic", "2")],
)
def test_shapes_and_declared_values_give_the_configuration(make_voice, n_speakers, kind, resblock):
    voice = make_voice(n_speakers, kind, resblock, discriminators=True)
    generator = voice.bundle.generator
    found = infer_config(generator.state_dict(), voice.discriminators, declare(generator.config))
    assert found == generator.config


def test_what_contradicts_the_shapes_is_named(make_voice):
    generator = make_voice().bundle.generator
    weights, declared = generator.state_dict(), declare(generator.config)
    audio = dataclasses.replace(declared.audio, n_fft=256, win_length=256)
    for changes, message in (
        ({"audio": audio}, "takes 65 bins, but a transform of 256 samples has 129"),
        ({"upsample_rates": (32,)}, "the tensors show 2 stages"),
        ({"resblock_dilations": ((1, 3), (1, 3))}, "residual blocks of .* convolutions"),
    ):
        with pytest.raises(VoiceError, match=message):
            infer_config(weights, None, dataclasses.replace(declared, **changes))
    del weights["text_encoder.embedding.weight"]
    with pytest.raises(VoiceError, match=r"text_encoder\.embedding\.weight is missing"):
        infer_config(weights, None, declared)


def test_settings_must_agree_with_the_tensors():
    require_consistent({"size": (3, 3), "unknown": (None, 5)}, "x.json")
    with pytest.raises(VoiceError, match=r"x\.json: size is 3, but the tensors say 4"):
        require_consistent({"size": (3, 4)}, "x.json")
