import json
import os
from pathlib import Path

import pytest

from vits.data.prepared import manifest
from vits.data.prepared.manifest import Row, numbered_lines, read_manifest, write_manifest
from vits.errors import DataError, MissingFileError


def test_written_rows_are_read_back(tmp_path):
    rows = [
        Row(id="a", audio=str(tmp_path / "wavs/a.wav"), text='Say "hello" | now.', speaker="Ann"),
        Row(id="b", audio="/elsewhere/b.flac", text="Grüße\u2028aus Köln", language="de"),
    ]
    assert write_manifest(tmp_path / "m.jsonl", rows) == 2
    assert list(read_manifest(tmp_path / "m.jsonl")) == rows
    assert [path.name for path in tmp_path.iterdir()] == ["m.jsonl"]


def test_relative_audio_is_relative_to_the_manifest(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text('{"id": "a", "audio": "x/a.wav", "text": "Hi."}\n')
    (row,) = read_manifest(path)
    assert row == Row(id="a", audio=str(tmp_path / "x/a.wav"), text="Hi.")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "not JSON"),
        ("[1]", "list must be a JSON object"),
        ('{"id": "a", "audio": "a.wav"}', "lacks text"),
        ('{"id": "a", "audio": "a.wav", "text": "x", "emotion": "joy"}', "has unknown emotion"),
        ('{"id": 7, "audio": "a.wav", "text": "x"}', "id 7 must be a string"),
        ('{"id": " ", "audio": "a.wav", "text": "x"}', "id is empty"),
        ('{"id": "a", "audio": "a.wav", "text": "\\ud800"}', "not JSON"),
    ],
)
def test_a_malformed_line_is_an_error_with_its_number(tmp_path, line, fault):
    path = tmp_path / "m.jsonl"
    path.write_text(json.dumps({"id": "ok", "audio": "a", "text": ""}) + "\n\n" + line + "\n")
    with pytest.raises(DataError, match=fault) as caught:
        list(read_manifest(path))
    assert f"{path}:3:" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_lines_end_at_line_feeds_only(tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes("\ufeffone\u2028still one\r\n\r\n  \ntwo\x85\n".encode())
    assert list(numbered_lines(path)) == [(1, "one\u2028still one"), (4, "two\x85")]


def test_a_line_that_is_not_utf8_is_an_error(tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes(b"fine\nna\xefve\n")
    with pytest.raises(DataError, match=r"t\.txt:2: not UTF-8 at byte 2"):
        list(numbered_lines(path))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(MissingFileError, match=r"nothing\.jsonl does not exist"):
        list(read_manifest(tmp_path / "nothing.jsonl"))


def test_a_line_without_an_end_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "LONGEST_LINE", 100)
    path = tmp_path / "table.txt"
    path.write_text("short\n" + "x" * 100 + "\n")
    with pytest.raises(DataError, match=r"table\.txt:2: a line of more than 100 bytes"):
        list(numbered_lines(path))
    for codec in ("utf-8", "utf-16"):
        path.write_text("x" * 99 + "\n", encoding=codec)
        assert list(numbered_lines(path)) == [(1, "x" * 99)]
    with pytest.raises(MissingFileError):
        list(numbered_lines(Path("/dev/zero")))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is a pipe"):
        list(numbered_lines(tmp_path / "pipe"))
