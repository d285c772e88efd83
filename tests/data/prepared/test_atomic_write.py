import contextlib

import pytest

from vits.data.prepared.atomic_write import atomic_write


def test_the_file_appears_only_when_the_block_succeeds(tmp_path):
    path = tmp_path / "a.txt"
    with atomic_write(path) as partial:
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_an_error_keeps_the_old_file_and_removes_the_partial_one(tmp_path):
    path, scratch = tmp_path / "a.txt", tmp_path / "scratch"
    path.write_text("old")
    scratch.mkdir()
    with contextlib.suppress(InterruptedError), atomic_write(path, scratch) as partial:
        partial.write_text("new")
        assert partial.parent == scratch
        raise InterruptedError
    assert path.read_text() == "old"
    assert list(scratch.iterdir()) == []


def test_a_failed_write_names_the_file(tmp_path, small_files):
    path = tmp_path / "a.txt"
    with small_files(10), pytest.raises(OSError) as caught, atomic_write(path) as partial:  # noqa: PT011
        partial.write_text("new" * 99)
    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []
