import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from vits.audio._torchaudio import import_torchaudio
from vits.config import FrontendConfig
from vits.errors import VoiceError
from vits.interop.coqui import format as coqui
from vits.interop.original import format as original
from vits.interop.parameter_names import G, V, rename_to_g_v, unfold_weight_norm
from vits.interop.piper import format as piper
from vits.interop.transformers.format import FORMAT
from vits.text import Frontend, SymbolTable

VARIANTS = [(1, "stochastic"), (3, "deterministic"), (3, "stochastic")]
DECODER = "decoder."
# Names and shapes as Hugging Face's own checkpoints have them, for the sizes of the test's voice.
THEIRS = {
    "text_encoder.embed_tokens.weight": (178, 16),
    "text_encoder.encoder.layers.1.attention.q_proj.weight": (16, 16),
    "text_encoder.encoder.layers.0.attention.out_proj.bias": (16,),
    "text_encoder.encoder.layers.0.attention.emb_rel_k": (1, 9, 8),
    "text_encoder.encoder.layers.0.layer_norm.weight": (16,),
    "text_encoder.encoder.layers.1.final_layer_norm.bias": (16,),
    "text_encoder.encoder.layers.1.feed_forward.conv_2.weight": (16, 20, 3),
    "text_encoder.project.weight": (32, 16, 1),
    "flow.flows.3.conv_pre.weight": (16, 8, 1),
    "flow.flows.0.wavenet.in_layers.1.parametrizations.weight.original0": (32, 1, 1),
    "flow.flows.0.wavenet.cond_layer.parametrizations.weight.original1": (128, 6, 1),
    "flow.flows.2.conv_post.bias": (8,),
    "posterior_encoder.conv_pre.weight": (16, 65, 1),
    "posterior_encoder.wavenet.res_skip_layers.15.bias": (16,),
    "posterior_encoder.conv_proj.weight": (32, 16, 1),
    "decoder.conv_pre.weight": (16, 16, 7),
    "decoder.upsampler.1.weight": (8, 4, 8),
    "decoder.resblocks.3.convs1.1.weight": (4, 4, 5),
    "decoder.resblocks.0.convs2.0.bias": (8,),
    "decoder.cond.weight": (16, 6, 1),
    "decoder.conv_post.weight": (1, 4, 7),
    "duration_predictor.flows.0.translate": (2, 1),
    "duration_predictor.post_flows.0.log_scale": (2, 1),
    "duration_predictor.flows.4.conv_proj.weight": (29, 16, 1),
    "duration_predictor.flows.1.conv_dds.convs_dilated.2.weight": (16, 1, 3),
    "duration_predictor.post_conv_dds.norms_2.0.weight": (16,),
    "duration_predictor.conv_dds.convs_pointwise.0.weight": (16, 16, 1),
    "duration_predictor.post_conv_pre.weight": (16, 1, 1),
    "duration_predictor.cond.bias": (16,),
    "embed_speaker.weight": (3, 6),
}


@pytest.fixture
def transformers():
    import_torchaudio()  # transformers imports it too, and would fail on one built for CUDA
    return pytest.importorskip("transformers")


def graphemes(letters="abcdefghijklmnopqrstuvwxyz '-", blank="k"):
    table = SymbolTable((blank, *(c for c in letters if c != blank)))
    return Frontend(FrontendConfig(backend="graphemes", language="eng", normalize=False), table)


@pytest.mark.parametrize(("n_speakers", "kind"), VARIANTS)
def test_a_round_trip_keeps_every_weight(make_voice, same_weights, tmp_path, n_speakers, kind):
    voice = make_voice(n_speakers, kind)
    FORMAT.write(tmp_path, voice)
    back = FORMAT.read(tmp_path)
    same_weights(voice, back, folded=DECODER)
    bundle, again = voice.bundle, back.bundle
    assert again.generator.config == bundle.generator.config
    assert again.frontend.to_dict() == bundle.frontend.to_dict()
    assert (again.speakers, again.card) == (bundle.speakers, bundle.card)
    assert again.settings == bundle.settings
    second = tmp_path / "again"
    second.mkdir()
    FORMAT.write(second, back)
    first, other = (load_file(folder / "model.safetensors") for folder in (tmp_path, second))
    assert all(torch.equal(first[name], other[name]) for name in first | other)


def test_the_symbol_for_unknown_ones_comes_back(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice(kind="deterministic", frontend=graphemes()))
    path = tmp_path / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    assert settings["unk_token"] == settings["pad_token"] == "k"
    path.write_text(json.dumps(settings | {"unk_token": {"content": "<unk>"}}))
    second = tmp_path / "again"
    second.mkdir()
    FORMAT.write(second, FORMAT.read(tmp_path))
    assert json.loads((second / path.name).read_text()) == settings | {"unk_token": "<unk>"}


