"""Hostile files: no code is run, nothing is written, each is refused in one line."""

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile

import pytest
import torch

from vits.cli import main
from vits.config import json_file
from vits.interop import convert, safe_loading
from vits.interop.detect_format import read

MARK = "harm-was-done"


class Harm:
    """Touches a file when it is unpickled by a careless reader."""

    def __init__(self, folder):
        self.command = f"touch {folder / MARK}"

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.fixture(scope="module")
def source(make_voice, tmp_path_factory):
    folders = {}
    for form in ("original", "transformers", "coqui", "piper", "vits"):
        folders[form] = tmp_path_factory.mktemp("source") / form
        voice = make_voice(duration_channels=192) if form == "coqui" else make_voice()
        convert.write(voice, folders[form], form)
    return folders


def rewrite(path, change):
    values = torch.load(path, weights_only=True)
    change(values)
    torch.save(values, path)


def edit_json(path, change):
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def weights_of(values):
    return values["model"]


def pickled_code(folder, path):
    torch.save({"model": Harm(folder)}, path)


def bare_pickle(folder, path):
    path.write_bytes(pickle.dumps(Harm(folder)))


def bare_code_in_zip(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Harm(folder)))
        archive.writestr("archive/version", "3\n")


def legacy_tar(folder, path):
    with tarfile.open(path, "w") as archive:
        data = pickle.dumps(Harm(folder))
        info = tarfile.TarInfo(f"../../{MARK}")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))


def zip_bomb(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * (1 << 24))


def path_escape(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"../../{MARK}", b"x")


