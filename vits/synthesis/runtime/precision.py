"""Numeric precision of a voice: which one a machine supports."""

import warnings

from vits.errors import VoiceError

__all__ = ["PRECISIONS", "PrecisionWarning", "choose_precision"]

PRECISIONS = ("fp32", "bf16", "auto", "plain")


class PrecisionWarning(UserWarning):
    """The requested precision brings no speed on this CPU."""


def choose_precision(requested: str, *, on_cpu: bool, stacklevel: int) -> str:
    """Resolve a requested precision to ``fp32``, ``bf16`` or ``plain``.

    ``auto`` decides by the instructions of the CPU, not by a measurement: timings differ from run
    to run, and the samples would differ with them.

    Args:
        requested: one of ``PRECISIONS``.
        on_cpu: the voice computes on the CPU, not on an accelerator.
        stacklevel: whose line a warning shows.

    Warns:
        PrecisionWarning: ``bf16`` is requested, and the CPU has no instructions for it.

    Raises:
        VoiceError: there is no such precision.
    """
    if requested not in PRECISIONS:
        raise VoiceError(f"precision {requested!r} must be one of {', '.join(PRECISIONS)}")
    if requested in ("fp32", "plain"):
        return requested
    from vits.fast.cpu import computes_bf16

    has_bf16 = on_cpu and computes_bf16()
    if requested == "auto":
        return "bf16" if has_bf16 else "fp32"
    if on_cpu and not has_bf16:
        warnings.warn(
            "this CPU has no bfloat16 instructions: bf16 gives the rounding of bfloat16, but "
            "computes in float32 and no faster; use auto",
            PrecisionWarning,
            stacklevel=stacklevel,
        )
    return "bf16"
