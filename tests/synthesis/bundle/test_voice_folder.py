import json
import pickle
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from vits.config import StochasticDurationConfig
from vits.errors import MissingFileError, VoiceError
from vits.models.vits import Vits
from vits.synthesis import (
    Settings,
    Voice,
    load,
    read_voice,
    write_voice,
)
from vits.synthesis.bundle import write as writing_module
from vits.synthesis.bundle.weights import make_compact


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return tmp_path_factory.mktemp("voice") / "pristine"


@pytest.fixture
def folder(pristine, make_bundle, make_config, tmp_path):
    """A voice with the stochastic duration predictor, which has the most sizes."""
    if not pristine.exists():
        config = make_config(duration_predictor=StochasticDurationConfig(n_flows=2))
        write_voice(pristine, make_bundle(generator=Vits(config)))
    return shutil.copytree(pristine, tmp_path / "voice")


def edit(path, change):
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def edit_weights(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def test_what_is_written_is_read_back(make_bundle, tmp_path):
    bundle = make_bundle(["ada", "bob"], settings=Settings(noise_scale=0.25))
    back = read_voice(write_voice(tmp_path / "deep" / "er" / "voice", bundle))
    assert back.generator.config == bundle.generator.config
    assert back.frontend.to_dict() == bundle.frontend.to_dict()
    assert back.fingerprint == bundle.fingerprint
    assert back.speakers == ("ada", "bob")
    assert back.settings == bundle.settings
    assert back.card == bundle.card
    expected, found = bundle.generator.state_dict(), back.generator.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_voice_is_these_files_and_nothing_else(folder):
    names = {"config.json", "model.safetensors", "card.json", "README.md"}
    assert {entry.name for entry in folder.iterdir()} == names
    assert {entry.name for entry in folder.parent.iterdir()} == {"voice"}
    assert all(
        value.dtype == torch.float32 for value in load_file(folder / "model.safetensors").values()
    )
    assert "CC0-1.0" in (folder / "README.md").read_text(encoding="utf-8")


def test_a_voice_without_its_page_still_loads(folder):
    (folder / "README.md").unlink()
    read_voice(folder)


CONFIG_FAULTS = {
    "format": lambda c: c.update(format=2),
    "extra": lambda c: c.update(extra=1),
    "speakers": lambda c: c.pop("speakers"),
    "speakers must be a list": lambda c: c.update(speakers="ada"),
    "speakers must be names": lambda c: c.update(speakers=[1]),
    "2 speakers are named": lambda c: c.update(speakers=["a", "b"]),
    "must be a mapping": lambda c: c.update(model=[]),
    "frontend must be a mapping": lambda c: c.update(frontend="x"),
    "fingerprint must be a mapping": lambda c: c.update(fingerprint=None),
    "model.hidden": lambda c: c["model"].update(hidden=1),
    "model.n_speakers": lambda c: c["model"].update(n_speakers="1"),
    "hop_length 512": lambda c: c["model"]["audio"].update(hop_length=512),
    "inference.noise": lambda c: c["inference"].update(noise=1.0),
    "noise_scale -1": lambda c: c["inference"].update(noise_scale=-1.0),
    "the model only 2 rows": lambda c: c["model"].update(n_symbols=2),
    "exactly the keys": lambda c: c["frontend"].update(nonsense=1),
    "symbols": lambda c: c["frontend"].pop("symbols"),
}


@pytest.mark.parametrize("named", CONFIG_FAULTS)
def test_a_fault_in_the_configuration_is_named(folder, named):
    edit(folder / "config.json", CONFIG_FAULTS[named])
    if named == "the model only 2 rows":  # else the weights are what does not fit
        name = "text_encoder.embedding.weight"
        edit_weights(folder, lambda w: w.update({name: w[name][:2].clone()}))
    with pytest.raises(VoiceError, match=named) as caught:
        read_voice(folder)
    assert "config.json" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"format": NaN}', "[" * 100_000, "\x00"]
)
@pytest.mark.parametrize("name", ["config.json", "card.json"])
def test_what_is_no_json_object_is_refused(folder, name, content):
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(VoiceError, match=name) as caught:
        read_voice(folder)
    assert "\n" not in str(caught.value)


