import pytest

from vits.errors import TextError
from vits.text.ssml.prosody import parse_break, parse_pitch, parse_range, parse_rate


@pytest.mark.parametrize(
    ("value", "rate"), [("0.8", 0.8), ("80%", 0.8), ("+10%", 1.1), ("-20%", 0.8), ("x-fast", 2.0)]
)
def test_rates(value, rate):
    assert parse_rate(value, 1.0) == pytest.approx(rate)
    assert parse_rate(value, 0.5) == pytest.approx(rate / 2)


@pytest.mark.parametrize("value", ["", "0", "-100%", "11", "+2", "1e0", "NaN", "50 %", "१"])
def test_invalid_rates(value):
    with pytest.raises(TextError, match="rate"):
        parse_rate(value, 1.0)


@pytest.mark.parametrize(
    ("value", "semitones"),
    [("+2st", 2), ("-1.5st", -1.5), ("+100%", 12), ("-50%", -12), ("+0%", 0), ("x-low", -4)],
)
def test_pitches(value, semitones):
    assert parse_pitch(value, 0.0) == pytest.approx(semitones)
    assert parse_pitch(value, -semitones / 2) == pytest.approx(semitones / 2)


@pytest.mark.parametrize(
    "value", ["", "2st", "+2", "10%", "+20Hz", "200Hz", "-100%", "+13st", "up"]
)
def test_invalid_pitches(value):
    with pytest.raises(TextError, match=r"^pitch .* must be signed semitones or percent"):
        parse_pitch(value, 0.0)


@pytest.mark.parametrize(
    ("value", "factor"), [("0", 0), ("80%", 0.8), ("+10%", 1.1), ("low", 0.75)]
)
def test_ranges(value, factor):
    assert parse_range(value, 1.0) == pytest.approx(factor)
    assert parse_range(value, 0.5) == pytest.approx(factor / 2)


@pytest.mark.parametrize("value", ["", "+2", "2.1", "-101%", "+2st", "wide"])
def test_invalid_ranges(value):
    with pytest.raises(TextError, match=r"^range .* must be a number"):
        parse_range(value, 1.0)


def test_time_takes_precedence_over_strength():
    assert parse_break("250ms", "strong") == 0.25
    assert parse_break("60s", None) == 60
    for time in ("61s", "-1s", "1m", "", "s", "1e9s"):
        with pytest.raises(TextError, match="time"):
            parse_break(time, None)
