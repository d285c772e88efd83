import pytest
import soundfile

from vits.data.prepare.report import Report
from vits.data.prepared.manifest import Row
from vits.errors import DataError


def test_unused_symbols_are_listed(toy, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, toy.noise(0.8), toy.rate)
    rows = [Row(id="a", audio=str(path), text="abcdefghij")]
    report = toy.run(rows, tmp_path / "out").report
    assert report.unused_symbols == list("klmnopqrstuvwxyz .,?")


def test_only_the_first_rejected_rows_are_shown(toy, tmp_path):
    rows = toy.good_rows(tmp_path / "wavs", 1)
    rows += [Row(id=f"bad{i}", audio=str(tmp_path / "no.wav"), text="a") for i in range(13)]
    shown = toy.run(rows, tmp_path / "out").report.text().splitlines()
    assert sum(line.startswith("rejected bad") for line in shown) == 10
    assert shown[-1] == "and 3 more, see rejected.jsonl"


def test_a_report_that_does_not_add_up_is_an_error(prepared):
    values = prepared[1].report.to_dict()
    with pytest.raises(DataError, match=r"39 kept and 18 rejected rows must add up to 58"):
        Report.from_dict({**values, "kept": 39})
