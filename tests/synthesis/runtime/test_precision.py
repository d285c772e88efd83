"""The precision of a voice: chosen by the CPU, and without influence on lengths."""

import numpy as np
import pytest

import vits
from vits.cli import build_parser
from vits.errors import VoiceError
from vits.fast import cpu
from vits.synthesis import PrecisionWarning, Voice
from vits.synthesis.api import DEFAULT_VOICE
from vits.synthesis.runtime.precision import choose_precision

TEXT = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."
LONG = "the wind blew over the hills and the rain came down on the roofs " * 5
NEEDED = 35  # decibels between speech and the noise of rounding


@pytest.fixture(scope="module")
def plain():
    return vits.load(precision="plain")


@pytest.fixture(scope="module")
def rounded():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu, "computes_bf16", lambda: True)  # so that nothing warns
        chosen = choose_precision("auto", on_cpu=True, stacklevel=1)
    assert chosen == "bf16"
    bundle = vits.synthesis.read_voice(DEFAULT_VOICE)
    if cpu.computes_bf16():
        return Voice(bundle, precision="bf16")
    with pytest.warns(PrecisionWarning, match="no bfloat16 instructions"):
        return Voice(bundle, precision="bf16")


def to_noise(signal, other):
    return 10 * np.log10(np.square(signal).sum() / np.square(signal - other).sum())


@pytest.mark.parametrize("text", [TEXT, LONG], ids=["short", "long"])
@pytest.mark.slow
def test_bfloat16_is_close_for_the_built_in_voice(plain, rounded, text):
    assert (plain.precision, rounded.precision) == ("plain", "bf16")
    expected, found = plain(text, seed=3), rounded(text, seed=3)
    assert found.phonemes == expected.phonemes
    assert found.words == expected.words
    assert found.samples.shape == expected.samples.shape
    assert NEEDED < to_noise(expected.samples, found.samples) < 80


def test_one_sentence_has_more_frames_than_bfloat16_can_count(plain):
    longest = max(len(c.samples) for c in plain.stream(LONG, seed=3, whole_sentences=True))
    assert longest // plain._engine.hop_length > 2 * 256


def test_float32_equals_plain_up_to_rounding_for_the_built_in_voice(plain):
    fast = vits.load(runtime="torch")
    assert fast.precision == "fp32"
    expected, found = plain(TEXT, seed=3).samples, fast(TEXT, seed=3).samples
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
    texts = TEXT.split(". ")
    for text, speech in zip(texts, fast.synthesize(texts, seeds=[1, 2]), strict=True):
        alone = fast(text, seed=speech.seed).samples
        streamed = np.concatenate([c.samples for c in fast.stream(text, seed=speech.seed)])
        limit = 1e-5 * np.abs(alone).max()
        assert np.abs(speech.samples - alone).max() <= limit
        assert np.abs(streamed - alone).max() <= limit


@pytest.mark.parametrize("has_bf16", [True, False])
def test_the_choice_follows_the_instructions_of_the_cpu(monkeypatch, has_bf16):
    monkeypatch.setattr(cpu, "computes_bf16", lambda: has_bf16)
    here, there = {"on_cpu": True, "stacklevel": 1}, {"on_cpu": False, "stacklevel": 1}
    assert choose_precision("auto", **here) == ("bf16" if has_bf16 else "fp32")
    assert choose_precision("auto", **there) == "fp32"
    for name in ("fp32", "plain"):
        assert choose_precision(name, **here) == name
    assert choose_precision("bf16", **there) == "bf16"
    if not has_bf16:
        with pytest.warns(PrecisionWarning, match="use auto"):
            assert choose_precision("bf16", **here) == "bf16"


def test_an_unknown_precision_is_an_error(make_bundle):
    with pytest.raises(VoiceError, match="'half' must be one of fp32, bf16, auto, plain"):
        Voice(make_bundle(), precision="half")


def test_instructions_are_those_of_the_cpu(monkeypatch):
    torch = cpu.torch
    monkeypatch.setattr(cpu.platform, "machine", lambda: "x86_64")
    for avx512, amx in ((False, False), (True, False), (False, True)):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda value=avx512: value)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda value=amx: value)
        assert cpu.computes_bf16() is (avx512 or amx)


@pytest.mark.parametrize("precision", ["bf16", "plain"])
def test_an_onnx_voice_has_its_own_precision(tmp_path, precision):
    for name in ("model.onnx", "voice.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(VoiceError, match=f"'{precision}' must be fp32 or auto"):
        vits.load(tmp_path, precision=precision)


@pytest.mark.parametrize("command", ["say", "serve"])
def test_the_commands_pass_the_precision_on(voice_folder, tmp_path, monkeypatch, command):
    from vits.cli import serve
    from vits.cli.say import run
    from vits.synthesis import api

    requested, load = [], api.load

    def recorded(path, device, precision, adapter=None, runtime=None):
        requested.append(precision)
        return load(path, device, precision, adapter, runtime)

    monkeypatch.setattr(api, "load", recorded)
    flags = ["--precision", "plain"]
    if command == "say":
        flags = [
            "say",
            "hello",
            "--voice",
            str(voice_folder),
            "-o",
            str(tmp_path / "a.wav"),
            *flags,
        ]
        assert run(build_parser().parse_args(flags)) == 0
    else:
        args = build_parser().parse_args(["serve", str(voice_folder), *flags])
        (voice,) = serve._load(args.voices, args.device, args.precision).values()
        assert voice.precision == "plain"
    assert requested == ["plain"]
