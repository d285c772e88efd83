"""Coqui TTS at work in its own interpreter: it makes a model, and speaks one.

``python in_coqui.py make FOLDER REQUEST.json`` builds a model and saves it as its trainer does;
``python in_coqui.py speak FOLDER REQUEST.json`` loads a model as its synthesizer does and writes
``answer.json`` (ids of the request's texts) and ``wave_I.npy`` for each of the request's ids.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from trainer.io import save_fsspec, save_model
from TTS.config import load_config
from TTS.config.shared_configs import BaseAudioConfig
from TTS.tts.configs.shared_configs import CharactersConfig
from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
from TTS.tts.models import setup_model


def randomize(model):
    """Give every parameter a value of its own, those that start as zeros too."""
    torch.manual_seed(5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith("disc."):
                continue
            fan_in = max(parameter[0].numel(), 10)
            scale = 0.3 if "norm" in name else fan_in**-0.5
            noise = torch.randn_like(parameter) * scale
            if "flows.0.log_scale" in name:
                noise = noise + 1.5  # keeps the durations of an untrained predictor short
            positive = "original0" in name
            one = "norm" in name and name.endswith("gamma")
            parameter.copy_(noise.abs() + 0.1 if positive else noise + one)


def make(folder, request):
    """Save a model under the names that the trainer uses."""
    characters = request.get("characters")
    config = VitsConfig(
        model_args=VitsArgs(**request.get("model_args", {})),
        audio=BaseAudioConfig(**request["audio"]),
        characters=CharactersConfig(**characters) if characters else None,
        **request.get("settings", {}),
    )
    model = setup_model(config)
    if request.get("randomize", True):
        randomize(model)
    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_json(str(folder / "config.json"))
    save_model(model.config, model, str(folder / "best_model.pth"), current_step=7, epoch=1)
    if "emb_g.weight" in model.state_dict():
        save_fsspec(model.speaker_manager.name_to_id, str(folder / "speakers.pth"))


def speak(folder, request):
    """Load a model, and speak with it after the request's seed."""
    config = load_config(folder / "config.json")
    model = setup_model(config)
    names = [n for n in ("model.pth", "best_model.pth") if (folder / n).is_file()]
    model.load_checkpoint(config, checkpoint_path=folder / names[0], eval=True)
    for key, value in request.get("scales", {}).items():
        setattr(model, key, value)
    language = request.get("language")
    texts = {text: model.tokenizer.text_to_ids(text, language) for text in request.get("texts", [])}
    speakers = {}
    if model.speaker_manager is not None:
        speakers = dict(model.speaker_manager.name_to_id)
    durations = []
    for number, entry in enumerate(request.get("ids", [])):
        aux = {"x_lengths": None, "d_vectors": None, "durations": None}
        for key in ("speaker", "language"):
            row = entry.get(key)
            aux[f"{key}_ids"] = None if row is None else torch.tensor([row])
        torch.manual_seed(request["seed"])
        with torch.no_grad():
            spoken = model.inference(torch.tensor([entry["ids"]]), aux)
        np.save(folder / f"wave_{number}.npy", spoken["model_outputs"][0, 0].numpy())
        durations.append(spoken["durations"][0, 0].int().tolist())
    answer = {
        "version": version("coqui-tts"),
        "texts": texts,
        "speakers": speakers,
        "languages": dict(model.language_manager.name_to_id),
        "durations": durations,
    }
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    action, source, asked = sys.argv[1:]
    {"make": make, "speak": speak}[action](Path(source), json.loads(Path(asked).read_text()))
