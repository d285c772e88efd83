"""Files that are odd but sound: wrapped models, half precision, shards, names of any script."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from vits.errors import MissingFileError, VoiceError
from vits.interop import convert
from vits.interop.coqui import format as coqui
from vits.interop.detect_format import read
from vits.interop.original import format as original
from vits.interop.transformers import format as transformers


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod."])
def test_a_wrapped_model_is_the_model(make_voice, same_weights, tmp_path, prefix):
    voice = make_voice(3, duration_channels=192)
    coqui.FORMAT.write(tmp_path, voice)
    values = torch.load(tmp_path / "model.pth", weights_only=True)
    values["model"] = {prefix + name: value for name, value in values["model"].items()}
    torch.save(values, tmp_path / "model.pth")
    same_weights(voice, read(tmp_path))


def test_a_wrapped_original_of_half_precision_is_widened(make_voice, tmp_path):
    voice = make_voice(3)
    original.FORMAT.write(tmp_path, voice)
    (path,) = tmp_path.glob("G_*.pth")
    values = torch.load(path, weights_only=True)
    values["model"] = {f"module.{name}": value.half() for name, value in values["model"].items()}
    torch.save(values, path)
    mine, found = (v.bundle.generator.state_dict() for v in (voice, read(tmp_path)))
    assert all(torch.equal(value.half().float(), found[name]) for name, value in mine.items())


def shard(folder):
    """Write the weights of a folder of transformers as two files and their index."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    places = {}
    for number in (1, 2):
        part = {n: v for i, (n, v) in enumerate(weights.items()) if i % 2 == number - 1}
        name = f"model-{number:05}-of-00002.safetensors"
        save_file(part, folder / name)
        places |= dict.fromkeys(part, name)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return index


def test_weights_in_several_files_are_one_model(make_voice, same_weights, tmp_path):
    voice = make_voice(3, discriminators=False)
    folder = tmp_path / "Stimme für öäü 声 — copy (2)"
    folder.mkdir()
    transformers.FORMAT.write(folder, voice)
    whole = read(folder)
    index = shard(folder)
    same_weights(whole, read(folder))
    ours = convert.write(read(folder), tmp_path / "nos voix" / "ça va", "vits")
    same_weights(whole, read(ours))
    values = json.loads(index.read_text())
    some = next(iter(values["weight_map"]))
    for place, error, message in (
        ("../model.safetensors", VoiceError, "must be a .* file of the folder"),
        ("/etc/passwd", VoiceError, "must be a .* file of the folder"),
        ("model-3.safetensors", MissingFileError, "lacks model-3.safetensors, which model"),
    ):
        changed = {**values["weight_map"], some: place}
        index.write_text(json.dumps({"weight_map": changed}))
        with pytest.raises(error, match=message):
            read(folder)
    index.write_text(json.dumps({"weight_map": {**values["weight_map"], "x": "y.safetensors"}}))
    with pytest.raises(MissingFileError, match=r"lacks y\.safetensors"):
        read(folder)
    stray = {**values["weight_map"], "stray": values["weight_map"][some]}
    index.write_text(json.dumps({"weight_map": stray}))
    with pytest.raises(VoiceError, match="disagree on the tensor 'stray'"):
        read(folder)


def test_an_older_file_of_transformers_is_read(make_voice, same_weights, tmp_path):
    transformers.FORMAT.write(tmp_path, make_voice())
    whole = read(tmp_path)
    torch.save(load_file(tmp_path / "model.safetensors"), tmp_path / "pytorch_model.bin")
    (tmp_path / "model.safetensors").unlink()
    same_weights(whole, read(tmp_path))
