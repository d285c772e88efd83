"""Speaker vectors: averages by hand, files there and back, and what no file may be."""

import json

import pytest

from vits.audio.speaker_encoders.vector import SpeakerVector, average
from vits.errors import MissingFileError, VoiceError

ADA = SpeakerVector(encoder="x", values=(1.0, 0.0), recordings=("a.wav",))
BOB = SpeakerVector(encoder="x", values=(0.0, 1.0), recordings=("b.wav", "c.wav"))


def test_an_average_has_length_one_and_all_recordings():
    mean = average([ADA, BOB])
    assert mean.values == pytest.approx((0.5**0.5, 0.5**0.5), rel=1e-12)
    assert mean.recordings == ("a.wav", "b.wav", "c.wav")
    assert average([ADA]) == ADA


def test_what_has_no_average():
    other = SpeakerVector(encoder="y", values=(1.0, 0.0))
    back = SpeakerVector(encoder="x", values=(-1.0, 0.0))
    with pytest.raises(VoiceError, match="2 speaker vectors must be one or more of one encoder, "):
        average([ADA, other])
    with pytest.raises(VoiceError, match=r"0 speaker vectors .* not of none"):
        average([])
    with pytest.raises(VoiceError, match="cancel out"):
        average([ADA, back])
    with pytest.raises(VoiceError, match="2 values must have 1 to 4096 finite"):
        SpeakerVector(encoder="x", values=(1.0, float("nan")))


def test_a_file_gives_back_the_same(tmp_path):
    vector = SpeakerVector(encoder="x", values=(0.1, 1 / 3), recordings=("é.wav",))
    vector.write(tmp_path / "ada.speaker")
    assert SpeakerVector.read(tmp_path / "ada.speaker") == vector
    with pytest.raises(VoiceError, match=r"ada\.txt must end with \.speaker"):
        vector.write(tmp_path / "ada.txt")


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"format": 2},
        {"values": "x"},
        {"values": [True]},
        {"values": []},
        {"recordings": [3]},
        {"encoder": 4},
    ],
)
def test_another_file_is_one_line(tmp_path, change):
    path = tmp_path / "x.speaker"
    content = {"format": 1, "encoder": "x", "recordings": [], "values": [1.0]}
    path.write_text(json.dumps({**content, **change}))
    with pytest.raises(VoiceError) as caught:
        SpeakerVector.read(path)
    assert "\n" not in str(caught.value)
    path.write_bytes(b"\x00nonsense")
    with pytest.raises(VoiceError, match="cannot be read"):
        SpeakerVector.read(path)
    with pytest.raises(MissingFileError, match="does not exist"):
        SpeakerVector.read(tmp_path / "gone.speaker")
