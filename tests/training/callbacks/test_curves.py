import csv

import pytest

from vits.training.callbacks import Curves
from vits.training.callbacks.curves import read_history


def test_history_keeps_every_number_and_drops_those_a_resumed_run_repeats(make_run, tmp_path):
    make_run(4, callbacks=[Curves(1)])
    path = tmp_path / "run" / "history.csv"
    curves = read_history(path)
    assert curves["train/mel"][0] == [1, 2, 3, 4]
    assert (tmp_path / "run" / "curves.png").stat().st_size > 1000

    class Resumed:
        is_global_zero, global_step = True, 2
        default_root_dir = str(tmp_path / "run")

    Curves(1).on_train_start(Resumed(), None)
    assert read_history(path)["train/mel"][0] == [1, 2]
    with path.open() as file:
        assert next(csv.reader(file)) == ["step", "name", "value"]


@pytest.mark.parametrize("cut", [1, 3, 6, 8, 14, 17])
def test_an_incomplete_last_line_is_ignored(tmp_path, cut):
    path = tmp_path / "history.csv"
    complete = "step,name,value\r\n1,train/mel,0.5\r\n2,train/mel,0.25\r\n"
    path.write_bytes(complete[:-cut].encode())

    class Resumed:
        is_global_zero, global_step, default_root_dir = True, 2, str(tmp_path)

    Curves().on_train_start(Resumed(), None)
    assert path.read_bytes().decode() == complete[: complete.index("2,")]


def test_the_last_value_of_a_repeated_validation_counts(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("step,name,value\n4,val/mel,3.5\n2,val/mel,1.5\n4,val/mel,2.5\n")
    assert read_history(path) == {"val/mel": ([2, 4], [1.5, 2.5])}
