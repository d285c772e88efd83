import dataclasses

import pytest

from vits.config import FrontendConfig
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import DataError, VoiceError
from vits.evaluation.aligners.aligner import Aligner
from vits.text import Frontend, SymbolTable


@pytest.fixture
def data(write_tones, tmp_path):
    return PreparedDataset(write_tones(tmp_path / "tones", 4))


def test_other_symbols_spectrograms_and_devices_are_refused(data, make_bundle):
    bundle = make_bundle(data)
    frontend = Frontend(FrontendConfig(backend="graphemes"), SymbolTable(("_", *"hgfedcba", "z")))
    with pytest.raises(DataError, match="symbols"):
        Aligner.for_dataset(data, dataclasses.replace(bundle, frontend=frontend))
    audio = dataclasses.replace(data.audio, sample_rate=16000)
    with pytest.raises(DataError, match=r"sample_rate 8000 .* must be 16000"):
        Aligner.for_dataset(data, make_bundle(data, audio=audio))
    with pytest.raises(VoiceError, match="try cpu"):
        Aligner.for_dataset(data, bundle, "nonsense")


def test_speakers_are_matched_by_name(write_tones, tmp_path, make_bundle):
    data = PreparedDataset(write_tones(tmp_path / "two", 2, ("anna", "bert")))
    aligner = Aligner.for_dataset(data, make_bundle(data, ("carl", "bert", "anna")))
    assert [aligner.speaker(each).tolist() for each in (0, 1)] == [[2], [1]]


def test_a_voice_of_one_speaker_needs_no_id(data, make_bundle):
    assert Aligner.for_dataset(data, make_bundle(data)).speaker(0) is None
