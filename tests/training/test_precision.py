"""The precision that a run gets on each kind of device."""

import pytest
import torch

from vits.errors import ConfigError
from vits.training import precision
from vits.training.precision import choose_precision, require_supported


@pytest.mark.parametrize("name", ["16", 16, "16-mixed", "16-true", "bf16-true"])
def test_half_precision_weights_and_loss_scales_are_refused_in_one_line(name):
    with pytest.raises(ConfigError, match=f"trainer.precision {name} .*use bf16-mixed") as caught:
        require_supported(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [None, "bf16", "bf16-mixed", "32", 32, "32-true", "64-true"])
def test_other_precisions_are_supported(name):
    require_supported(name)


@pytest.mark.parametrize(
    ("device", "bf16", "chosen", "reason"),
    [
        ("cuda", True, "bf16-mixed", "computes in bfloat16"),
        ("cuda", False, "32-true", "capability below 8.0"),
        ("cpu", True, "32-true", "the default on a CPU"),
        ("cpu", False, "32-true", "the default on a CPU"),
        ("mps", None, "32-true", "not been tested on mps"),
    ],
)
def test_the_hardware_decides_and_the_line_says_why(monkeypatch, device, bf16, chosen, reason):
    monkeypatch.setattr(precision, "_computes_bf16", lambda _: bf16)
    found, line = choose_precision(None, torch.device(device))
    assert found == chosen
    assert line.startswith(f"precision {chosen}: ")
    assert reason in line


@pytest.mark.parametrize(("bf16", "slow"), [(True, False), (False, True), (None, False)])
def test_a_requested_precision_is_kept_and_a_slow_one_is_named(monkeypatch, bf16, slow):
    monkeypatch.setattr(precision, "_computes_bf16", lambda _: bf16)
    for requested in ("bf16-mixed", "32-true"):
        found, line = choose_precision(requested, torch.device("cpu"))
        assert found == requested
        assert ("will be slow" in line) == (slow and requested == "bf16-mixed")
