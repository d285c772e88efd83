import json

import pytest
import torch

from vits.config import FrontendConfig
from vits.errors import MissingFileError, VoiceError
from vits.interop.original.format import DISCRIMINATORS, FORMAT, TABLE, parameter_names
from vits.text import Frontend, SymbolTable

VARIANTS = [(1, "stochastic", "1"), (3, "stochastic", "2"), (3, "deterministic", "1")]
# Names and shapes as the original's own checkpoints have them, for the sizes of the test's voice.
THEIRS = {
    "enc_p.emb.weight": (178, 16),
    "enc_p.encoder.attn_layers.1.emb_rel_k": (1, 9, 8),
    "enc_p.encoder.attn_layers.0.conv_q.weight": (16, 16, 1),
    "enc_p.encoder.attn_layers.1.conv_o.bias": (16,),
    "enc_p.encoder.norm_layers_1.0.gamma": (16,),
    "enc_p.encoder.norm_layers_2.1.beta": (16,),
    "enc_p.encoder.ffn_layers.0.conv_1.weight": (20, 16, 3),
    "enc_p.encoder.ffn_layers.1.conv_2.bias": (16,),
    "enc_p.proj.weight": (32, 16, 1),
    "dec.conv_pre.weight": (16, 16, 7),
    "dec.ups.1.weight_g": (8, 1, 1),
    "dec.ups.0.weight_v": (16, 8, 16),
    "dec.resblocks.3.convs1.1.weight_v": (4, 4, 5),
    "dec.resblocks.0.convs2.0.bias": (8,),
    "dec.conv_post.weight": (1, 4, 7),
    "dec.cond.weight": (16, 6, 1),
    "enc_q.pre.weight": (16, 65, 1),
    "enc_q.enc.in_layers.15.weight_v": (32, 16, 5),
    "enc_q.enc.res_skip_layers.15.bias": (16,),
    "enc_q.enc.cond_layer.weight_g": (512, 1, 1),
    "enc_q.proj.weight": (32, 16, 1),
    "flow.flows.6.pre.weight": (16, 8, 1),
    "flow.flows.2.enc.in_layers.3.weight_g": (32, 1, 1),
    "flow.flows.0.post.bias": (8,),
    "dp.flows.0.m": (2, 1),
    "dp.flows.0.logs": (2, 1),
    "dp.flows.7.pre.weight": (16, 1, 1),
    "dp.flows.1.convs.convs_sep.2.weight": (16, 1, 3),
    "dp.flows.3.convs.norms_1.0.gamma": (16,),
    "dp.flows.5.proj.bias": (29,),
    "dp.post_flows.7.convs.convs_1x1.1.weight": (16, 16, 1),
    "dp.post_pre.weight": (16, 1, 1),
    "dp.post_convs.norms_2.2.beta": (16,),
    "dp.cond.weight": (16, 6, 1),
    "emb_g.weight": (3, 6),
}
JUDGED = {
    "discriminators.0.convs.5.weight_v": (16, 16, 5),
    "discriminators.0.conv_post.weight_g": (1, 1, 1),
    "discriminators.1.convs.0.weight_v": (2, 1, 5, 1),
    "discriminators.5.convs.4.weight_g": (8, 1, 1, 1),
    "discriminators.5.conv_post.weight_v": (1, 8, 3, 1),
}


def load(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize(("n_speakers", "kind", "resblock"), VARIANTS)
def test_a_round_trip_keeps_everything(
    make_voice, same_weights, tmp_path, narrow_discriminators, n_speakers, kind, resblock
):
    voice = make_voice(n_speakers, kind, resblock, discriminators=True)
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
    FORMAT.write(tmp_path, make_voice(3, discriminators=True))
    generator, discriminators = load(tmp_path / "G_0.pth"), load(tmp_path / "D_0.pth")
    assert {name: tuple(generator["model"][name].shape) for name in THEIRS} == THEIRS
    assert {name: tuple(discriminators["model"][name].shape) for name in JUDGED} == JUDGED
    assert not any(
        "parametrizations" in name for name in {**generator["model"], **discriminators["model"]}
    )


def test_a_whole_model_has_as_many_tensors_as_theirs():
    from vits.config import VitsConfig
    from vits.models.discriminators import Discriminators
    from vits.models.vits import Vits

    config = VitsConfig(n_speakers=109)
    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        generator = Vits(config).state_dict()
        discriminators = Discriminators(**vars(config.discriminator)).state_dict()
    assert len(parameter_names(3, resblock="1", stochastic=True).to_theirs(generator)) == 858
    assert len(DISCRIMINATORS.to_theirs(discriminators)) == 111


def test_training_can_go_on_from_it(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice(discriminators=True))
    state = load(tmp_path / "D_0.pth")
    parameters = [torch.nn.Parameter(value) for value in state["model"].values()]
    optimizer = torch.optim.AdamW(parameters, 1.0)
    optimizer.load_state_dict(state["optimizer"])
    torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5, last_epoch=-1 + 1)
    assert optimizer.param_groups[0]["betas"] == (0.8, 0.99)


