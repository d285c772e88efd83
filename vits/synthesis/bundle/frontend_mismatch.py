"""Warning for a front end that differs from the one in training."""

import warnings
from collections.abc import Mapping
from typing import Any

from vits.text import Frontend, describe_mismatch

__all__ = ["FrontendMismatchWarning", "warn_of_mismatch"]


class FrontendMismatchWarning(UserWarning):
    """The front end differs from the one that the voice was trained with."""


def warn_of_mismatch(
    name: str, frontend: Frontend, fingerprint: Mapping[str, Any], *, stacklevel: int
) -> None:
    """Compare the front end with its fingerprint from training.

    Args:
        name: of the voice, for the message.
        frontend: the front end on this machine.
        fingerprint: of the front end in training.
        stacklevel: as in ``warnings.warn``.

    Warns:
        FrontendMismatchWarning: they differ.
    """
    differences = describe_mismatch(fingerprint, frontend.fingerprint())
    if differences:
        warnings.warn(
            f"voice {name}: text may be read differently than in training: "
            f"{'; '.join(differences)}",
            FrontendMismatchWarning,
            stacklevel=stacklevel,
        )
