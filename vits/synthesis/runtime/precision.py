"""In what numbers a voice speaks."""

import warnings

from vits.errors import VoiceError

__all__ = ["PRECISIONS", "PrecisionWarning", "choose_precision"]

PRECISIONS = ("fp32", "bf16", "auto", "plain")


class PrecisionWarning(UserWarning):
    """The precision that was asked for brings nothing on this processor."""


def choose_precision(asked: str, *, on_processor: bool, stacklevel: int) -> str:
    """Return ``fp32``, ``bf16`` or ``plain``.

    ``auto`` asks the processor for its instructions, and takes no time: what a clock says may
    differ from run to run, and the samples with it.

    Args:
        asked: a precision of ``PRECISIONS``.
        on_processor: the voice computes on a processor, not on an accelerator.
        stacklevel: whose line a warning shows.

    Warns:
        PrecisionWarning: ``bf16`` is asked for, and the processor has no instructions for it.

    Raises:
        VoiceError: there is no such precision.
    """
    if asked not in PRECISIONS:
        raise VoiceError(f"precision {asked!r} must be one of {', '.join(PRECISIONS)}")
    if asked in ("fp32", "plain"):
        return asked
    from vits.layers.channels_last import computes_bf16

    has_bf16 = on_processor and computes_bf16()
    if asked == "auto":
        return "bf16" if has_bf16 else "fp32"
    if on_processor and not has_bf16:
        warnings.warn(
            "this processor has no bfloat16 instructions: bf16 is rounded as it should be, but "
            "computed in float32 and no faster; use auto",
            PrecisionWarning,
            stacklevel=stacklevel,
        )
    return "bf16"
