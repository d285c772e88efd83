import pytest

from vits.errors import VoiceError
from vits.export.verify import Verification, require_equivalent


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_large_error_is_refused_in_any_precision(precision):
    verification = Verification(0.9, -3.0, 6, 1.0, 0.1, 0.1, 1)
    with pytest.raises(VoiceError, match=f"the {precision} graph does not match the voice"):
        require_equivalent(verification, precision)
