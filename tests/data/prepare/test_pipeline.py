"""The whole preparation, on a small corpus with every fault planted."""

from collections import Counter

import pytest

from vits.data.prepare.checks import Reason
from vits.data.prepare.pipeline import prepare
from vits.errors import DataError


def test_every_fault_is_rejected_with_its_reason_and_nothing_else(toy, corpus, prepared):
    rows, faults = corpus
    folder, outcome = prepared
    rejected = toy.lines(folder / "rejected.jsonl")
    assert {row["audio"]: row["reason"] for row in rejected} == {
        audio: reason.value for audio, reason in faults.items()
    }
    assert all(row["detail"] for row in rejected)
    assert set(Reason) == set(faults.values())  # no reason without a planted fault
    report = outcome.report
    assert report.rows == len(rows)
    assert report.kept == 40 == len(toy.lines(folder / "manifest.jsonl"))
    assert report.rejected == Counter(reason.value for reason in faults.values())
    assert list(report.rejected) == [r.value for r in Reason]


def test_details_contain_the_values(toy, prepared):
    details = {row["id"]: row["detail"] for row in toy.lines(prepared[0] / "rejected.jsonl")}
    assert "U+2603" in details["unknown"]
    assert "x2" in details["unknown"]
    assert details["truncated"].startswith("500 bytes fewer")
    assert "good3.wav" in details["good3"]
    assert "4000 Hz" in details["rate"]
    assert "median" in details["odd"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_shards_merge_to_the_same_bytes(toy, corpus, prepared, tmp_path, n):
    rows, _ = corpus
    for i in range(n, 0, -1):
        outcome = toy.run(rows, tmp_path, shard=(i, n))
        assert (outcome.report is None) == (i > 1)
        assert (outcome.missing > 0) == (i > 1)
    assert toy.contents(tmp_path) == toy.contents(prepared[0])


def test_shards_of_different_folders_merge_to_the_same_bytes(toy, corpus, prepared, tmp_path):
    rows, _ = corpus
    for i in (1, 2):
        toy.run(rows, tmp_path / str(i), shard=(i, 2))
    with pytest.raises(DataError, match="4 of 8 chunks are missing"):
        toy.run(rows, tmp_path / "1", merge=True)
    for path in (tmp_path / "2/chunks").iterdir():
        path.rename(tmp_path / "1/chunks" / path.name)
    outcome = toy.run(rows, tmp_path / "1", merge=True)
    assert outcome.report == prepared[1].report
    assert toy.contents(tmp_path / "1") == toy.contents(prepared[0])
    assert not (tmp_path / "1/chunks").exists()


def test_a_finished_folder_is_not_changed(toy, small, processed):
    rows, out = small
    before = toy.contents(out)
    times = {name: (out / name).stat().st_mtime_ns for name in toy.outputs}
    processed.clear()
    outcome = toy.run(rows, out)
    assert processed == []
    assert outcome.report.kept == 16
    assert toy.contents(out) == before
    assert {name: (out / name).stat().st_mtime_ns for name in toy.outputs} == times


def test_no_rows_is_an_error(toy, tmp_path):
    with pytest.raises(DataError, match="0 rows"):
        toy.run([], tmp_path)


def test_foreign_files_are_not_overwritten(toy, small, tmp_path):
    rows, _ = small
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/manifest.jsonl").write_text("precious")
    with pytest.raises(DataError, match=r"has manifest\.jsonl but no dataset\.json"):
        toy.run(rows, tmp_path / "mine")
    assert (tmp_path / "mine/manifest.jsonl").read_text() == "precious"


@pytest.mark.parametrize(
    ("options", "fault"),
    [({"workers": 0}, "workers 0 must be at least 1"), ({"chunk_rows": 0}, "chunk_rows 0 must be")],
)
def test_invalid_numbers_are_errors(toy, corpus, tmp_path, options, fault):
    with pytest.raises(DataError, match=fault):
        prepare(corpus[0], tmp_path, toy.config, toy.frontend(), **options)


def test_a_file_as_output_folder_is_an_error(toy, corpus, tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(DataError, match="is a file; choose a folder"):
        toy.run(corpus[0], tmp_path / "out")
