"""Piper's training at work in its own interpreter: it makes a checkpoint, and speaks one.

``python in_piper.py make FOLDER REQUEST.json`` builds a model and saves it as Lightning does;
``python in_piper.py speak FOLDER REQUEST.json`` loads it strictly and writes ``answer.json`` (ids
of the request's phonemes) and ``wave_I.npy`` for each of the request's ids.
"""

import importlib.abc
import importlib.machinery
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch


class _Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for what only reads corpora and aligns them, where it is not installed."""

    NAMES = ("piper.train.vits.monotonic_align.core", "piper.train.vits.dataset")

    def find_spec(self, fullname, path=None, target=None):
        return importlib.machinery.ModuleSpec(fullname, self) if fullname in self.NAMES else None

    def exec_module(self, module):
        module.maximum_path_c = None
        module.Batch = module.VitsDataModule = type("Absent", (), {})


sys.meta_path.insert(0, _Absent())

import lightning  # noqa: E402
from piper.config import PiperConfig  # noqa: E402
from piper.phoneme_ids import phonemes_to_ids  # noqa: E402
from piper.train.vits.lightning import VitsModel  # noqa: E402


def randomize(model):
    """Give every parameter a value of its own, those that start as zeros too."""
    torch.manual_seed(5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            fan_in = max(parameter[0].numel(), 10)
            scale = 0.3 if "norm" in name else fan_in**-0.5
            noise = torch.randn_like(parameter) * scale
            if "flows.0.logs" in name:
                noise = noise + 1.5  # keeps the durations of an untrained predictor short
            one = "norm" in name and name.endswith("gamma")
            parameter.copy_(noise.abs() + 0.1 if name.endswith("_g") else noise + one)


def make(folder, request):
    """Save a checkpoint as a run does, and the voice's settings as its preparation does."""
    model = VitsModel(mos_metric=None, **request["model"])
    randomize(model.model_g)
    trainer = lightning.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False
    )
    trainer.strategy.connect(model)
    folder.mkdir(parents=True, exist_ok=True)
    trainer.save_checkpoint(folder / "epoch=0-step=0.ckpt")
    (folder / "config.json").write_text(json.dumps(request["settings"]), encoding="utf-8")


def speak(folder, request):
    """Load a checkpoint, and speak with it after the request's seed."""
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = PiperConfig.from_dict(settings)
    found = next(folder.glob("*.ckpt"))
    model = VitsModel.load_from_checkpoint(
        found, map_location="cpu", strict=True, mos_metric=None, weights_only=True
    ).eval()
    durations = []
    ids_of = [phonemes_to_ids(each, config.phoneme_id_map) for each in request.get("phonemes", [])]
    for number, entry in enumerate(request.get("ids", [])):
        speaker = entry.get("speaker")
        torch.manual_seed(request["seed"])
        noise, length, noise_w = request["scales"]
        with torch.no_grad():
            wave, path, *_ = model.model_g.infer(
                torch.tensor([entry["ids"]]),
                torch.tensor([len(entry["ids"])]),
                noise_scale=noise,
                length_scale=length,
                noise_scale_w=noise_w,
                sid=None if speaker is None else torch.tensor([speaker]),
            )
        np.save(folder / f"wave_{number}.npy", wave[0, 0].numpy())
        durations.append(path[0, 0].sum(0).int().tolist())
    answer = {"version": version("piper-tts"), "ids": ids_of, "durations": durations}
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    action, source, asked = sys.argv[1:]
    {"make": make, "speak": speak}[action](Path(source), json.loads(Path(asked).read_text()))
