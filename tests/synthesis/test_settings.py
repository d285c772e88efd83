import math

import numpy as np
import pytest

from vits.errors import VoiceError
from vits.synthesis import Settings
from vits.synthesis.settings import SCALES, SETTINGS, require_no_pitch


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("noise_scale", -0.1),
        ("noise_scale", math.nan),
        ("noise_scale", math.inf),
        ("noise_scale", "0.5"),
        ("noise_scale_duration", -1),
        ("noise_scale_duration", True),
        ("length_scale", 0),
        ("length_scale", -1.0),
        ("length_scale", 1e6),
        ("pitch", -12.5),
        ("pitch", 13),
        ("pitch_range", -0.1),
        ("pitch_range", 2.5),
        ("sentence_silence", -0.2),
        ("sentence_silence", 1e9),
    ],
)
def test_a_value_outside_its_range_is_named(name, value):
    with pytest.raises(VoiceError, match=name) as caught:
        Settings().override(**{name: value})
    assert str(value) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_override_replaces_what_is_given_and_keeps_the_rest():
    own = Settings(noise_scale=0.1, length_scale=1.5)
    changed = own.override(noise_scale=0, sentence_silence=np.float32(0.5))
    assert changed.noise_scale == 0
    assert changed.length_scale == 1.5
    assert changed.sentence_silence == 0.5
    assert own.override() == own


def test_every_setting_has_a_range_and_a_help_text():
    for name, setting in SETTINGS.items():
        assert setting.help
        assert setting.range
        assert (setting.unit == "seconds") == name.endswith("_silence")
    assert SETTINGS["length_scale"].range == "above 0, up to 10"
    assert SETTINGS["noise_scale"].range == "0 or more"
    assert SETTINGS["pitch"].range == "-12 to 12 semitones"
    assert SETTINGS["sentence_silence"].range == "0 to 60 seconds"
    assert SCALES == ("noise_scale", "noise_scale_duration", "length_scale")


def test_an_unknown_setting_is_named_with_the_known_ones():
    with pytest.raises(VoiceError, match="unknown setting 'loudness'; known: noise_scale, "):
        Settings().override(loudness=1)


@pytest.mark.parametrize(("name", "value"), [("pitch", 2), ("pitch_range", 0.0)])
def test_a_voice_without_pitch_has_one_pitch(name, value):
    require_no_pitch({"pitch": 0, "pitch_range": 1, "noise_scale": 3}, "ada")
    require_no_pitch({"pitch": None}, "ada")
    words = rf"^{name} {value} needs a voice with pitch, and 'ada' has none; leave it out, or "
    with pytest.raises(VoiceError, match=words):
        require_no_pitch({name: value}, "ada")


def test_the_page_has_the_table_of_the_settings(root):
    page = (root / "docs" / "guides" / "control.md").read_text(encoding="utf-8")
    table = page.partition("| Setting |")[2].partition("\n\n")[0]
    rows = table.splitlines()[2:]
    own = {
        name: "none" if value in (None, {}) else value for name, value in vars(Settings()).items()
    }
    assert rows == [
        f"| `{name}` | {own[name]} | "
        f"{setting.range}{' per mark' * setting.per_mark} | {setting.help} |"
        for name, setting in SETTINGS.items()
    ]
