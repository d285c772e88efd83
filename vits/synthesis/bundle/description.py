"""A voice without its tensors as JSON values, which an exported voice carries."""

import json
from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor

from vits.config import VitsConfig, from_dict, to_dict
from vits.config.legacy import read_model
from vits.errors import VoiceError
from vits.synthesis.bundle.card import Card
from vits.synthesis.bundle.schema import mapping, names
from vits.synthesis.bundle.voice_bundle import FORMAT, VoiceBundle
from vits.synthesis.bundle.weights import build_generator
from vits.synthesis.settings import Settings
from vits.text import Frontend

__all__ = ["DESCRIPTION", "VoiceDescription", "describe_voice"]

DESCRIPTION = "vits.voice"  # key of an exported graph's metadata, and of Piper's JSON
KEYS = ("format", "model", "frontend", "fingerprint", "speakers", "inference", "card")


def describe_voice(bundle: VoiceBundle) -> dict[str, Any]:
    """Return everything but the tensors of a voice as JSON values."""
    return {
        "format": FORMAT,
        "model": to_dict(bundle.generator.config),
        "frontend": bundle.frontend.to_dict(),
        "fingerprint": dict(bundle.fingerprint),
        "speakers": list(bundle.speakers),
        "inference": to_dict(bundle.settings),
        "card": to_dict(bundle.card),
    }


class VoiceDescription:
    """A voice that lacks its tensors.

    Args:
        values: what ``describe_voice`` returned.

    Attributes:
        config: configuration of the model.
        frontend: its front end.
        card: its card.

    Raises:
        VitsError: it is not such a description; the first fault is named.
    """

    config: VitsConfig
    frontend: Frontend
    card: Card

    def __init__(self, values: object) -> None:
        values = cast(dict[str, Any], values) if isinstance(values, dict) else {}
        if set(values) != set(KEYS):
            raise VoiceError(f"{DESCRIPTION} must have exactly the keys {', '.join(KEYS)}")
        if values["format"] != FORMAT:
            raise VoiceError(
                f"{DESCRIPTION}: format {str(values['format'])[:40]} must be {FORMAT}; "
                "a newer voice needs a newer vits"
            )
        self.config = read_model(values["model"])
        self.frontend = Frontend.from_dict(mapping(values, "frontend"))
        self._fingerprint = mapping(values, "fingerprint")
        self._speakers = names(values["speakers"])
        self._settings = from_dict(Settings, values["inference"], "inference")
        self.card = from_dict(Card, values["card"], "card")

    @classmethod
    def from_json(cls, text: str) -> "VoiceDescription":
        """Read a description that was written as JSON.

        Raises:
            VitsError: it is not such a description; the first fault is named.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise VoiceError(f"{DESCRIPTION} is not valid JSON: {error}") from error
        return cls(values)

    def bundle(self, weights: Mapping[str, Tensor], source: str) -> VoiceBundle:
        """Return the voice with these tensors.

        Args:
            weights: tensors under our names; without a posterior encoder it is a compact voice.
            source: file named in error messages.

        Raises:
            VoiceError: they are not the tensors of ``config``.
        """
        return VoiceBundle(
            generator=build_generator(weights, self.config, source),
            frontend=self.frontend,
            fingerprint=self._fingerprint,
            speakers=self._speakers,
            settings=self._settings,
            card=self.card,
        )
