"""Durations that a voice finds are those of its own alignment, stored with the data."""

import pytest
import torch

from vits.audio.spectrogram import Spectrogram
from vits.cli import main
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.stored_durations import write_durations
from vits.errors import DataError, VoiceError
from vits.evaluation.aligners.aligner import Aligner
from vits.evaluation.aligners.dtw_alignment import dtw_durations
from vits.evaluation.aligners.forced_alignment import find_durations
from vits.synthesis import write_voice
from vits.synthesis.bundle.weights import make_compact


@pytest.fixture
def data(write_tones, tmp_path):
    return PreparedDataset(write_tones(tmp_path / "tones", 6, ("anna", "bert")))


def test_durations_are_the_alignment_of_each_speaker(data, make_bundle):
    bundle = make_bundle(data, ("bert", "anna"))
    found = list(find_durations(Aligner.for_dataset(data, bundle), data))
    for index, (durations, speaker) in enumerate(zip(found, [1, 0] * 3, strict=True)):
        utterance = data[index]
        expected = bundle.generator.align_recording(
            utterance.ids[None],
            torch.tensor([len(utterance.ids)]),
            Spectrogram(data.audio)(utterance.wave[None, None]),
            torch.tensor([int(data.frames[index])]),
            torch.tensor([speaker]),
        )
        assert durations == expected[0].tolist()


def test_the_command_stores_durations_with_the_data(data, make_bundle, tmp_path, capsys):
    bundle = make_bundle(data, ("anna", "bert"))
    voice = write_voice(tmp_path / "voice", bundle)
    rows = [data.row(index) for index in range(len(data))]
    for _ in range(2):  # the second time in place of the first
        assert main(["align", str(voice), str(data.folder)]) == 0
    assert f"durations of 6 utterances, {data.frames.sum()} frames" in capsys.readouterr().out
    aligned = PreparedDataset(data.folder)
    assert (data.aligned, aligned.aligned) == (False, True)
    expected = list(find_durations(Aligner.for_dataset(data, bundle), data))
    assert [aligned.durations(index).tolist() for index in range(6)] == expected
    assert aligned[2].durations.tolist() == expected[2]
    assert [
        {**row, "durations": durations} for row, durations in zip(rows, expected, strict=True)
    ] == [aligned.row(index) for index in range(6)]
    chosen = aligned.select([4, 1])
    assert [chosen.durations(index).tolist() for index in (0, 1)] == [expected[4], expected[1]]


def test_a_failure_leaves_the_manifest_as_it_was(data):
    before = (data.folder / "manifest.jsonl").read_bytes()
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        write_durations(data, [[1]])
    assert (data.folder / "manifest.jsonl").read_bytes() == before
    assert {path.name for path in data.folder.iterdir()} == {
        *("audio.i16", "dataset.json", "manifest.jsonl")
    }


def test_a_compact_voice_uses_synthesis(data, make_bundle, tmp_path, capsys):
    bundle = make_bundle(data, ("bert", "anna"))
    make_compact(bundle.generator)
    voice = write_voice(tmp_path / "voice", bundle)
    with pytest.raises(VoiceError, match=r"voice 'toy' is compact .* use the full voice"):
        Aligner.for_dataset(data, bundle)
    assert main(["align", str(voice), str(data.folder), "--method", "posterior"]) == 2
    assert "is compact" in capsys.readouterr().err
    assert main(["align", str(voice), str(data.folder)]) == 0
    aligned = PreparedDataset(data.folder)
    aligner = Aligner.for_dataset(data, bundle, may_be_compact=True)
    for index in range(len(data)):
        assert aligned.durations(index).tolist() == dtw_durations(aligner, data[index])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows[3].pop("durations"), r"has durations in 5 of 6 rows"),
        (lambda rows: rows[3]["durations"].append(1), r"line 4 has \d+ durations of \d+ frames"),
        (lambda rows: rows[3]["durations"].__setitem__(0, 0), r"line 4 has durations that are no"),
        (
            lambda rows: rows[3].update(durations="12"),
            r"line 4 has durations that are not positive",
        ),
    ],
)
def test_durations_that_do_not_fit_are_named(data, make_bundle, change_rows, edit, message):
    aligner = Aligner.for_dataset(data, make_bundle(data, ("anna", "bert")))
    write_durations(data, find_durations(aligner, data))
    folder = change_rows(data.folder, edit)
    with pytest.raises(DataError, match=message):
        PreparedDataset(folder)