def test_the_newer_spelling_of_weight_normalisation_is_read(make_voice, same_weights, tmp_path):
    voice = make_voice(3)
    FORMAT.write(tmp_path, voice)
    state = load(tmp_path / "G_0.pth")
    state["model"] = {
        name.replace("weight_g", "parametrizations.weight.original0").replace(
            "weight_v", "parametrizations.weight.original1"
        ): value
        for name, value in state["model"].items()
    }
    torch.save(state, tmp_path / "G_0.pth")
    same_weights(voice, FORMAT.read(tmp_path))


def test_the_newest_step_is_taken_and_a_file_may_be_named(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice())
    (tmp_path / "G_9.pth").write_bytes((tmp_path / "G_0.pth").read_bytes())
    (tmp_path / "G_0.pth").write_bytes(b"")
    assert FORMAT.read(tmp_path).discriminators is None
    assert FORMAT.read(tmp_path / "G_9.pth").bundle.card.name == "Ada"
    (tmp_path / "config.json").rename(tmp_path / "ljs_base.json")
    assert FORMAT.read(tmp_path / "G_9.pth").format == "original"


def test_files_are_read_under_their_published_names(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice(kind="deterministic", discriminators=True))
    (tmp_path / "G_0.pth").rename(tmp_path / "G.pth")
    (tmp_path / "D_0.pth").rename(tmp_path / "D.pth")
    for path in (tmp_path, tmp_path / "G.pth", tmp_path / "D.pth"):
        assert FORMAT.read(path).discriminators is not None
    (tmp_path / "D.pth").unlink()
    (tmp_path / "G.pth").rename(tmp_path / "pretrained_ljs.pth")
    (tmp_path / "config.json").rename(tmp_path / "ljs_base.json")
    (tmp_path / "vctk_base.json").write_text("{}")
    assert FORMAT.read(tmp_path).bundle.card.name == "Ada"


def test_several_files_without_steps_have_to_be_named(tmp_path):
    for name in ("pretrained_ljs.pth", "pretrained_vctk.pth"):
        (tmp_path / name).touch()
    with pytest.raises(MissingFileError, match=r"has no G_.*; name one of its 2 files"):
        FORMAT.read(tmp_path)


def test_settings_of_theirs_alone_are_enough(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice(3))
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    del settings["vits"], settings["speakers"]
    path.write_text(json.dumps(settings))
    bundle = FORMAT.read(tmp_path).bundle
    assert bundle.speakers == ("0", "1", "2")
    assert bundle.frontend.config == FrontendConfig()
    assert bundle.frontend.encode("Hello.").ids[:3] == (0, 50, 0)


def test_a_vocabulary_makes_it_a_voice_of_mms(make_voice, tmp_path):
    letters = "kabcdefghijlmnopqrstuvwxyz '"
    config = FrontendConfig(backend="graphemes", language="und", normalize=False)
    voice = make_voice(frontend=Frontend(config, SymbolTable(tuple(letters))))
    FORMAT.write(tmp_path, voice)
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    del settings["vits"], settings["symbols"]
    settings["data"]["text_cleaners"] = ["transliteration_cleaners"]
    path.write_text(json.dumps(settings))
    (tmp_path / "vocab.txt").write_text("\n".join(letters) + "\n", encoding="utf-8")
    frontend = FORMAT.read(tmp_path).bundle.frontend
    assert frontend.encode("Kab a").ids == (0, 0, 0, 1, 0, 2, 0, 26, 0, 1, 0)
    assert not frontend.config.romanize
    settings["data"]["training_files"] = "train.txt.uroman"
    path.write_text(json.dumps(settings))
    assert FORMAT.read(tmp_path).bundle.frontend.config.romanize


@pytest.mark.parametrize(
    ("part", "key", "value", "message"),
    [
        (
            "data",
            "text_cleaners",
            ["korean_cleaners"],
            r'\["korean_cleaners"\] cannot be converted',
        ),
        ("model", "use_spectral_norm", True, "norm true cannot be converted; only false can"),
        ("model", "n_heads", 4, "n_heads is 4, but the tensors say 2"),
        ("model", "upsample_rates", [8], r"1 stages|show 2 stages"),
        ("data", "n_speakers", 5, "n_speakers is 5, but the tensors say 1"),
        ("data", "filter_length", 1024, "takes 65 bins, but a transform of 1024 samples has 513"),
        ("data", "hop_length", 64, "hop_length 64 must equal the product"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(make_voice, tmp_path, part, key, value, message):
    FORMAT.write(tmp_path, make_voice())
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    del settings["vits"]
    settings[part][key] = value
    path.write_text(json.dumps(settings))
    with pytest.raises(VoiceError, match=message) as caught:
        FORMAT.read(tmp_path)
    assert "\n" not in str(caught.value)


def test_rows_that_nobody_names_are_an_error(make_voice, tmp_path):
    table = SymbolTable((*"_ab",))
    frontend = Frontend(FrontendConfig(backend="graphemes", normalize=False), table)
    FORMAT.write(tmp_path, make_voice(frontend=frontend))
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    del settings["symbols"]
    path.write_text(json.dumps(settings))
    with pytest.raises(VoiceError, match=r"the model has 3 symbols.*under the key symbols"):
        FORMAT.read(tmp_path)


def test_a_folder_without_a_generator_is_an_error(tmp_path):
    with pytest.raises(MissingFileError, match="has no G_"):
        FORMAT.read(tmp_path)


def test_the_table_names_every_box_once():
    assert len({rule.ours for rule in TABLE}) == len({rule.theirs for rule in TABLE}) == len(TABLE)