def test_json_that_is_no_text_is_refused(folder):
    (folder / "config.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(VoiceError, match=r"config\.json"):
        read_voice(folder)


def test_an_unknown_key_on_the_card_is_refused(folder):
    edit(folder / "card.json", lambda c: c.update(price=3))
    with pytest.raises(VoiceError, match=r"card\.json.*price"):
        read_voice(folder)


FIRST = "text_encoder.embedding.weight"
WEIGHT_FAULTS = {
    "lacks tensor": lambda w: w.pop(FIRST),
    "unknown tensor": lambda w: w.update({"extra": torch.zeros(1)}),
    r"has the shape \(3,\), but the model needs float32 \(59, 16\)": lambda w: w.update(
        {FIRST: torch.zeros(3)}
    ),
    "float16": lambda w: w.update({FIRST: w[FIRST].half()}),
    "NaN or infinite": lambda w: w[FIRST].fill_(float("nan")),
}


@pytest.mark.parametrize("named", WEIGHT_FAULTS)
def test_a_fault_in_the_weights_is_named(folder, named):
    edit_weights(folder, WEIGHT_FAULTS[named])
    with pytest.raises(VoiceError, match=named) as caught:
        read_voice(folder)
    assert "model.safetensors" in str(caught.value)
    assert ("extra" if named == "unknown tensor" else FIRST) in str(caught.value)


@pytest.mark.parametrize("keep", [0.0, 1e-5, 0.01, 0.5, 0.999])
def test_truncated_weights_are_refused(folder, keep):
    path = folder / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(VoiceError, match=r"model\.safetensors is damaged"):
        read_voice(folder)


def test_pickled_weights_are_refused_and_not_run(folder, tmp_path):
    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    (folder / "model.safetensors").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(VoiceError):
        read_voice(folder)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "card.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(VoiceError, match=name):
        read_voice(folder)


def test_a_folder_that_is_no_voice_tells_what_was_looked_for(tmp_path):
    with pytest.raises(VoiceError, match=r"config\.json, model\.safetensors, card\.json"):
        load(tmp_path)


def test_a_voice_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_a_file_is_no_voice(folder):
    with pytest.raises(VoiceError, match="is a file"):
        load(folder / "config.json")


def test_a_path_too_long_to_exist_is_one_line(tmp_path):
    with pytest.raises(VoiceError, match="cannot read"):
        load(tmp_path / ("x" * 5000))


def test_an_existing_voice_is_replaced_only_by_force(folder, make_bundle):
    bundle = make_bundle(settings=Settings(noise_scale=0.0))
    with pytest.raises(VoiceError, match="--force"):
        write_voice(folder, bundle)
    assert read_voice(folder).settings == Settings()
    write_voice(folder, bundle, force=True)
    assert read_voice(folder).settings.noise_scale == 0.0
    assert [entry.name for entry in folder.parent.iterdir()] == ["voice"]


def test_a_folder_of_other_things_is_never_touched(folder, make_bundle, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    write_voice(other, make_bundle())  # empty: fine
    (other / "diary.txt").write_text("dear diary")
    with pytest.raises(VoiceError, match=r"diary\.txt"):
        write_voice(other, make_bundle(), force=True)
    (other / "config.json").unlink()
    with pytest.raises(VoiceError, match="not a voice"):
        write_voice(other, make_bundle(), force=True)
    with pytest.raises(VoiceError, match="is a file"):
        write_voice(other / "diary.txt", make_bundle(), force=True)
    assert (other / "diary.txt").read_text() == "dear diary"


@pytest.mark.parametrize("step", ["write_generator", "_swap"])
@pytest.mark.slow
def test_a_failure_on_the_way_leaves_the_old_voice_and_no_rubbish(
    folder, make_bundle, monkeypatch, step
):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing_module, step, fail)
    with pytest.raises(VoiceError, match="No space left"):
        write_voice(folder, make_bundle(settings=Settings(noise_scale=0)), force=True)
    assert read_voice(folder).settings == Settings()
    assert [entry.name for entry in folder.parent.iterdir()] == ["voice"]


def test_a_failed_rename_puts_the_old_voice_back(folder, make_bundle, monkeypatch):
    rename = type(folder).rename

    def fail_on_new(self, target):
        if self.name == "new":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(type(folder), "rename", fail_on_new)
    with pytest.raises(VoiceError, match="Permission denied"):
        write_voice(folder, make_bundle(settings=Settings(noise_scale=0)), force=True)
    assert read_voice(folder).settings == Settings()


def test_a_generator_that_speaks_is_not_written(make_bundle, tmp_path):
    bundle = make_bundle()
    Voice(bundle)
    with pytest.raises(VoiceError, match="weight normalisation"):
        write_voice(tmp_path / "voice", bundle)
    assert not (tmp_path / "voice").exists()


def test_speakers_must_have_different_names(make_bundle):
    with pytest.raises(VoiceError, match="different names"):
        make_bundle(["ada", "ada"])


@pytest.fixture
def compact(make_bundle, tmp_path):
    bundle = make_bundle(["ada", "bob"])
    make_compact(bundle.generator)
    return write_voice(tmp_path / "compact", bundle)


def test_a_compact_voice_speaks_as_before_it_was_written(compact, make_bundle, folder):
    whole, half = (f / "model.safetensors" for f in (folder, compact))
    assert half.stat().st_size < 0.5 * whole.stat().st_size
    assert {value.dtype for value in load_file(half).values()} == {torch.float16}
    bundle = make_bundle(["ada", "bob"])
    make_compact(bundle.generator)
    spoken, expected = (v("Hello.", seed=1) for v in (load(compact), Voice(bundle)))
    assert (spoken.samples == expected.samples).all()


def test_a_compact_voice_written_again_is_the_same(compact, tmp_path):
    again = write_voice(tmp_path / "again", read_voice(compact))
    assert (again / "model.safetensors").read_bytes() == (
        compact / "model.safetensors"
    ).read_bytes()


def test_a_compact_voice_says_what_it_cannot_do(compact):
    voice = load(compact)
    wave = np.zeros(22050, np.float32)
    with pytest.raises(VoiceError, match=r"is compact: .* take the whole voice"):
        voice.convert(wave, 22050, "ada", "bob")


def test_half_of_a_compact_voice_is_refused(compact):
    edit_weights(compact, lambda weights: weights.pop(max(weights)))
    with pytest.raises(VoiceError, match="lacks tensor"):
        load(compact)


SIZES = [
    ("hidden_channels",),
    ("n_symbols",),
    ("text_encoder", "n_layers"),
    ("text_encoder", "window_size"),
    ("text_encoder", "filter_channels"),
    ("prior_flow", "n_flows"),
    ("prior_flow", "n_layers"),
    ("posterior_encoder", "n_layers"),
    ("duration_predictor", "n_flows"),
    ("duration_predictor", "n_bins"),
    ("decoder", "initial_channels"),
]


@pytest.mark.parametrize("value", [1 << 19, 10**9, 10**300, [1] * 300_000])
@pytest.mark.slow
def test_sizes_are_compared_before_memory_is_taken(folder, little_memory, value):
    """Every size of the model, each absurd in turn, ends in one line at once."""
    path = folder / "config.json"
    text = path.read_text()
    for keys in SIZES:
        values = json.loads(text)
        block = values["model"]
        for key in keys[:-1]:
            block = block[key]
        block[keys[-1]] = value
        path.write_text(json.dumps(values))
        started = time.perf_counter()
        with little_memory(256 << 20), pytest.raises(VoiceError) as caught:
            read_voice(folder)
        assert time.perf_counter() - started < 5, keys
        assert len(str(caught.value)) < 1000, keys
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["resblock_kernel_sizes", "upsample_rates", "resblock_dilations"])
@pytest.mark.slow
def test_long_lists_of_sizes_are_refused(folder, little_memory, key):
    path = folder / "config.json"
    values = json.loads(path.read_text())
    values["model"]["decoder"][key] = [[1]] * 200_000 if "dil" in key else [1] * 200_000
    path.write_text(json.dumps(values))
    with little_memory(256 << 20), pytest.raises(VoiceError):
        read_voice(folder)


