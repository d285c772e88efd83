"""What the original's code and its descendants cannot be is named before anything is written."""

from dataclasses import replace

import pytest

from vits.config import (
    AdversarialDurationConfig,
    DiscriminatorConfig,
    FlowTransformerConfig,
    PitchConfig,
    SpeakerVectorsConfig,
)
from vits.errors import VoiceError
from vits.interop import convert
from vits.interop.detect_format import FORMATS, read

FORMS = ("original", "coqui", "piper")


@pytest.fixture
def voice(make_voice):
    """A voice that all three can hold, but for its discriminators."""
    return make_voice(1, "deterministic", discriminators=True)


def reshaped(voice, **changes):
    """Return a voice that says it has another shape; its weights do not matter here."""
    from vits.models.vits import Vits

    generator = Vits(replace(voice.bundle.generator.config, **changes))
    return replace(voice, bundle=replace(voice.bundle, generator=generator), discriminators=None)


@pytest.mark.parametrize("form", FORMS)
def test_discriminators_of_other_widths_are_named_and_may_be_dropped(voice, tmp_path, form):
    with pytest.raises(VoiceError, match=r"discriminators \(period_channels .* must be \(32, 128"):
        convert.write(voice, tmp_path / form, form)
    assert list(tmp_path.iterdir()) == []
    convert.write(voice, tmp_path / form, form, ("discriminators",))
    assert read(tmp_path / form).discriminators is None


@pytest.mark.parametrize("form", FORMS)
def test_discriminators_of_the_usual_widths_have_a_place(voice, form):
    usual = replace(voice.bundle.generator.config, discriminator=DiscriminatorConfig())
    voice.bundle.generator.config, narrow = usual, voice.bundle.generator.config
    try:
        assert FORMATS[form].unsupported_parts(voice) == {}
    finally:
        voice.bundle.generator.config = narrow


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("resblock", "dilations"), [("1", (1, 3)), ("2", (1, 2, 3))])
def test_residual_blocks_of_other_depths_are_refused(voice, form, resblock, dilations):
    decoder = replace(
        voice.bundle.generator.config.decoder,
        resblock=resblock,
        resblock_dilations=(dilations, dilations),
    )
    with pytest.raises(VoiceError, match="residual blocks of"):
        FORMATS[form].unsupported_parts(reshaped(voice, decoder=decoder))


def test_coqui_has_one_size_for_hidden_and_latent_channels(voice):
    other = reshaped(voice, latent_channels=8)
    with pytest.raises(VoiceError, match="latent_channels 8 with hidden_channels 16"):
        FORMATS["coqui"].unsupported_parts(other)
    assert (
        FORMATS["original"].unsupported_parts(other)
        == FORMATS["piper"].unsupported_parts(other)
        == {}
    )


def test_coquis_stochastic_durations_have_a_width_of_their_own(make_voice):
    with pytest.raises(VoiceError, match="duration predictor of 16 channels"):
        FORMATS["coqui"].unsupported_parts(make_voice())
    assert FORMATS["coqui"].unsupported_parts(make_voice(duration_channels=192)) == {}
    with pytest.raises(VoiceError, match="duration predictor of 192 channels"):
        FORMATS["original"].unsupported_parts(make_voice(duration_channels=192))


@pytest.mark.parametrize("form", FORMS)
def test_pitch_has_no_place(voice, tmp_path, form):
    with pytest.raises(VoiceError, match="pitch"):
        convert.write(reshaped(voice, pitch=PitchConfig(channels=8)), tmp_path / form, form)


@pytest.mark.parametrize("form", [*FORMS, "transformers"])
def test_options_of_our_own_have_no_place(voice, make_voice, tmp_path, form):
    config = voice.bundle.generator.config
    flow = replace(config.prior_flow, transformer=FlowTransformerConfig())
    with pytest.raises(VoiceError, match=r"prior_flow\.transformer|a prior flow of"):
        convert.write(reshaped(voice, prior_flow=flow), tmp_path / form, form)
    duo = make_voice(2, "deterministic")
    text = replace(duo.bundle.generator.config.text_encoder, speaker_layer=1)
    with pytest.raises(VoiceError, match=r"text_encoder\.speaker_layer"):
        convert.write(reshaped(duo, text_encoder=text), tmp_path / form, form)
    vectors = SpeakerVectorsConfig(size=4)
    with pytest.raises(VoiceError, match="speaker_vectors"):
        convert.write(reshaped(duo, speaker_vectors=vectors), tmp_path / form, form)
    durations = AdversarialDurationConfig(filter_channels=256)
    with pytest.raises(VoiceError, match=r"duration_predictor\.kind 'adversarial'"):
        convert.write(reshaped(voice, duration_predictor=durations), tmp_path / form, form)
