import pytest

from vits.errors import TextError
from vits.text.ssml.prosody import parse_break, parse_rate


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


def test_time_takes_precedence_over_strength():
    assert parse_break("250ms", "strong") == 0.25
    assert parse_break("60s", None) == 60
    for time in ("61s", "-1s", "1m", "", "s", "1e9s"):
        with pytest.raises(TextError, match="time"):
            parse_break(time, None)
