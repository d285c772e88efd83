import json
import pathlib

import pytest
import torch

from vits.config import FrontendConfig
from vits.errors import MissingFileError, VoiceError
from vits.interop import native
from vits.interop.piper.format import FORMAT
from vits.interop.piper.settings import language_settings, quality
from vits.text import Frontend, SymbolTable

# The first rows of every voice of Piper's, and a few of its phonemes.
ROWS = ("_", "^", "$", " ", "!", "'", "(", ")", ",", "-", ".", *"abcdefhijklmnopqrstuvwxyzəɛɜʊˈˌː")


def piper_frontend(**options):
    options = {"normalize": False, "bos_eos": True, **options}
    return Frontend(FrontendConfig(**options), SymbolTable(ROWS))


@pytest.fixture
def written(make_voice, tmp_path):
    voice = make_voice(discriminators=True, frontend=piper_frontend(), resblock="2", n_symbols=256)
    FORMAT.write(tmp_path, voice)
    return voice


def change_settings(folder, **changes):
    path = folder / "config.json"
    settings = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in settings.items() if value is not ...}))


def change_checkpoint(folder, change):
    path = folder / "voice.ckpt"
    values = torch.load(path, weights_only=True)
    change(values)
    torch.save(values, path)


def test_a_round_trip_keeps_everything(
    make_voice, same_weights, tmp_path, narrow_discriminators, written
):
    assert FORMAT.unsupported_parts(written) == {}
    back = FORMAT.read(tmp_path)
    same_weights(written, back)
    bundle, again = written.bundle, back.bundle
    assert again.generator.config == bundle.generator.config
    assert again.frontend.to_dict() == bundle.frontend.to_dict()
    assert (again.card, again.settings) == (bundle.card, bundle.settings)


def test_clusters_stand_in_pipers_own_key(make_voice, tmp_path):
    table = SymbolTable((*ROWS, "aɪ"))
    config = FrontendConfig(normalize=False, bos_eos=True, clauses="espeak", clusters=("aɪ",))
    FORMAT.write(tmp_path, make_voice(frontend=Frontend(config, table), n_symbols=256))
    change_settings(tmp_path, vits=...)
    back = FORMAT.read(tmp_path).bundle.frontend
    assert back.config.clusters == ("aɪ",)
    assert back.encode("my").ids == Frontend(config, table).encode("my").ids


def test_several_speakers_keep_their_names(make_voice, same_weights, tmp_path):
    voice = make_voice(3, frontend=piper_frontend())
    FORMAT.write(tmp_path, voice)
    change_settings(tmp_path, vits=...)
    back = FORMAT.read(tmp_path)
    same_weights(voice, back)
    assert back.bundle.speakers == voice.bundle.speakers


LANGUAGE = {
    "code": "en_US",
    "family": "en",
    "region": "US",
    "name_native": "English",
    "name_english": "English",
    "country_english": "United States",
}


def test_name_language_and_quality_come_back(written, tmp_path):
    change_settings(tmp_path, vits=..., dataset="joe", language=LANGUAGE)
    change_settings(tmp_path, audio={"sample_rate": 16000, "quality": "x_low"})
    ours, there = tmp_path / "ours", tmp_path / "there"
    ours.mkdir()
    there.mkdir()
    native.write(ours, FORMAT.read(tmp_path))
    FORMAT.write(there, native.read(ours))
    settings = json.loads((there / "config.json").read_text())
    assert (settings["dataset"], settings["language"]) == ("joe", LANGUAGE)
    assert settings["audio"]["quality"] == "x_low"


def test_a_language_that_is_no_code_is_not_written(written, tmp_path):
    change_settings(
        tmp_path, language={"code": "../../x"}, audio={"sample_rate": 16000, "quality": "/"}
    )
    card = FORMAT.read(tmp_path).bundle.card
    assert language_settings(card, "pt-br") == {"code": "pt_BR", "family": "pt", "region": "BR"}
    assert (quality(card, 16000), quality(card, 22050)) == ("low", "medium")


def test_names_are_theirs(written, tmp_path):
    weights = torch.load(tmp_path / "voice.ckpt", weights_only=True)["state_dict"]
    shapes = {
        "model_g.enc_p.emb.weight": (256, 16),
        "model_g.dec.resblocks.3.convs.1.weight_v": (4, 4, 5),
        "model_g.dec.ups.0.weight_g": (16, 1, 1),
        "model_g.flow.flows.6.enc.in_layers.0.weight_v": (32, 16, 5),
        "model_g.dp.post_flows.5.proj.weight": (29, 16, 1),
        "model_g.enc_q.pre.bias": (16,),
        "model_d.discriminators.0.convs.0.weight_v": (4, 1, 15),
        "model_d.discriminators.5.conv_post.bias": (1,),
    }
    assert {name: tuple(weights[name].shape) for name in shapes} == shapes