@pytest.mark.parametrize("name", ["config.json", "card.json"])
def test_a_key_that_occurs_twice_is_named(folder, name):
    path = folder / name
    text = path.read_text().rstrip()
    key = next(iter(json.loads(text)))
    path.write_text(f'{text[:-1]}, "{key}": 1}}')
    with pytest.raises(
        VoiceError, match=rf"{name} is not valid JSON: the key '{key}' occurs twice"
    ):
        read_voice(folder)


@pytest.mark.parametrize("name", ["config.json", "card.json"])
def test_a_file_of_many_megabytes_is_not_read(folder, name, little_memory):
    with (folder / name).open("r+b") as file:
        file.truncate(1 << 33)
    with little_memory(256 << 20), pytest.raises(VoiceError, match="larger than 32 MiB"):
        read_voice(folder)


@pytest.mark.slow
def test_reading_a_voice_does_not_import_torchs_compiler(tiny_voice):
    program = "import sys, vits; vits.load(sys.argv[1]); print('torch._dynamo' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program, tiny_voice], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_a_model_larger_than_expected_is_built_after_its_shapes_are_known(tiny_voice, monkeypatch):
    expected = read_voice(tiny_voice).generator.state_dict()
    monkeypatch.setattr("vits.synthesis.bundle.weights.SPARE", -(2**40))
    found = read_voice(tiny_voice).generator.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in found.items())
