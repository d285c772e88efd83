"""The precision of a training run: which are supported, and which the hardware suggests."""

import torch

from vits.errors import ConfigError
from vits.fast.cpu import computes_bf16

__all__ = ["choose_precision", "require_supported"]

REFUSED = {
    "16": "needs a loss scale, which is not supported, as it skips bad steps on one rank only",
    "bf16": "keeps the weights in bfloat16, which loses most updates at these learning rates",
}


def require_supported(precision: str | int | None) -> None:
    """Refuse precisions in which this recipe does not train.

    Raises:
        ConfigError: float16 in any form, or weights in bfloat16.
    """
    name = str(precision)
    kind = name.split("-")[0]
    # Lightning reads "bf16" as bf16-mixed, and "16" as 16-mixed
    if kind in REFUSED and name not in ("bf16", "bf16-mixed"):
        raise ConfigError(
            f"trainer.precision {name} {REFUSED[kind]}; use bf16-mixed or 32-true, or leave it out"
        )


def choose_precision(requested: str | int | None, device: torch.device) -> tuple[str, str]:
    """Return the precision of a run and one line that says why.

    Without a request it is bf16-mixed on a CUDA GPU with bfloat16 units (compute capability 8.0 or
    above, or AMD), otherwise 32-true.

    Args:
        requested: ``trainer.precision``; None: the hardware decides.
        device: where the run trains.
    """
    fast = _computes_bf16(device)
    if requested is None:
        if device.type == "cuda" and fast:
            return "bf16-mixed", "precision bf16-mixed: the GPU computes in bfloat16"
        reason = {
            "cuda": "the GPU has no bfloat16 units (compute capability below 8.0)",
            "cpu": "the default on a CPU",
        }.get(device.type, f"bf16-mixed has not been tested on {device.type}")
        return "32-true", f"precision 32-true: {reason}"
    slow = str(requested).startswith("bf16") and fast is False
    note = f"; {_name(device)} has no bfloat16 instructions and will be slow" if slow else ""
    return str(requested), f"precision {requested}: requested{note}"


def _computes_bf16(device: torch.device) -> bool | None:
    """Return whether a device multiplies in bfloat16; None: unknown."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return computes_bf16() if device.type == "cpu" else None


def _name(device: torch.device) -> str:
    return "this CPU" if device.type == "cpu" else "this GPU"