def test_a_text_has_their_ids(written, tmp_path):
    change_settings(tmp_path, vits=...)
    frontend = FORMAT.read(tmp_path).bundle.frontend
    phonemes = frontend.encode("Hello, world.").phonemes
    row = {symbol: i for i, symbol in enumerate(ROWS)}
    expected = [1, 0]
    for phoneme in phonemes:
        expected += [row[phoneme], 0]
    assert list(frontend.encode("Hello, world.").ids) == [*expected, 2]


@pytest.mark.parametrize(
    "frontend",
    [
        Frontend(FrontendConfig(), SymbolTable.default()),
        Frontend(FrontendConfig(backend="graphemes", normalize=False), SymbolTable((*"kab ",))),
        Frontend(
            FrontendConfig(backend="graphemes", normalize=False, blank="#"), SymbolTable((*"ab #",))
        ),
        Frontend(FrontendConfig(backend="graphemes", blanks=False), SymbolTable((*"ab #",))),
    ],
)
def test_other_framings_are_empty_lists(make_voice, tmp_path, frontend):
    voice = make_voice(frontend=frontend)
    assert FORMAT.unsupported_parts(voice) == {}
    FORMAT.write(tmp_path, voice)
    change_settings(tmp_path, vits=...)
    lists = json.loads((tmp_path / "config.json").read_text())["phoneme_id_map"]
    assert lists["^"] == lists["$"] == []
    again = FORMAT.read(tmp_path).bundle.frontend
    text = "[[ab]]" if frontend.config.backend == "graphemes" else "[[həlˈoʊ]]"
    assert again.encode(text).ids == frontend.encode(text).ids


def test_an_old_checkpoint_holds_paths(written, tmp_path, same_weights):
    def age(values):
        values["hyper_parameters"] = {
            "dataset": [pathlib.PosixPath("/data/dataset.jsonl")],
            "resblock_kernel_sizes": (3, 5),
            "upsample_rates": (8, 4),
            "resblock_dilation_sizes": ((1, 2), (2, 6)),
            "filter_length": 128,
            "hop_length": 32,
            "win_length": 128,
            "mel_channels": 8,
        }
        values["callbacks"] = {"ModelCheckpoint": {"dirpath": pathlib.PosixPath("/runs")}}

    change_checkpoint(tmp_path, age)
    with pytest.raises(Exception, match="PosixPath"):
        torch.load(tmp_path / "voice.ckpt", weights_only=True)
    same_weights(written, FORMAT.read(tmp_path))


def test_new_ones_name_their_builder_which_is_not_called(written, tmp_path):
    builder = "lightning.pytorch.cli.instantiate_module"
    change_checkpoint(tmp_path, lambda v: v["hyper_parameters"].update(_instantiator=builder))
    assert FORMAT.read(tmp_path).format == "piper"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_instantiator", "os.system"),
        ("_class_path", "subprocess.Popen"),
        ("_target_", "os.system"),
    ],
)
def test_other_code_in_the_hyper_parameters_is_refused(written, tmp_path, key, value):
    change_checkpoint(tmp_path, lambda v: v["hyper_parameters"].update({key: value}))
    with pytest.raises(VoiceError, match="names code; it is not run"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"phoneme_type": "pinyin"}, "phoneme_type 'pinyin' cannot be converted"),
        ({"phoneme_map": {"a": ["b"]}}, "phoneme_map.* cannot be converted"),
        ({"phoneme_id_map": {"a": [3]}}, r"lacks one of _, \^ and \$"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": []}}, "must both have an id"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3, 4]}}, "must have one"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3], "b": [3]}}, "the same id"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [300]}}, "only 256 rows"),
        ({"num_symbols": 130}, "num_symbols is 130, but the tensors say 256"),
        ({"num_speakers": 4}, "num_speakers is 4, but the tensors say 1"),
        ({"audio": {"sample_rate": 8000}, "vits": ...}, "sample_rate is 16000, but the tensors"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(written, tmp_path, changes, message):
    change_settings(tmp_path, **changes)
    with pytest.raises(VoiceError, match=message) as caught:
        FORMAT.read(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_third_kind_of_discriminators_is_left_out_and_counted(
    same_weights, written, tmp_path, narrow_discriminators
):
    extra = {f"model_mrd.discriminators.{i}.convs.0.weight_g": torch.ones(1) for i in range(3)}
    change_checkpoint(tmp_path, lambda v: v["state_dict"].update(extra))
    with pytest.warns(UserWarning, match=r"3 tensors under model_mrd\.\* are left out"):
        found = FORMAT.read(tmp_path)
    same_weights(written, found)


def test_the_settings_are_looked_for_above_a_run(written, tmp_path):
    below = tmp_path / "lightning_logs" / "version_0"
    below.mkdir(parents=True)
    (tmp_path / "voice.ckpt").rename(below / "epoch=1.ckpt")
    assert FORMAT.read(below / "epoch=1.ckpt").format == "piper"
    (tmp_path / "config.json").unlink()
    with pytest.raises(MissingFileError, match="put the voice's JSON"):
        FORMAT.read(below)
