"""Writes that may fail: one warning for each file, a count, and no half line."""

import errno
import os

import pytest

from vits.errors import TrainingWarning
from vits.training.run_folder import optional_writes
from vits.training.run_folder.optional_writes import OptionalWrites, append


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def attempt(writes, path, times=1, *, wrapped=False):
    for _ in range(times):
        with writes.attempt(path):
            try:
                full()
            except OSError as error:
                if wrapped:
                    raise ValueError("you tried to log 3") from error
                raise


def test_each_file_is_warned_about_once_and_counted(tmp_path):
    writes = OptionalWrites()
    assert writes.summary() == ""
    for path in (tmp_path / "a", tmp_path / "b"):
        with pytest.warns(TrainingWarning, match=f"cannot write {path}: No space left") as caught:
            attempt(writes, path, times=3)
        assert len(caught) == 1
    assert writes.summary().endswith(f"{tmp_path}/a (3), {tmp_path}/b (3)")


def test_errors_that_a_logger_wraps_count_and_bugs_do_not():
    writes = OptionalWrites()
    with pytest.warns(TrainingWarning):
        attempt(writes, optional_writes.Path("x"), wrapped=True)
    with pytest.raises(ValueError, match="a bug"), writes.attempt(optional_writes.Path("x")):
        raise ValueError("a bug")


def test_a_failed_append_leaves_the_file_as_it_was(tmp_path, small_files):
    path = tmp_path / "history.csv"
    append(path, b"1,2,3\n")
    with small_files(8), pytest.raises(OSError, match=r"history\.csv"):
        append(path, b"4,5,6\n")
    assert path.read_bytes() == b"1,2,3\n"
    append(path, b"4,5,6\n")
    assert path.read_bytes() == b"1,2,3\n4,5,6\n"
