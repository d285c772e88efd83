import pytest
import torch

from vits.config import FrontendConfig
from vits.errors import VoiceError
from vits.interop.coqui.format import FORMAT
from vits.text import Frontend, SymbolTable

VARIANTS = [(1, "stochastic", "1"), (3, "stochastic", "2"), (3, "deterministic", "1")]
WIDTHS = {"stochastic": 192, "deterministic": None}  # of their duration predictors
# Names and shapes as Coqui's own models have them, for the sizes of the test's voice.
THEIRS = {
    "text_encoder.emb.weight": (178, 16),
    "text_encoder.encoder.attn_layers.1.conv_q.weight": (16, 16, 1),
    "text_encoder.encoder.attn_layers.0.emb_rel_v": (1, 9, 8),
    "text_encoder.encoder.norm_layers_2.1.gamma": (16,),
    "text_encoder.encoder.ffn_layers.1.conv_2.weight": (16, 20, 3),
    "text_encoder.proj.weight": (32, 16, 1),
    "posterior_encoder.pre.weight": (16, 65, 1),
    "posterior_encoder.enc.in_layers.15.parametrizations.weight.original1": (32, 16, 5),
    "flow.flows.3.pre.weight": (16, 8, 1),
    "flow.flows.1.enc.cond_layer.parametrizations.weight.original0": (128, 1, 1),
    "flow.flows.0.post.bias": (8,),
    "waveform_decoder.conv_pre.weight": (16, 16, 7),
    "waveform_decoder.cond_layer.weight": (16, 6, 1),
    "waveform_decoder.ups.0.parametrizations.weight.original0": (16, 1, 1),
    "waveform_decoder.resblocks.3.convs1.1.bias": (4,),
    "waveform_decoder.conv_post.weight": (1, 4, 7),
    "duration_predictor.flows.0.translation": (2, 1),
    "duration_predictor.flows.0.log_scale": (2, 1),
    "duration_predictor.flows.4.convs.convs_sep.2.weight": (192, 1, 3),
    "duration_predictor.flows.1.convs.norms_1.0.gamma": (192,),
    "duration_predictor.post_flows.4.proj.weight": (29, 192, 1),
    "duration_predictor.post_convs.convs_1x1.0.bias": (192,),
    "duration_predictor.cond.weight": (192, 6, 1),
    "emb_g.weight": (3, 6),
    "disc.nets.0.convs.5.parametrizations.weight.original1": (16, 16, 5),
    "disc.nets.5.conv_post.bias": (1,),
}


@pytest.mark.parametrize(("n_speakers", "kind", "resblock"), VARIANTS)
def test_a_round_trip_keeps_everything(
    make_voice, same_weights, tmp_path, narrow_discriminators, n_speakers, kind, resblock
):
    voice = make_voice(
        n_speakers, kind, resblock, discriminators=True, duration_channels=WIDTHS[kind]
    )
    assert FORMAT.unsupported_parts(voice) == {}
    FORMAT.write(tmp_path, voice)
    back = FORMAT.read(tmp_path)
    same_weights(voice, back)
    bundle, again = voice.bundle, back.bundle
    assert again.generator.config == bundle.generator.config
    assert again.frontend.to_dict() == bundle.frontend.to_dict()
    assert (again.speakers, again.card) == (bundle.speakers, bundle.card)
    assert again.settings == bundle.settings


def test_names_and_shapes_are_theirs(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice(3, discriminators=True, duration_channels=192))
    weights = torch.load(tmp_path / "model.pth", weights_only=True)["model"]
    assert {name: tuple(weights[name].shape) for name in THEIRS} == THEIRS


def test_norms_of_the_deterministic_predictor_are_wide(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice(3, "deterministic"))
    weights = torch.load(tmp_path / "model.pth", weights_only=True)["model"]
    assert weights["duration_predictor.norm_1.gamma"].shape == (1, 256, 1)
    assert weights["text_encoder.encoder.norm_layers_1.0.gamma"].shape == (16,)


def test_the_older_spelling_of_weight_normalisation_is_read(make_voice, same_weights, tmp_path):
    voice = make_voice(3, discriminators=True)
    FORMAT.write(tmp_path, voice)
    values = torch.load(tmp_path / "model.pth", weights_only=True)
    values["model"] = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value
        for name, value in values["model"].items()
    }
    torch.save(values, tmp_path / "model.pth")
    same_weights(voice, FORMAT.read(tmp_path))


def test_symbols_of_several_characters_come_back(make_voice, same_weights, tmp_path):
    table = SymbolTable(("<PAD>", *"abc ", "aɪ", "<row 6>", "d", "<BLNK>"))
    config = FrontendConfig(backend="graphemes", normalize=False, blank="<BLNK>")
    voice = make_voice(kind="deterministic", frontend=Frontend(config, table), n_symbols=11)
    FORMAT.write(tmp_path, voice)
    back = FORMAT.read(tmp_path)
    same_weights(voice, back)
    assert back.bundle.frontend.to_dict() == voice.bundle.frontend.to_dict()


def test_a_converted_row_is_the_row_of_the_symbol(change, make_voice, tmp_path):
    voice = make_voice()
    FORMAT.write(tmp_path, voice)
    change(tmp_path, lambda settings: settings.pop("vits"))
    back = FORMAT.read(tmp_path).bundle
    one, other = (
        b.generator.text_encoder.embedding.weight[list(b.frontend.encode("Hello, world.").ids)]
        for b in (voice.bundle, back)
    )
    assert torch.equal(one, other)


def test_a_language_embedding_that_does_not_fit_is_named(theirs):
    values = torch.load(theirs / "model.pth", weights_only=True)
    values["model"]["emb_l.weight"] = torch.zeros(3, 4)
    torch.save(values, theirs / "model.pth")
    with pytest.raises(VoiceError, match="use_language_embedding is false, but the tensors say"):
        FORMAT.read(theirs)


def test_a_speakers_file_elsewhere_is_not_opened(change, make_voice, tmp_path):
    voice = make_voice(3)
    FORMAT.write(tmp_path, voice)

    def edit(settings):
        del settings["vits"], settings["speakers"]
        settings["model_args"]["speakers_file"] = "/etc/passwd"

    change(tmp_path, edit)
    assert FORMAT.read(tmp_path).bundle.speakers == voice.bundle.speakers
    (tmp_path / "speakers.pth").unlink()
    assert FORMAT.read(tmp_path).bundle.speakers == ("0", "1", "2")


def test_names_of_speakers_stand_in_the_settings(change, make_voice, tmp_path):
    voice = make_voice(3)
    FORMAT.write(tmp_path, voice)
    (tmp_path / "speakers.pth").unlink()

    def edit(settings):
        del settings["vits"], settings["model_args"]["num_speakers"]
        assert settings["speakers"] == list(voice.bundle.speakers)

    change(tmp_path, edit)
    assert FORMAT.read(tmp_path).bundle.speakers == voice.bundle.speakers
    change(tmp_path, lambda settings: settings.update(speakers=[1, 2, 3]))
    with pytest.raises(VoiceError, match="speakers must be a list of names"):
        FORMAT.read(tmp_path)
