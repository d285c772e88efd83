"""A voice of every other project is fine-tuned from the folder that a conversion makes of it."""

import numpy as np
import pytest
import soundfile
import torch
import yaml

from vits.cli import main
from vits.cli.base_voice import read_base
from vits.config import FrontendConfig, to_dict
from vits.data.prepare.options import PrepareConfig, RecordingLimits
from vits.data.prepare.pipeline import prepare
from vits.data.prepared.manifest import Row
from vits.interop import convert
from vits.interop.detect_format import read
from vits.text import Frontend, SymbolTable

LETTERS = "abcdefgh"
RATE = 2e-4


def write_data(folder, base):
    """Prepare noise under letters with the front end of a voice, as ``--like`` does."""
    rng = np.random.default_rng(3)
    rows = []
    for i in range(4):
        path = folder / f"{i}.wav"
        soundfile.write(path, rng.normal(0, 0.1, 3200), base.config.audio.sample_rate)
        rows.append(Row(id=str(i), audio=str(path), text=LETTERS[i : i + 5]))
    config = PrepareConfig(audio=base.config.audio, limits=RecordingLimits(max_deviation=0))
    prepare(rows, folder / "data", config, base.frontend)
    return folder / "data"


@pytest.mark.parametrize("form", ["original", "transformers", "coqui", "piper"])
def test_a_converted_voice_learns(make_voice, narrow_discriminators, tmp_path, capfd, form):
    table = SymbolTable(("_", *LETTERS, " "))
    frontend = Frontend(FrontendConfig(backend="graphemes", normalize=False), table)
    width = 192 if form == "coqui" else None
    voice = make_voice(discriminators=True, frontend=frontend, duration_channels=width)
    judged = form != "transformers"
    theirs = convert.write(voice, tmp_path / form, form, () if judged else ("discriminators",))
    ours = convert.write(read(theirs), tmp_path / "ours", "vits")
    base = read_base(str(ours))
    settings = {
        "trainer": {
            "accelerator": "cpu",
            "max_steps": 2,
            "default_root_dir": str(tmp_path / "run"),
            "limit_val_batches": 0,
        },
        "data": {"n_validation": 0, "max_frames": 200, "workers": 0},
        "model": {"training": {"optimizer": {"learning_rate": RATE}}},
    }
    if not judged:  # its own are new, and learn alone in the first of the two steps
        settings["model"]["training"]["adversarial"] = {"warmup_steps": 1}
        settings["model"]["config"] = {"discriminator": to_dict(narrow_discriminators)}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(settings))
    data = write_data(tmp_path, base)
    assert main(["finetune", str(ours), str(data), "-c", str(path)]) == 0
    shown = capfd.readouterr().out
    assert ("discriminators: new" not in shown) == judged
    assert ("warm-up: from step 0 to 1" in shown) != judged
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    learned = state["state_dict"]
    for part in ("text_encoder.projection.weight", "posterior_encoder.pre.weight"):
        moved = (learned[f"generator.{part}"] - base.generator[part]).abs().max()
        assert 0 < moved < 10 * RATE  # from the voice's weights, not from new ones
    if judged:
        assert voice.discriminators is not None
        for name, value in voice.discriminators.items():
            assert (learned[f"discriminators.{name}"] - value).abs().max() < 10 * RATE
