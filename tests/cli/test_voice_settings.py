"""`vits prepare --like`: settings of a voice as defaults."""

import json

import numpy as np
import pytest
import soundfile
import torch

from vits.cli import main
from vits.config import AudioConfig, FrontendConfig, HifiGanConfig
from vits.models import Vits
from vits.synthesis import VoiceBundle, write_voice
from vits.text import Frontend, SymbolTable

AUDIO = AudioConfig(
    sample_rate=8000, n_fft=256, win_length=200, hop_length=64, n_mels=20, f_min=30.0, f_max=3900.0
)


@pytest.fixture
def voice(make_config, tmp_path):
    """A voice with no setting at its default, where characters have that setting."""
    config = make_config(
        n_symbols=6,
        hidden_channels=8,
        latent_channels=4,
        segment_frames=9,
        audio=AUDIO,
        decoder=HifiGanConfig(
            upsample_rates=(8, 8), upsample_kernel_sizes=(16, 16), initial_channels=8
        ),
    )
    frontend = Frontend(
        FrontendConfig(
            backend="graphemes",
            language="de",
            normalize=False,
            blanks=False,
        ),
        SymbolTable(("_", *"cab ")),
        {"abc": "cab"},
    )
    torch.manual_seed(0)
    bundle = VoiceBundle(generator=Vits(config), frontend=frontend, fingerprint={}, speakers=())
    return write_voice(tmp_path / "voice", bundle)


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    (folder / "wavs").mkdir(parents=True)
    rng = np.random.default_rng(0)
    lines = []
    for i, text in enumerate(["Abc bad", "cab", "dab"]):
        soundfile.write(folder / f"wavs/{i}.wav", rng.normal(0, 0.1, 8000 + 100 * i), 8000)
        lines.append(f"{i}|{text}\n")
    (folder / "metadata.csv").write_text("".join(lines))
    return folder


def prepare(corpus, output, *flags):
    status = main(["prepare", str(corpus), "-o", str(output), *map(str, flags)])
    assert status == 0
    info = json.loads((output / "dataset.json").read_text())
    rows = [json.loads(line) for line in (output / "manifest.jsonl").read_text().splitlines()]
    return info, rows


def test_every_setting_comes_from_the_voice(voice, corpus, tmp_path):
    info, rows = prepare(corpus, tmp_path / "out", "--like", voice)
    assert AudioConfig(**info["audio"]) == AUDIO
    assert info["frontend"]["config"] == {
        "backend": "graphemes",
        "language": "de",
        "normalize": False,
        "stress": True,
        "blanks": False,
        "blank": "",
        "bos_eos": False,
        "languages": [],
        "clauses": "marks",
        "clusters": [],
        "clean": "all",
        "romanize": False,
    }
    assert info["frontend"]["symbols"] == [
        "_",
        "c",
        "a",
        "b",
        " ",
        "d",
    ]  # those of the voice, then the new one
    assert info["frontend"]["lexicon"] == {"abc": "cab"}
    assert info["preparation"]["limits"]["segment_frames"] == 9
    assert rows[0]["phonemes"] == "cab bad"
    assert rows[0]["ids"] == [1, 2, 3, 4, 3, 2, 5]


def test_a_flag_overrides_the_voice_even_with_its_default(voice, corpus, tmp_path):
    flags = ("--like", voice, "--n-mels", 80, "--language", "en-us", "--f-min", 0)
    flags += ("--unknown", "reject")
    info, rows = prepare(corpus, tmp_path / "out", *flags)
    assert info["audio"]["n_mels"] == 80
    assert info["audio"]["f_min"] == 0
    assert info["audio"]["sample_rate"] == 8000
    assert info["frontend"]["config"]["language"] == "en-us"
    assert len(rows) == 1  # "d" is unknown


def test_symbols_and_lexicon_can_be_overridden(voice, corpus, tmp_path):
    symbols, lexicon = tmp_path / "symbols.json", tmp_path / "lexicon.tsv"
    symbols.write_text(json.dumps(["_", *"abcd "]))
    lexicon.write_text("abc\tdad\n")
    flags = ("--like", voice, "--symbols", symbols, "--lexicon", lexicon)
    info, rows = prepare(corpus, tmp_path / "out", *flags)
    assert info["frontend"]["symbols"] == ["_", *"abcd "]
    assert rows[0]["phonemes"] == "dad bad"


def test_a_missing_voice_is_an_error_of_one_line(corpus, tmp_path, capsys):
    arguments = ["prepare", str(corpus), "-o", str(tmp_path / "out"), "--like"]
    assert main([*arguments, str(tmp_path / "nowhere")]) == 2
    assert "nowhere does not exist; name a voice folder" in capsys.readouterr().err
    assert main([*arguments, str(corpus)]) == 2
    assert "corpus is neither a voice" in capsys.readouterr().err
