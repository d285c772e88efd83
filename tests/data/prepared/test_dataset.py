import copy
import json
import os
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from vits.config import AudioConfig, to_dict
from vits.data.prepared.dataset import PreparedDataset, split
from vits.errors import ConfigError, DataError, MissingFileError

SYMBOLS = ["_", "a", "b", "c"]


def write_folder(folder, *, speakers=("ann", "bob"), n=6):
    """Write prepared data as the format says, without the code that makes it."""
    random = np.random.default_rng(0)
    rows, waves, offset = [], [], 0
    for i in range(n):
        wave = random.integers(-32768, 32768, 600 + 100 * i).astype("<i2")
        rows.append(
            {
                "id": f"utt{i}",
                "audio": f"wavs/{i}.wav",
                "text": f"sentence {i} – ünïcode",
                "speaker": speakers[i % len(speakers)] if speakers else "",
                "phonemes": "abc",
                "ids": [0, 1, 0, 1 + i % 3, 0],
                "samples": len(wave),
                "offset": offset,
            }
        )
        waves.append(wave)
        offset += len(wave)
    folder.mkdir(exist_ok=True)
    info = {
        "format": 1,
        "audio": to_dict(AudioConfig(n_fft=64, win_length=64, hop_length=16)),
        "frontend": {"config": {}, "symbols": SYMBOLS, "lexicon": {}},
        "fingerprint": {},
        "speakers": list(speakers),
        "utterances": n,
        "samples": offset,
    }
    (folder / "dataset.json").write_text(json.dumps(info))
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / "manifest.jsonl").write_text("".join(lines), encoding="utf-8")
    (folder / "audio.i16").write_bytes(np.concatenate(waves).tobytes())
    return rows, waves


@pytest.fixture
def prepared(tmp_path):
    rows, waves = write_folder(tmp_path / "data")
    return tmp_path / "data", rows, waves


def same(one, other):
    assert one.id == other.id
    assert one.speaker == other.speaker
    assert torch.equal(one.ids, other.ids)
    assert torch.equal(one.wave, other.wave)


def test_utterances_equal_the_prepared_data(prepared):
    folder, rows, waves = prepared
    dataset = PreparedDataset(folder)
    assert len(dataset) == 6
    for i, (row, wave) in enumerate(zip(rows, waves, strict=True)):
        utterance = dataset[i]
        assert utterance.id == row["id"]
        assert utterance.ids.dtype == torch.int64
        assert utterance.ids.tolist() == row["ids"]
        assert utterance.wave.dtype == torch.float32
        assert torch.equal(utterance.wave, torch.from_numpy(wave.astype(np.float32) / 32768))
        assert dataset.speakers[utterance.speaker] == row["speaker"]
        assert dataset.row(i) == row


