import numpy as np
import pytest
import soundfile

from vits.cli import main
from vits.errors import DataError, MissingFileError
from vits.evaluation import read_test_set


def test_a_text_file_has_sentences_and_no_recordings(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("One.\n\n  Two. \nThree.\n", encoding="utf-8")
    items = read_test_set(path)
    assert [(item.id, item.text) for item in items] == [
        ("line 1", "One."),
        ("line 3", "Two."),
        ("line 4", "Three."),
    ]
    assert all(item.read is None for item in items)
    assert [item.text for item in read_test_set(path, limit=1)] == ["One."]


def test_a_corpus_and_what_prepare_makes_of_it_are_the_same(robot, tmp_path):
    prepared = tmp_path / "prepared"
    command = ["prepare", str(robot), "-o", str(prepared), "--sample-rate", "22050"]
    assert main([*command, "--max-deviation", "0"]) == 0
    for recorded, same in zip(read_test_set(robot), read_test_set(prepared), strict=True):
        assert (recorded.id, recorded.text) == (same.id, same.text)
        assert recorded.read is not None
        samples, rate = recorded.read()
        assert rate == 22050
        np.testing.assert_allclose(same.read()[0], samples, atol=1e-4)
    assert len(read_test_set(prepared, limit=1)) == 1


def test_a_file_list_is_not_taken_for_sentences(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.zeros((100, 2)), 8000)
    path = tmp_path / "list.txt"
    path.write_text(f"{tmp_path / 'x.wav'}|Hello.\n", encoding="utf-8")
    (item,) = read_test_set(path)
    assert item.text == "Hello."
    assert item.read()[0].shape == (100,)


def test_bad_material_is_one_line(tmp_path):
    (tmp_path / "empty.txt").write_text("\n\n")
    (tmp_path / "mute.jsonl").write_text('{"id": "x", "audio": "x.wav", "text": " "}\n')
    for name, kind, words in (
        ("nowhere", MissingFileError, "does not exist"),
        ("empty.txt", DataError, "holds no text"),
        ("mute.jsonl", DataError, "1 rows have no text, first 'x'"),
    ):
        with pytest.raises(kind, match=words):
            read_test_set(tmp_path / name)
