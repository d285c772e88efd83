import numpy as np
import pytest

from vits.errors import VoiceError
from vits.synthesis.speakers import find_speaker

NAMES = tuple(f"speaker-{i:03}" for i in range(109))


def test_a_speaker_is_found_by_name_and_by_row():
    assert find_speaker(NAMES, "speaker-042") == 42
    assert find_speaker(NAMES, 42) == 42
    assert find_speaker(NAMES, np.int64(42)) == 42
    assert find_speaker(NAMES, None) == 0
    assert find_speaker((), 0) == 0


@pytest.mark.parametrize("speaker", ["", "42", "Speaker-042", -1, 109, True, 1.0])
def test_anything_else_is_unknown(speaker):
    with pytest.raises(VoiceError, match="unknown speaker") as caught:
        find_speaker(NAMES, speaker)
    assert repr(speaker) in str(caught.value)


def test_the_message_lists_names_those_alike_first():
    with pytest.raises(VoiceError) as caught:
        find_speaker(NAMES, "speaker-10x")
    message = str(caught.value)
    assert message.index("speaker-10") < message.index("speaker-000")
    assert "109 in all" in message
    assert "0 to 108" in message
    assert len(message) < 500


def test_a_voice_without_names_says_so():
    with pytest.raises(VoiceError, match="without a name"):
        find_speaker(("",), "ada")
