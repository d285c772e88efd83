"""Whether a voice reads text as it did in training."""

import warnings

from vits.synthesis.bundle import VoiceBundle
from vits.text import describe_drift

__all__ = ["FrontendDriftWarning", "warn_of_drift"]


class FrontendDriftWarning(UserWarning):
    """The front end is not the one the voice was trained with."""


def warn_of_drift(bundle: VoiceBundle, *, stacklevel: int) -> None:
    """Compare a bundle's front end on this machine with its fingerprint from training.

    Warns:
        FrontendDriftWarning: they differ.
    """
    drift = describe_drift(bundle.fingerprint, bundle.frontend.fingerprint())
    if drift:
        warnings.warn(
            f"voice {bundle.card.name}: text may be read differently than in training: "
            f"{'; '.join(drift)}",
            FrontendDriftWarning,
            stacklevel=stacklevel,
        )
