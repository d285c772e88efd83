import pytest

from vits.data.audit.options import CheckConfig
from vits.errors import ConfigError


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_clipped": 2.0},
        {"min_same_audio": 0.0},
        {"contrast_texts": 1},
        {"max_speaker_deviation": 0.0},
    ],
)
def test_limits_out_of_range_are_errors(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        CheckConfig(**wrong)
