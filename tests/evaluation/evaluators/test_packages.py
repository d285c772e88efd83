import sys

import numpy as np
import pytest

from vits.errors import MissingExtraError
from vits.evaluation import DistillMos, DnsMos, PocketSphinx
from vits.evaluation.evaluators.error_rates import count_errors
from vits.evaluation.evaluators.whisper import Whisper
from vits.evaluation.pitch import PitchRange, track_pitch


@pytest.mark.parametrize(
    ("package", "use"), [("faster_whisper", Whisper), ("distillmos", DistillMos)]
)
def test_the_judges_are_an_extra_of_their_own(monkeypatch, package, use):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match="pip install 'vits\\[judges\\]'"):
        use()


@pytest.mark.parametrize(
    ("package", "use"),
    [
        ("pocketsphinx", PocketSphinx),
        ("jiwer", lambda: count_errors(["a"], ["a"])),
        ("speechmos.dnsmos", DnsMos),
        ("librosa", lambda: track_pitch(np.zeros(4000, np.float32), PitchRange())),
    ],
)
def test_a_missing_package_is_one_line_that_helps(monkeypatch, package, use):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match="pip install 'vits\\[eval\\]'") as caught:
        use()
    assert f" {package.partition('.')[0]}," in str(caught.value)
    assert "\n" not in str(caught.value)