def test_names_and_shapes_are_theirs(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice(3))
    found = load_file(tmp_path / "model.safetensors")
    assert {name: tuple(found[name].shape) for name in THEIRS} == THEIRS


@pytest.mark.parametrize(("n_speakers", "kind"), VARIANTS)
def test_they_load_it_and_say_the_same(transformers, make_voice, tmp_path, n_speakers, kind):
    from vits.interop.equivalence import compare_with_transformers

    voice = make_voice(n_speakers, kind)
    FORMAT.write(tmp_path, voice)
    model, report = transformers.VitsModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert model.config.num_speakers == n_speakers
    proof = compare_with_transformers(tmp_path, voice.bundle)
    assert proof.peak > 1e-3
    assert proof.difference <= 1e-5 * proof.peak


def test_their_tokenizer_makes_our_ids(transformers, make_voice, tmp_path, monkeypatch):
    FORMAT.write(tmp_path, make_voice(frontend=graphemes()))
    tokenizer = transformers.VitsTokenizer.from_pretrained(tmp_path)
    ours = FORMAT.read(tmp_path).bundle.frontend
    monkeypatch.setattr("warnings.warn", lambda *_, **__: None)  # theirs drops marks in silence
    for text in ("Hello there", "it's a long-ish sentence", "B, c; d!"):
        assert tuple(tokenizer(text)["input_ids"]) == ours.encode(text, unknown="drop").ids


def test_their_tokenizer_makes_our_phonemes(transformers, make_voice, tmp_path, monkeypatch):
    import espeakng_loader
    from phonemizer.backend.espeak.wrapper import EspeakWrapper

    monkeypatch.setattr(EspeakWrapper, "_ESPEAK_LIBRARY", espeakng_loader.get_library_path())
    monkeypatch.setattr(EspeakWrapper, "_ESPEAK_DATA_PATH", espeakng_loader.get_data_path())
    voice = make_voice()
    FORMAT.write(tmp_path, voice)
    tokenizer = transformers.VitsTokenizer.from_pretrained(tmp_path)
    text = "Hello there, good old world!"
    assert tuple(tokenizer(text)["input_ids"]) == voice.bundle.frontend.encode(text).ids


def test_their_pipeline_gives_our_wave(transformers, make_voice, tmp_path):
    voice = make_voice(frontend=graphemes())
    bundle = voice.bundle
    FORMAT.write(tmp_path, voice)
    settings = json.loads((tmp_path / "config.json").read_text())
    settings |= {"noise_scale": 0.0, "noise_scale_duration": 0.0}  # the pipeline takes no noise
    (tmp_path / "config.json").write_text(json.dumps(settings))
    pipe = transformers.pipeline("text-to-speech", str(tmp_path))
    theirs = pipe("a tiny voice's test")
    ids = torch.tensor([bundle.frontend.encode("a tiny voice's test").ids])
    ours = bundle.generator.infer(
        ids,
        torch.tensor([ids.shape[1]]),
        noise_scale=0.0,
        noise_scale_duration=0.0,
        length_scale=bundle.settings.length_scale,
    )
    wave = torch.as_tensor(theirs["audio"]).reshape(-1)
    assert theirs["sampling_rate"] == 16000
    assert wave.shape == ours.wave.reshape(-1).shape
    assert (wave - ours.wave.reshape(-1)).abs().max() <= 1e-5 * wave.abs().max()


def test_their_own_random_model_is_read(transformers, tmp_path):
    from vits.interop.equivalence import compare_with_transformers

    config = transformers.VitsConfig(
        vocab_size=29, hidden_size=16, num_hidden_layers=1, ffn_dim=20, flow_size=8,
        spectrogram_bins=513, upsample_initial_channel=32, posterior_encoder_num_wavenet_layers=2,
        prior_encoder_num_wavenet_layers=1, noise_scale_duration=0.1, speaking_rate=4.0,
    )  # fmt: skip
    transformers.VitsModel(config).save_pretrained(tmp_path)
    letters = ["k", *"abcdefghijlmnopqrstuvwxyz '-"]
    vocabulary = {letter: row for row, letter in enumerate(letters)}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary))
    transformers.VitsTokenizer(
        tmp_path / "vocab.json", pad_token="k", language="eng", phonemize=False
    ).save_pretrained(tmp_path)
    voice = FORMAT.read(tmp_path)
    assert voice.bundle.frontend.config.backend == "graphemes"
    proof = compare_with_transformers(tmp_path, voice.bundle)
    assert proof.difference <= 1e-4 * proof.peak  # untrained flows make large numbers


