"""Conversions from end to end."""

import re

import pytest
import torch

from vits.cli import main
from vits.cli.base_voice import read_base
from vits.config import FrontendConfig
from vits.errors import VoiceError
from vits.interop import convert
from vits.interop.detect_format import detect_format, read
from vits.interop.transformers import format as transformers
from vits.text import Frontend, SymbolTable

OTHERS = ("transformers", "coqui", "piper")


@pytest.fixture(scope="module")
def original(make_voice, narrow_discriminators, tmp_path_factory):
    folder = tmp_path_factory.mktemp("original") / "run"
    convert.write(make_voice(3, discriminators=True), folder, "original")
    return folder


@pytest.fixture(scope="module")
def originals(original, make_voice, tmp_path_factory):
    """Originals that each format can hold; Coqui's stochastic predictor has a fixed width."""
    folder = tmp_path_factory.mktemp("originals") / "deterministic"
    convert.write(make_voice(3, "deterministic", discriminators=True), folder, "original")
    return {"transformers": original, "coqui": folder, "piper": original}


@pytest.mark.parametrize("to", OTHERS)
def test_a_voice_survives_conversion_through_every_format(originals, same_weights, tmp_path, to):
    original = originals[to]
    ours = convert.write(read(original), tmp_path / "ours", "vits")
    drop = ("discriminators",) if to == "transformers" else ()
    there = convert.write(read(ours), tmp_path / to, to, drop)
    assert detect_format(there).title == to
    back = read(convert.write(read(there), tmp_path / "back", "vits"))
    first = read(original)
    if drop:
        object.__setattr__(first, "discriminators", None)
    same_weights(first, back, folded="decoder." if drop else ())
    assert back.bundle.frontend.encode("Hello.").ids == first.bundle.frontend.encode("Hello.").ids
    assert back.bundle.speakers == first.bundle.speakers


def test_a_converted_voice_can_be_fine_tuned_with_its_discriminators(original, tmp_path):
    convert.write(read(original), tmp_path / "ours", "vits")
    base = read_base(str(tmp_path / "ours"))
    expected = read(original).discriminators
    assert base.discriminators is not None
    assert all(torch.equal(base.discriminators[name], expected[name]) for name in expected)


def test_an_unsupported_part_is_named_and_can_be_dropped(original, tmp_path, capsys):
    arguments = ["convert", str(original), str(tmp_path / "x"), "--to", "transformers"]
    assert main(arguments) == 2
    assert (
        "transformers cannot hold: discriminators (its models have none)" in capsys.readouterr().err
    )
    assert list(tmp_path.iterdir()) == []
    assert main([*arguments, "--drop", "discriminators,manners"]) == 2
    assert main([*arguments, "--drop", "discriminators"]) == 0
    lines = capsys.readouterr().out.splitlines()
    results = [line for line in lines if line.startswith("verification, ")]
    assert len(results) == 2
    for line in results:
        difference, peak = re.findall(r"difference (\S+) of (\S+) in", line)[0]
        assert float(difference) <= 1e-5 * float(peak)


def test_the_proof_stays_on_when_a_part_is_dropped(original, tmp_path, capsys, monkeypatch):
    fold = transformers._fold_decoder

    def damage(weights):
        folded = fold(weights)
        return folded | {"decoder.post.weight": 1.5 * folded["decoder.post.weight"]}

    monkeypatch.setattr(transformers, "_fold_decoder", damage)
    arguments = ["convert", str(original), str(tmp_path / "x"), "--to", "transformers"]
    assert main([*arguments, "--drop", "discriminators"]) == 2
    assert "differ; nothing is written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", ["original", "coqui"])
def test_a_dropped_symbol_leaves_the_wave_comparable(make_voice, tmp_path, capsys, to):
    config = FrontendConfig(backend="graphemes", normalize=False, blank="_", bos_eos=True)
    frontend = Frontend(config, SymbolTable(("^", "$", *"_abc ")))
    convert.write(make_voice(kind="deterministic", frontend=frontend), tmp_path / "ours", "vits")
    arguments = ["convert", str(tmp_path / "ours"), str(tmp_path / "there"), "--to", to]
    assert main([*arguments, "--drop", "bos-eos"]) == 0
    (line,) = [
        line for line in capsys.readouterr().out.splitlines() if "verification, read back" in line
    ]
    difference, peak = re.findall(r"difference (\S+) of (\S+) in", line)[0]
    assert float(difference) <= 1e-5 * float(peak)


def test_inspect_describes_a_voice_and_writes_nothing(original, capsys):
    before = sorted(original.iterdir())
    assert main(["inspect", str(original)]) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["format"] == "original"
    assert lines["architecture"].startswith("VITS, stochastic durations, hifigan decoder 1")
    assert lines["speakers"] == "3 (speaker 0, speaker 1, speaker 2)"
    assert lines["symbols"] == "178 of 178 embeddings, blanks"
    assert lines["language"] == "en-us (espeak)"
    assert lines["sample rate"] == "16000 Hz, 32 samples a frame"
    assert (lines["posterior encoder"], lines["discriminators"]) == ("yes", "6")
    assert sorted(original.iterdir()) == before


def test_a_folder_in_use_is_not_changed(original, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(VoiceError, match="in use"):
        convert.write(read(original), tmp_path, "vits")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_failed_write_leaves_nothing(original, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vits.interop.original.format._save", fail)
    with pytest.raises(VoiceError, match="No space left"):
        convert.write(read(original), tmp_path / "new", "original")
    assert list(tmp_path.iterdir()) == []
