"""The README's path, small: corpus, prepare, fit, bundle, say; real espeak, real training."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

import vits
from vits.cli import main
from vits.data.prepared.dataset import PreparedDataset

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(path.name for path in ROOT.glob("configs/*.yaml"))
RECIPES = sorted(
    str(path.relative_to(ROOT))
    for path in ROOT.glob("recipes/*/*.yaml")
    if path.parent.name != "cluster"  # those are of other programs
)
NARROW = [
    "--trainer.max_steps=3",
    "--model.config.hidden_channels=16",
    "--model.config.latent_channels=8",
    "--model.config.decoder.initial_channels=16",
    "--data.n_validation=2",
    "--data.max_utterances=4",
]


@pytest.mark.slow
def test_from_nothing_to_a_wave(root, tmp_path, capfd):
    corpus, data, run, voice = (tmp_path / name for name in ("corpus", "data", "run", "voice"))
    make = [sys.executable, str(root / "recipes/demo/make_corpus.py"), str(corpus)]
    subprocess.run([*make, "--count", "12"], check=True)
    prepare = ["prepare", str(corpus), "-o", str(data), "--sample-rate", "16000", "--no-blanks"]
    assert main([*prepare, "--workers", "1"]) == 0
    assert "rejected    " in capfd.readouterr().out
    rejected = (data / "rejected.jsonl").read_text().splitlines()
    assert len(PreparedDataset(data)) + len(rejected) == 12
    fit = ["fit", "-c", str(root / "configs/tiny.yaml"), "--data.train", str(data)]
    assert main([*fit, f"--trainer.default_root_dir={run}", *NARROW]) == 0
    assert main(["bundle", str(run), "-o", str(voice), "--name", "tiny"]) == 0
    out, timings = tmp_path / "out.wav", tmp_path / "out.json"
    say = ["say", "Good morning.", "-o", str(out), "--voice", str(voice), "--seed", "1"]
    assert main([*say, "--timings", str(timings)]) == 0
    assert "real-time factor" in capfd.readouterr().out
    wave, rate = soundfile.read(out)
    assert rate == 16000
    words = json.loads(timings.read_text())["words"]
    assert [word["text"] for word in words] == ["Good", "morning"]
    assert 0 <= words[0]["start"] < words[-1]["end"] <= len(wave) / rate
    speech = vits.load(voice)("Good morning.", seed=1)
    assert len(speech.samples) == len(wave)
    assert vits.load(voice).card.training_steps == 3


@pytest.mark.parametrize("name", CONFIGS)
def test_every_configuration_parses_and_names_its_launch(root, name, capfd):
    path = root / "configs" / name
    first = path.read_text().splitlines()[0].removeprefix("# ").split()
    assert first[:4] == ["vits", "fit", "-c", f"configs/{name}"]
    with pytest.raises(SystemExit) as stop:
        main(["fit", "-c", str(path), "--data.train", "data", "--print_config"])
    assert stop.value.code == 0
    assert "hidden_channels" in capfd.readouterr().out


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_parses_with_its_launch_command(root, name, capfd, monkeypatch):
    monkeypatch.chdir(root)
    words = (root / name).read_text().splitlines()[0].removeprefix("# ").split()
    assert name in words
    if "finetune" in words:  # needs a voice to start from; its keys are those of `vits fit`
        arguments = ["fit", "-c", name, "--data.train", "data"]
    else:
        arguments = words[words.index("fit") :]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--print_config"])
    assert stop.value.code == 0
    assert "hidden_channels" in capfd.readouterr().out