def test_attributes(prepared):
    folder, rows, _ = prepared
    dataset = PreparedDataset(str(folder))
    assert dataset.audio == AudioConfig(n_fft=64, win_length=64, hop_length=16)
    assert dataset.symbols == SYMBOLS
    assert dataset.speakers == ["ann", "bob"]
    assert dataset.info["samples"] == sum(row["samples"] for row in rows)
    assert dataset.frames.tolist() == [row["samples"] // 16 for row in rows]
    assert dataset.seconds == dataset.info["samples"] / 22050
    assert list(dataset.names) == [row["id"] for row in rows]


def test_one_unnamed_speaker_has_id_0(tmp_path):
    write_folder(tmp_path / "data", speakers=())
    dataset = PreparedDataset(tmp_path / "data")
    assert dataset.speakers == []
    assert {dataset[i].speaker for i in range(len(dataset))} == {0}


def test_indices_behave_like_those_of_a_sequence(prepared):
    dataset = PreparedDataset(prepared[0])
    same(dataset[-1], dataset[5])
    with pytest.raises(IndexError):
        dataset[6]


def test_waves_are_mapped_lazily_and_never_pickled(prepared):
    dataset = PreparedDataset(prepared[0])
    fresh = len(pickle.dumps(dataset))
    first = dataset[0]
    assert len(pickle.dumps(dataset)) == fresh
    same(pickle.loads(pickle.dumps(dataset))[0], first)  # noqa: S301 - our own bytes


def test_changing_a_wave_does_not_change_the_data(prepared):
    dataset = PreparedDataset(prepared[0])
    dataset[0].wave.zero_()
    assert dataset[0].wave.abs().sum() > 0


def test_works_in_a_worker(prepared):
    dataset = PreparedDataset(prepared[0])
    loader = DataLoader(dataset, batch_size=None, num_workers=1, multiprocessing_context="spawn")
    for utterance, expected in zip(loader, dataset, strict=False):
        same(utterance, expected)


def test_select_keeps_order_and_content(prepared):
    dataset = PreparedDataset(prepared[0])
    part = dataset.select([4, 1])
    assert len(part) == 2
    same(part[0], dataset[4])
    same(part[1], dataset[1])
    assert part.row(1) == dataset.row(1)
    assert part.frames.tolist() == dataset.frames[[4, 1]].tolist()
    assert len(dataset) == 6


@pytest.mark.parametrize("choice", [{"n_validation": 2}, {"fraction": 0.3}])
def test_split_is_a_repeatable_partition(prepared, choice):
    dataset = PreparedDataset(prepared[0])
    train, validation = split(dataset, **choice, seed=7)
    assert len(validation) == 2
    assert sorted([*train.names, *validation.names]) == sorted(dataset.names)
    assert list(train.names) == sorted(train.names)
    again = split(dataset, **choice, seed=7)
    assert list(again[1].names) == list(validation.names)
    others = {tuple(split(dataset, **choice, seed=seed)[1].names) for seed in range(20)}
    assert len(others) > 3


def test_split_by_name(prepared):
    train, validation = split(PreparedDataset(prepared[0]), ids=["utt3", "utt0"])
    assert list(validation.names) == ["utt0", "utt3"]
    assert list(train.names) == ["utt1", "utt2", "utt4", "utt5"]


@pytest.mark.parametrize(
    ("choice", "error", "message"),
    [
        ({}, ConfigError, "exactly one"),
        ({"n_validation": 1, "fraction": 0.5}, ConfigError, "exactly one"),
        ({"n_validation": 0}, DataError, "0 of 6"),
        ({"n_validation": -3}, DataError, "0 of 6"),
        ({"n_validation": 6}, DataError, "6 of 6"),
        ({"fraction": 1.0}, DataError, "6 of 6"),
        ({"ids": ["utt0", "nobody"]}, DataError, "1 ids are not in .*'nobody'"),
    ],
)
def test_invalid_splits_are_errors(prepared, choice, error, message):
    with pytest.raises(error, match=message):
        split(PreparedDataset(prepared[0]), **choice)


def change_info(folder, **values):
    path = folder / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def change_row(folder, number, **values):
    path = folder / "manifest.jsonl"
    lines = path.read_text().splitlines()
    row = json.loads(lines[number - 1])
    row.update(values)
    row = {key: value for key, value in row.items() if value is not ...}
    lines[number - 1] = json.dumps(row)
    path.write_text("\n".join(lines) + "\n")


def test_missing_folders_and_files_are_errors(prepared, tmp_path):
    with pytest.raises(MissingFileError, match=r"absent is not a folder; .*vits prepare"):
        PreparedDataset(tmp_path / "absent")
    with pytest.raises(DataError, match=r"no dataset\.json; .*vits prepare"):
        PreparedDataset(tmp_path)
    for name in ("audio.i16", "manifest.jsonl"):
        write_folder(prepared[0])
        (prepared[0] / name).unlink()
        with pytest.raises(MissingFileError, match=name):
            PreparedDataset(prepared[0])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"format": None}, "format None"),
        ({"audio": {"hop": 3}}, "unknown key audio.hop"),
        ({"audio": {"hop_length": 0}}, "hop_length 0"),
        ({"speakers": None}, "valid speakers"),
        ({"frontend": {}}, r"valid frontend\.symbols"),
        ({"utterances": 7}, "has 6 utterances, dataset.json says 7"),
        ({"speakers": ["ann"]}, "line 2 has speaker 'bob'"),
        (
            {"frontend": {"symbols": list("_abc"), "config": {"languages": [["eo", "eo"]]}}},
            "line 1 has language None, not in dataset",
        ),
        (
            {"frontend": {"symbols": list("_abc"), "config": {"languages": ["eo"]}}},
            "has no valid languages",
        ),
    ],
)
def test_invalid_descriptions_are_errors(prepared, values, message):
    change_info(prepared[0], **values)
    with pytest.raises(DataError, match=message):
        PreparedDataset(prepared[0])


