"""Chunks: identical results for any size, and reuse of finished ones."""

import pytest
import soundfile

from vits.data.prepare.options import PrepareConfig
from vits.data.prepare.pipeline import prepare
from vits.data.prepared.manifest import Row


def test_chunks_of_another_size_write_the_same_bytes(toy, corpus, prepared, tmp_path):
    prepare(corpus[0], tmp_path, toy.config, toy.frontend(), chunk_rows=1000)
    assert toy.contents(tmp_path) == toy.contents(prepared[0])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.with_suffix(".i16").unlink(),
        lambda path: path.with_suffix(".i16").write_bytes(
            b"\0\0" + path.with_suffix(".i16").read_bytes()[2:]
        ),
        lambda path: path.with_suffix(".i16").write_bytes(
            path.with_suffix(".i16").read_bytes()[:-2]
        ),
        lambda path: path.write_text("{"),
        lambda path: path.write_text(path.read_text().replace('"samples": ', '"samples": 1')),
    ],
)
def test_a_damaged_chunk_is_prepared_again(toy, small, spoil, processed):
    rows, out = small
    before = toy.contents(out)
    spoil(out / "chunks/chunk-000001.json")
    (out / "prepare.json").unlink()
    processed.clear()
    toy.run(rows, out)
    assert processed == [1]
    assert toy.contents(out) == before


def test_a_changed_row_or_recording_affects_only_its_chunk(toy, small, processed):
    rows, out = small
    processed.clear()
    rows[2] = Row(**{**rows[2].to_dict(), "text": "another text"})
    toy.run(rows, out, keep_chunks=True)
    assert processed == [0]
    soundfile.write(rows[12].audio, toy.noise(0.9, 99), toy.rate)
    toy.run(rows, out, keep_chunks=True)
    assert processed == [0, 1]
    assert toy.lines(out / "manifest.jsonl")[2]["text"] == "another text"
    assert toy.lines(out / "manifest.jsonl")[12]["samples"] == round(0.9 * toy.rate)


def test_changed_options_prepare_everything_again(toy, small, processed):
    rows, out = small
    processed.clear()
    config = PrepareConfig(audio=toy.audio, limits=toy.limits, loudness_dbfs=-30.0)
    toy.run(rows, out, config, keep_chunks=True)
    assert processed == [0, 1]
    prepare(rows, out, config, toy.frontend(toy.letters + "é"), chunk_rows=8, keep_chunks=True)
    assert processed == [0, 1, 0, 1]


def test_only_files_of_preparation_are_deleted_from_the_work_folder(toy, small):
    rows, out = small
    (out / "chunks/notes.txt").write_text("keep")
    (out / "prepare.json").unlink()
    toy.run(rows, out)
    assert [path.name for path in (out / "chunks").iterdir()] == ["notes.txt"]
