"""The clean copy of a prepared folder."""

import json

import pytest

from vits.data.audit.clean import write_clean
from vits.data.audit.examine import examine
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import DataError


def test_the_clean_copy_holds_the_other_rows_bit_for_bit(faulty, report, tmp_path):
    kept = write_clean(faulty, report, tmp_path / "clean")
    clean = PreparedDataset(tmp_path / "clean")
    assert len(clean) == kept == len(faulty) - len(report.left_out)
    assert clean.symbols == faulty.symbols
    indices = {name: i for i, name in enumerate(faulty.names)}
    for index, name in enumerate(clean.names):
        copy, original = clean[index], faulty[indices[name]]
        assert copy.wave.equal(original.wave)
        assert copy.ids.equal(original.ids)


def test_every_row_is_kept_or_listed_with_its_reasons(faulty, report, tmp_path):
    write_clean(faulty, report, tmp_path / "clean")
    lines = (tmp_path / "clean/rejected.jsonl").read_text(encoding="utf-8").splitlines()
    rejected = [json.loads(line) for line in lines]
    clean = PreparedDataset(tmp_path / "clean")
    assert sorted([*clean.names, *(row["id"] for row in rejected)]) == sorted(faulty.names)
    assert all(row["reason"] and row["detail"] for row in rejected)
    written = json.loads((tmp_path / "clean/check.json").read_text(encoding="utf-8"))
    assert written["kept"] + written["left_out"] == written["rows"] == len(faulty)
    excluded = {finding["id"] for finding in written["findings"] if finding["left_out"]}
    assert excluded == {row["id"] for row in rejected}


def test_the_data_module_accepts_the_clean_copy(faulty, report, tmp_path):
    from vits.training import VitsDataModule

    write_clean(faulty, report, tmp_path / "clean")
    module = VitsDataModule(str(tmp_path / "clean"), validation=str(faulty.folder), n_validation=4)
    assert len(module.train_data) < len(faulty)


def test_other_files_are_not_overwritten(faulty, report, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    for output in (faulty.folder, tmp_path / "file", tmp_path / "full"):
        with pytest.raises(DataError, match=r"choose another|choose a folder"):
            write_clean(faulty, report, output)
    write_clean(faulty, report, tmp_path / "clean")
    write_clean(faulty, report, tmp_path / "clean")  # an earlier copy may be replaced


def test_a_corpus_without_good_rows_is_an_error(faulty, tmp_path):
    silent = faulty.select([10])
    with pytest.raises(DataError, match="none of 1 rows is left"):
        write_clean(silent, examine(silent), tmp_path / "clean")
    assert not (tmp_path / "clean/dataset.json").exists()