def test_the_blank_becomes_the_first_row(make_voice, tmp_path):
    table = SymbolTable((*"abc ", "#"))
    frontend = Frontend(FrontendConfig(backend="graphemes", normalize=False, blank="#"), table)
    voice = make_voice(frontend=frontend)
    FORMAT.write(tmp_path, voice)
    assert FORMAT.read(tmp_path).bundle.frontend.to_dict() == frontend.to_dict()
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    del settings["vits"]
    path.write_text(json.dumps(settings))
    back = FORMAT.read(tmp_path).bundle
    rows = [
        voice.bundle.generator.text_encoder.embedding.weight,
        back.generator.text_encoder.embedding.weight,
    ]
    mine, theirs = (
        embedding[list(f.encode("cab a").ids)]
        for embedding, f in zip(rows, (frontend, back.frontend), strict=True)
    )
    assert torch.equal(mine, theirs)
    assert back.frontend.symbols.symbols[0] == "#"


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"discriminators": True}, "discriminators"),
        ({"lexicon": {"vits": "vɪts"}}, "lexicon"),
        (
            {"frontend": Frontend(FrontendConfig(language="de"), SymbolTable.default())},
            "phonemizer",
        ),
        (
            {"frontend": Frontend(FrontendConfig(bos_eos=True), SymbolTable(("_", "^", "$", "a")))},
            "bos-eos",
        ),
    ],
)
def test_what_would_be_lost_is_named(make_voice, options, part):
    assert list(FORMAT.unsupported_parts(make_voice(**options))) == [part]


def test_a_model_they_cannot_build_is_refused(make_voice):
    with pytest.raises(VoiceError, match="residual blocks of the kind 2"):
        FORMAT.unsupported_parts(make_voice(resblock="2"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_act": "gelu"}, "hidden_act 'gelu' cannot be converted"),
        ({"hidden_size": 192}, "hidden_size is 192, but the tensors say 16"),
        ({"upsample_rates": [8, 0]}, "upsample_rates .* must be a list of positive integers"),
        ({"resblock_dilation_sizes": [[1, 3, 5]]}, "residual blocks of"),
        ({"sampling_rate": "fast"}, "sampling_rate 'fast' must be an integer"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(make_voice, tmp_path, changes, message):
    FORMAT.write(tmp_path, make_voice())
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(VoiceError, match=message):
        FORMAT.read(tmp_path)


def test_phonemes_of_romanised_text_cannot_be_carried_over(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice())
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "is_uroman": True}))
    with pytest.raises(VoiceError, match="is_uroman true cannot be converted"):
        FORMAT.read(tmp_path)


def test_romanised_characters_come_back_and_others_say_that_they_cannot(make_voice, tmp_path):
    config = FrontendConfig(
        backend="graphemes", language="kor", normalize=False, clean="unknown", romanize=True
    )
    voice = make_voice(kind="deterministic", frontend=Frontend(config, graphemes().symbols))
    FORMAT.write(tmp_path, voice)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert settings["is_uroman"] is True
    assert FORMAT.read(tmp_path).bundle.frontend.config == config
    for other in (coqui, original, piper):
        assert "romanisation" in other.FORMAT.unsupported_parts(voice)


def test_an_unknown_tensor_is_named(make_voice, tmp_path):
    FORMAT.write(tmp_path, make_voice())
    weights = load_file(tmp_path / "model.safetensors")
    save_file({**weights, "prosody.weight": torch.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(VoiceError, match=r"tensor 'prosody.weight', which is not part of VITS"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize("spelling", ["parametrised", "g and v"])
def test_the_forks_discriminators_and_norms_are_read(make_voice, same_weights, tmp_path, spelling):
    voice = make_voice(3, discriminators=True)
    FORMAT.write(tmp_path, voice)
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    for name, value in voice.discriminators.items():
        _, member, part, rest = name.split(".", 3)
        part = {"convolutions": "convs", "post": "final_conv"}[part]
        weights[f"discriminator.discriminators.{member}.{part}.{rest}"] = value.clone()
    for flow in range(4):
        module = f"flow.flows.{flow}.conv_pre"
        g, v = unfold_weight_norm(weights.pop(f"{module}.weight"))
        weights[module + G], weights[module + V] = g, v
    save_file(weights if spelling == "parametrised" else rename_to_g_v(weights), path)
    same_weights(voice, FORMAT.read(tmp_path), folded=DECODER)


def test_a_discriminator_that_lacks_a_part_is_refused(make_voice, tmp_path):
    voice = make_voice(3, discriminators=True)
    FORMAT.write(tmp_path, voice)
    path = tmp_path / "model.safetensors"
    bias = torch.zeros(4)
    save_file(load_file(path) | {"discriminator.discriminators.0.convs.0.bias": bias}, path)
    with pytest.raises(VoiceError, match=r"discriminators|members"):
        FORMAT.read(tmp_path)
