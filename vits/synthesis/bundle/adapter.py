"""An adapter: what fine-tuning by low rank added to a voice, in a file of its own.

A file of safetensors. Its tensors are float16, ``NAME.up`` and ``NAME.down`` or ``NAME.shift`` by
the names of the voice's weights (``vits.models.low_rank``). Its metadata are the format, the card,
the names of the speakers, and a digest of the weights that it was trained on.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open  # pyright: ignore[reportUnknownVariableType]
from safetensors.torch import load_file, save  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor

from vits.config import from_dict, to_dict
from vits.errors import MissingFileError, VitsError, VoiceError, brief, name_file
from vits.models.low_rank import add_difference
from vits.synthesis.bundle.card import Card
from vits.synthesis.bundle.schema import names
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator, is_compact

__all__ = ["SUFFIX", "Adapter", "apply_adapter", "digest_of"]

SUFFIX = ".safetensors"
FORMAT = 1
KEYS = ("format", "base", "card", "speakers")
FACTORS = ("shift", "up", "down")
POSTERIOR = "posterior_encoder."


@dataclass(frozen=True, kw_only=True, eq=False)
class Adapter:
    """A difference to the weights of one voice.

    Attributes:
        differences: factors by their name in ``vits.models.low_rank``, by the name of the weight;
            float16.
        base: digest of the weights that it was trained on, by ``digest_of``.
        card: of the fine-tuned voice.
        speakers: names of the fine-tuned voice's speakers.
    """

    differences: Mapping[str, Mapping[str, Tensor]]
    base: str
    card: Card
    speakers: tuple[str, ...] = ()

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the adapter to a file.

        Raises:
            VoiceError: the name does not end with ``.safetensors``.
        """
        path = Path(path)
        if path.suffix != SUFFIX:
            raise VoiceError(f"adapter {path} must end with {SUFFIX}")
        tensors = {
            f"{name}.{factor}": value.contiguous()
            for name, factors in self.differences.items()
            for factor, value in factors.items()
        }
        metadata = {
            "format": str(FORMAT),
            "base": self.base,
            "card": json.dumps(to_dict(self.card), ensure_ascii=False),
            "speakers": json.dumps(list(self.speakers), ensure_ascii=False),
        }
        with name_file(path):
            path.write_bytes(save(tensors, metadata))

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Adapter":
        """Read a file of ``write``.

        Raises:
            MissingFileError: there is no such file.
            VoiceError: it is no file of ``write``, or damaged.
        """
        path = Path(path)
        if not path.is_file():
            raise MissingFileError(f"adapter {path} does not exist; check the path")
        try:
            opened: Any = safe_open(path, "pt", device="cpu")
            with opened as file:
                metadata: dict[str, str] = file.metadata() or {}
            tensors = load_file(path)
        except (SafetensorError, OSError) as error:
            raise VoiceError(f"adapter {path} is damaged ({error}); copy it again") from error
        if set(metadata) != set(KEYS) or metadata["format"] != str(FORMAT):
            raise VoiceError(
                f"{path} is no adapter of format {FORMAT}: its metadata must have exactly "
                f"{', '.join(KEYS)}; make one with: vits bundle RUN -o FILE{SUFFIX}"
            )
        try:
            card = from_dict(Card, json.loads(metadata["card"]), "card")
            speakers = names(json.loads(metadata["speakers"]))
        except (VitsError, ValueError, RecursionError) as error:
            raise VoiceError(f"adapter {path}: {error}") from error
        differences = _read_differences(tensors, str(path))
        return cls(differences=differences, base=metadata["base"], card=card, speakers=speakers)


def apply_adapter(bundle: VoiceBundle, adapter: Adapter) -> VoiceBundle:
    """Return a voice with an adapter; ``bundle`` stays as it is.

    Each weight is ``w + up @ down`` or ``w + shift``, computed in float64 and rounded once to
    float32 (``add_difference``). The voice that ``vits bundle`` makes of the run has the same
    weights, bit for bit.

    Raises:
        VoiceError: the adapter was trained on another voice.
    """
    weights = bundle.generator.state_dict()
    differences = {
        name: factors
        for name, factors in adapter.differences.items()
        if not (name.startswith(POSTERIOR) and is_compact(bundle.generator))
    }
    fits = all(n in weights and _fits(weights[n], f) for n, f in differences.items())
    if not fits or digest_of(weights, adapter.differences) != adapter.base:
        raise VoiceError(
            f"adapter {adapter.card.name!r} does not belong to the voice {bundle.card.name!r}: it "
            "was trained on other weights; take the voice that it was fine-tuned from"
        )
    weights |= {n: add_difference(weights[n], factors) for n, factors in differences.items()}
    generator = build_generator(weights, bundle.generator.config, "the voice with the adapter")
    speakers = adapter.speakers or bundle.speakers
    card = _card(bundle.card, adapter.card)
    return replace(bundle, generator=generator, speakers=speakers, card=card)


def digest_of(weights: Mapping[str, Tensor], changed: Iterable[str]) -> str:
    """Return the SHA-256 of the weights that an adapter changes, rounded to float16.

    A voice and its compact form have the same. The posterior encoder, which only one of them has,
    does not count.
    """
    digest = hashlib.sha256()
    for name in sorted(changed):
        if not name.startswith(POSTERIOR):
            digest.update(name.encode())
            digest.update(weights[name].detach().half().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _fits(weight: Tensor, factors: Mapping[str, Tensor]) -> bool:
    """Return whether a difference has the shape of a weight."""
    if "shift" in factors:
        return factors["shift"].shape == weight.shape
    n_rows = len(weight) if weight.ndim else 1
    rows, columns = len(factors["up"]), factors["down"].shape[1]
    return (rows, rows * columns) == (n_rows, weight.numel())


def _read_differences(tensors: Mapping[str, Tensor], where: str) -> dict[str, dict[str, Tensor]]:
    """Return the factors by weight after checking them."""
    found = dict[str, dict[str, Tensor]]()
    for full, value in tensors.items():
        name, _, factor = full.rpartition(".")
        if factor not in FACTORS or value.dtype != torch.float16:
            raise VoiceError(
                f"adapter {where}: tensor {brief(full)} must be a float16 named up, down or shift"
            )
        if not torch.isfinite(value).all():
            raise VoiceError(f"adapter {where}: tensor {brief(full)} has NaN or infinite values")
        found.setdefault(name, {})[factor] = value
    for name, factors in found.items():
        product = [factors.get("up"), factors.get("down")]
        is_product = all(x is not None and x.ndim == 2 for x in product)
        if set(factors) != ({"up", "down"} if is_product else {"shift"}) or (
            is_product and factors["up"].shape[1] != len(factors["down"])
        ):
            raise VoiceError(
                f"adapter {where}: {brief(name)} must have up (O, r) and down (r, N), or shift"
            )
    return found


def _card(base: Card, own: Card) -> Card:
    """Return the card of a voice with an adapter: the licences and origins of both."""
    licences = dict.fromkeys((base.licence, own.licence))
    origins = [f"{base.name} with the adapter {own.name}", own.origin, base.origin]
    return replace(
        own,
        licence="" if "" in licences else " and ".join(licences),
        origin="; ".join(dict.fromkeys(text for text in origins if text)),
    )
