"""Whether a voice reads text as it did in training."""

import warnings
from collections.abc import Mapping
from typing import Any

from vits.text import Frontend, describe_mismatch

__all__ = ["FrontendDriftWarning", "warn_of_drift"]


class FrontendDriftWarning(UserWarning):
    """The front end is not the one the voice was trained with."""


def warn_of_drift(
    name: str, frontend: Frontend, fingerprint: Mapping[str, Any], *, stacklevel: int
) -> None:
    """Compare the front end of the voice ``name`` on this machine with its fingerprint of training.

    Warns:
        FrontendDriftWarning: they differ.
    """
    drift = describe_mismatch(fingerprint, frontend.fingerprint())
    if drift:
        warnings.warn(
            f"voice {name}: text may be read differently than in training: {'; '.join(drift)}",
            FrontendDriftWarning,
            stacklevel=stacklevel,
        )