@pytest.mark.parametrize("text", ["{", "[]", "\ufeff\x00"])
def test_description_that_is_not_an_object_is_an_error(prepared, text):
    (prepared[0] / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=r"dataset\.json"):
        PreparedDataset(prepared[0])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ids": [0, 4]}, "ids outside the 4 symbols"),
        ({"ids": [0, -1]}, "ids outside"),
        ({"ids": [0.0, 1]}, "ids outside"),
        ({"ids": []}, "at least one symbol"),
        ({"ids": ...}, "not a manifest row .*'ids'"),
        ({"id": 5}, "must have a name"),
        ({"id": "utt0"}, "'utt0' is a duplicate"),
        ({"samples": 0}, "0 samples"),
        ({"offset": -1}, "at -1"),
        ({"speaker": ["ann"]}, "speaker"),
    ],
)
def test_invalid_rows_are_errors_with_their_line(prepared, values, message):
    change_row(prepared[0], 3, **values)
    with pytest.raises(DataError, match=f"line 3.*{message}"):
        PreparedDataset(prepared[0])


def test_row_that_is_not_json_is_an_error_with_its_line(prepared):
    path = prepared[0] / "manifest.jsonl"
    path.write_text(path.read_text() + "{half a r")
    with pytest.raises(DataError, match="line 7"):
        PreparedDataset(prepared[0])


@pytest.mark.parametrize("change", [-2, 2])
def test_audio_of_another_size_is_an_error_with_both_sizes(prepared, change):
    path = prepared[0] / "audio.i16"
    size = path.stat().st_size
    path.write_bytes((path.read_bytes() + b"12")[: size + change])
    with pytest.raises(DataError, match=f"{size + change} bytes, its manifest needs {size}"):
        PreparedDataset(prepared[0])


@pytest.mark.parametrize("started", [False, True])
def test_audio_that_shrinks_during_a_run_is_an_error(prepared, started):
    dataset = PreparedDataset(prepared[0])
    path = prepared[0] / "audio.i16"
    if started:
        dataset[0]  # the file is open now
    os.truncate(path, 2)
    for read in (lambda: dataset[0], dataset.digest):
        with pytest.raises(DataError, match=r"audio\.i16 has fewer than .*changed during the run"):
            read()
    path.unlink()
    with pytest.raises(DataError, match=r"cannot read .*audio\.i16: No such file"):
        copy.deepcopy(dataset)[0]


def test_the_digest_changes_with_every_part_of_the_content(prepared):
    folder = prepared[0]
    before = PreparedDataset(folder).digest()
    assert PreparedDataset(folder).digest() == before
    assert PreparedDataset(folder).select([1, 0]).digest() != before
    audio = (folder / "audio.i16").read_bytes()
    index = PreparedDataset(folder)._index
    for start, count in zip(index.offset.tolist(), index.samples.tolist(), strict=True):
        changed = bytearray(audio)
        changed[2 * (start + count // 2)] ^= 1
        (folder / "audio.i16").write_bytes(changed)
        assert PreparedDataset(folder).digest() != before
    (folder / "audio.i16").write_bytes(audio)
    manifest = (folder / "manifest.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in manifest.splitlines()]
    for key, value in (("id", "other"), ("ids", rows[0]["ids"][:-1])):
        changed_rows = [{**rows[0], key: value}, *rows[1:]]
        lines = "".join(json.dumps(row) + "\n" for row in changed_rows)
        (folder / "manifest.jsonl").write_text(lines, encoding="utf-8")
        assert PreparedDataset(folder).digest() != before


def test_remapped_utterances_have_the_ids_of_another_model(prepared):
    dataset = PreparedDataset(prepared[0])
    info = {
        **dataset.info,
        "frontend": {**dataset.frontend, "symbols": ["_", "c", "b", "x", "a"]},
        "speakers": ["zoe", "bob", "ann"],
    }
    other = dataset.remapped(info, [0, 4, 2, 1], [2, 1])
    assert other.symbols == ["_", "c", "b", "x", "a"]
    assert other.speakers == ["zoe", "bob", "ann"]
    for i, (old, new) in enumerate(zip(dataset, other, strict=True)):
        assert torch.equal(new.wave, old.wave)
        assert [other.symbols[k] for k in new.ids] == [dataset.symbols[k] for k in old.ids]
        assert other.speakers[new.speaker] == dataset.speakers[old.speaker]
        assert old.ids.tolist() == [0, 1, 0, 1 + i % 3, 0]  # the original is untouched
    assert other.used_symbols() == {0, 4, 2, 1}
    assert other.select([0]).used_symbols() == {0, 4}