def absolute_path(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(str(folder / MARK), b"x")


def many_entries(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(safe_loading.MOST_ENTRIES // 1000):
            archive.writestr(f"archive/data/{i}", b"")


def not_a_zip(folder, path):
    path.write_bytes(b"MZ" + b"\0" * 100)


def cut_off(folder, path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def empty(folder, path):
    path.write_bytes(b"")


def a_list(folder, path):
    torch.save([1, 2], path)


def no_state(folder, path):
    torch.save({"optimizer": {}}, path)


def tensors_that_are_not(folder, path):
    rewrite(path, lambda v: weights_of(v).update({"enc_p.emb.weight": [1.0]}))


def wrong_shape(folder, path):
    rewrite(path, lambda v: weights_of(v).update({"enc_p.proj.weight": torch.zeros(16, 3, 1)}))


def wrong_rank(folder, path):
    rewrite(path, lambda v: weights_of(v).update({"enc_p.emb.weight": torch.zeros(7)}))


def missing_key(folder, path):
    rewrite(path, lambda v: weights_of(v).pop("enc_q.proj.bias"))


def missing_half(folder, path):
    rewrite(path, lambda v: weights_of(v).pop("dec.ups.0.weight_v"))


def unknown_key(folder, path):
    rewrite(path, lambda v: weights_of(v).update({"__class__.__init__": torch.zeros(1)}))


def layer_a_million(folder, path):
    name = "enc_p.encoder.attn_layers.999999.conv_q.weight"
    rewrite(path, lambda v: weights_of(v).update({name: torch.zeros(1)}))


def two_spellings(folder, path):
    name = "dec.ups.0.parametrizations.weight.original0"
    rewrite(path, lambda v: weights_of(v).update({name: torch.ones(16, 1, 1)}))


def nan_weights(folder, path):
    rewrite(path, lambda v: weights_of(v)["enc_p.proj.bias"].fill_(float("nan")))


def infinite_weights(folder, path):
    rewrite(path, lambda v: weights_of(v)["dec.conv_pre.bias"].fill_(float("inf")))


def doubles(folder, path):
    rewrite(path, lambda v: weights_of(v).update({"enc_p.proj.bias": torch.zeros(16).double()}))


def sparse(folder, path):
    rewrite(path, lambda v: weights_of(v).update({"enc_p.proj.bias": torch.zeros(16).to_sparse()}))


def a_tiny_tensor_that_says_it_is_huge(folder, path):
    huge = torch.zeros(1).expand(1 << 40)
    rewrite(path, lambda v: weights_of(v).update({"enc_p.proj.bias": huge}))


CHECKPOINTS = [
    pickled_code, bare_pickle, bare_code_in_zip, legacy_tar, zip_bomb, path_escape, absolute_path,
    many_entries, not_a_zip, cut_off, empty, a_list, no_state, tensors_that_are_not, wrong_shape,
    wrong_rank, missing_key, missing_half, unknown_key, layer_a_million, two_spellings, nan_weights,
    infinite_weights, doubles, sparse, a_tiny_tensor_that_says_it_is_huge,
]  # fmt: skip


def refused(path, folder, capsys):
    """Require that a conversion says one line, with status 2, and leaves nothing behind."""
    target = folder / "out" / "voice"
    assert main(["convert", str(path), str(target)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("vits: error: ")
    assert said.err.count("\n") == 1
    assert len(said.err) < 2000
    assert not target.parent.exists()
    assert not list(folder.rglob(MARK))
    assert not list(folder.parent.glob(MARK))


def copied(folder, to):
    import shutil

    return shutil.copytree(folder, to / "voice")


@pytest.mark.parametrize("harm", CHECKPOINTS)
def test_a_hostile_checkpoint_is_refused(harm, source, tmp_path, capsys):
    voice = copied(source["original"], tmp_path)
    harm(tmp_path, voice / "G_0.pth")
    refused(voice, tmp_path, capsys)


@pytest.mark.parametrize("form", ["coqui", "piper"])
def test_code_in_the_other_checkpoints_is_refused(form, source, tmp_path, capsys):
    voice = copied(source[form], tmp_path)
    (path,) = [*voice.glob("*.pth"), *voice.glob("*.ckpt")]
    torch.save({"model": Harm(tmp_path), "state_dict": Harm(tmp_path)}, path)
    refused(voice, tmp_path, capsys)


def test_code_in_the_discriminators_is_refused(source, tmp_path, capsys):
    voice = copied(source["original"], tmp_path)
    torch.save({"model": Harm(tmp_path)}, voice / "D_0.pth")
    refused(voice, tmp_path, capsys)


def test_code_in_the_speakers_is_refused(make_voice, tmp_path, capsys):
    convert.write(make_voice(3, duration_channels=192), tmp_path / "voice", "coqui")
    edit_json(tmp_path / "voice" / "config.json", lambda settings: settings.pop("speakers"))
    torch.save(Harm(tmp_path), tmp_path / "voice" / "speakers.pth")
    refused(tmp_path / "voice", tmp_path, capsys)


def test_code_in_an_old_file_of_transformers_is_refused(source, tmp_path, capsys):
    voice = copied(source["transformers"], tmp_path)
    (voice / "model.safetensors").unlink()
    torch.save({"a": Harm(tmp_path)}, voice / "pytorch_model.bin")
    refused(voice, tmp_path, capsys)


def test_a_class_named_in_the_hyper_parameters_is_not_run(source, tmp_path, capsys):
    voice = copied(source["piper"], tmp_path)
    rewrite(
        voice / "voice.ckpt",
        lambda v: v["hyper_parameters"].update(_instantiator="os.system", args=f"touch {MARK}"),
    )
    refused(voice, tmp_path, capsys)


def header(size, body=b""):
    return struct.pack("<Q", size) + body


@pytest.mark.parametrize(
    "data",
    [
        header(1 << 62),
        header(1 << 40, b"{}"),
        header(8, b"not json"),
        header(2, b"{}"),
        header(66, b'{"a":{"dtype":"F32","shape":[99999999999],"data_offsets":[0,4]}}  '),
        b"",
    ],
)
def test_hostile_safetensors_are_refused(data, source, tmp_path, capsys):
    voice = copied(source["transformers"], tmp_path)
    (voice / "model.safetensors").write_bytes(data)
    refused(voice, tmp_path, capsys)


@pytest.mark.parametrize("form", ["original", "transformers", "coqui", "piper"])
@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": NaN}', "[" * 100_000, '{"model_type": "vits"}', "\0\xff"]
)
def test_hostile_settings_are_refused(form, text, source, tmp_path, capsys):
    voice = copied(source[form], tmp_path)
    (voice / "config.json").write_text(text)
    refused(voice, tmp_path, capsys)


def test_settings_of_many_megabytes_are_not_read(source, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(json_file, "LARGEST_JSON", 1000)
    refused(copied(source["original"], tmp_path), tmp_path, capsys)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sampling_rate", 10**30),
        ("hop_length", 0),
        ("hop_length", -32),
        ("filter_length", 1 << 40),
        ("text_cleaners", ["__import__('os').system('id')"]),
        ("mel_fmin", "0"),
        ("add_blank", "yes"),
    ],
)
def test_hostile_numbers_are_refused(key, value, source, tmp_path, capsys):
    voice = copied(source["original"], tmp_path)
    edit_json(voice / "config.json", lambda s: (s.pop("vits"), s["data"].update({key: value})))
    refused(voice, tmp_path, capsys)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.update(os=5),
        lambda v: v.update(rows=[0, 0]),
        lambda v: v.update(card={"name": 3}),
        lambda v: v.update(symbols=["a"], rows=list(range(178))),
    ],
)
def test_our_own_entry_may_lie_too(change, source, tmp_path, capsys):
    voice = copied(source["coqui"], tmp_path)
    edit_json(voice / "config.json", lambda s: change(s["vits"]))
    refused(voice, tmp_path, capsys)


def test_names_of_speakers_are_no_paths(make_voice, tmp_path):
    convert.write(make_voice(3, "deterministic"), tmp_path / "voice", "piper")
    names = {f"../../{MARK}": 0, "/etc/passwd": 1, "\x1b[2J": 2}
    edit_json(tmp_path / "voice" / "config.json", lambda s: s.update(speaker_id_map=names))
    out = tmp_path / "two" / "deep"
    convert.write(read(tmp_path / "voice"), out, "coqui")
    assert not list(tmp_path.rglob(MARK))
    assert read(out).bundle.speakers == tuple(names)
