"""Files of the version before: voices speak as they did, a run resumes with the losses of then.

The numbers were computed on one machine, so those of another differ by rounding: a sample by a
few hundred units in the last place of the peak.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from vits.cli import main
from vits.config.legacy import current_settings
from vits.synthesis import load
from vits.synthesis.fade import fade_edges

# the voices of before were trained with the first version of the normaliser, and loading says so
pytestmark = pytest.mark.filterwarnings("ignore:voice .* normaliser version was 1, is 2")

EARLIER = Path(__file__).parents[1] / "fixtures/earlier"
ROUNDING = 512 * float(np.finfo(np.float32).eps)  # 512 roundings in a row, all to one side


@pytest.mark.filterwarnings("ignore:voice .* text may be read differently")  # of numbers, not of it
@pytest.mark.parametrize(
    "name", ["hifigan", "multi-band", "multi-stream", "convnext", "deterministic"]
)
def test_a_voice_of_before_speaks_its_samples(name):
    with np.load(EARLIER / "voices/samples.npz") as samples:
        expected = samples[name]
    speaker = {"speaker": "bob"} if name == "hifigan" else {}
    speech = load(EARLIER / "voices" / name)("abc fed.", seed=5, **speaker)
    found = speech.samples
    [expected] = fade_edges([expected], len(expected), speech.sample_rate)  # new since then
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= ROUNDING * np.abs(expected).max()


@pytest.mark.slow
def test_a_run_of_before_resumes_with_its_losses(data, tmp_path):
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    content = gzip.decompress((EARLIER / "step-0000002.ckpt.gz").read_bytes())
    (run / "checkpoints/step-0000002.ckpt").write_bytes(content)
    settings, _ = current_settings(yaml.safe_load((EARLIER / "run.yaml").read_text()))
    path = tmp_path / "model.yaml"
    path.write_text(yaml.safe_dump({"model": settings["model"]}))
    options = {
        "--data.train": data,
        "--data.n_validation": 2,
        "--data.max_frames": 600,
        "--data.workers": 0,
        "--trainer.default_root_dir": run,
        "--trainer.accelerator": "cpu",
        "--trainer.max_steps": 4,
        "--trainer.log_every_n_steps": 1,
        "--trainer.enable_progress_bar": "false",
        "--resume": "auto",
    }
    words = [str(word) for option in options.items() for word in option]
    assert main(["fit", "-c", str(path), *words]) == 0
    after = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    assert after["global_step"] == 4
    found = _losses(run)
    for name, expected in json.loads((EARLIER / "losses.json").read_text()).items():
        # a step of Adam is a sign where the gradient is rounding: 1e-3 of the rate a weight
        assert found[name] == pytest.approx(expected, rel=1e-3), name


def _losses(run):
    """Return the logged losses by name, in order of steps."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    return {name: [e.value for e in events.Scalars(name)] for name in events.Tags()["scalars"]}
