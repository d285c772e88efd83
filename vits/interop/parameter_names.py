"""Translate parameter names between our state dict and those of other projects.

A table is a list of rules with our name on the left and the other on the right. A rule matches a
tensor, or a module with all tensors below it. ``{i}`` and ``{j}`` match any number; ``{2i}``,
``{2i-1}`` and the like are computed from it. Both spellings of weight normalisation are read, and
weights in which it is folded; ours is ``parametrizations.weight.original0`` (the norm g) and
``original1`` (the direction v).
"""

import functools
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from vits.errors import VoiceError

__all__ = [
    "ParameterNames",
    "Rule",
    "convert_weight_norms",
    "count_kernels",
    "fold_weight_norm",
    "rename_to_g_v",
    "residual_blocks",
    "unfold_weight_norm",
    "with_prefix",
]

# Rules are expanded up to these limits; no model of the family has more layers of one kind.
N_LAYERS, N_STAGES = 40, 8
G, V = ".parametrizations.weight.original0", ".parametrizations.weight.original1"
_INDEX = re.compile(r"\{(\d*)([ij])([+-]\d+)?\}")
# Our modules with weight normalisation.
_WEIGHT_NORMED = re.compile(
    r"(.*\.wavenet\.(gates\.\d+|residual_skips\.\d+|conditioning)"
    r"|decoder\.upsamplers\.\d+|decoder\.blocks\.\d+\.\d+\.\w+\.\d+"
    r"|members\.\d+\.(convolutions\.\d+|post))"
)


class Rule(NamedTuple):
    """One line of a table.

    Attributes:
        ours: name of a module or tensor in our state dict.
        theirs: its name in the other state dict.
        layout: ``linear``: their (A, B) is our (A, B, 1); ``wide``: their (1, C, 1) is our (C,);
            "": the shapes are equal.
    """

    ours: str
    theirs: str
    layout: str = ""


def with_prefix(ours: str, theirs: str, rules: Iterable[Rule]) -> list[Rule]:
    """Prefix both names of every rule."""
    return [Rule(f"{ours}.{rule.ours}", f"{theirs}.{rule.theirs}", rule.layout) for rule in rules]


def residual_blocks(theirs: str, n_kernels: int, *, resblock: str) -> list[Rule]:
    """Return the rules of the decoder's residual blocks, which others number consecutively."""
    rules: list[Rule] = []
    for number in range(n_kernels * N_STAGES):
        ours = f"decoder.blocks.{number // n_kernels}.{number % n_kernels}"
        if resblock == "1":
            rules.append(Rule(f"{ours}.dilated", f"{theirs}.{number}.convs1"))
            rules.append(Rule(f"{ours}.plain", f"{theirs}.{number}.convs2"))
        else:
            rules.append(Rule(f"{ours}.dilated", f"{theirs}.{number}.convs"))
    return rules


def count_kernels(weights: Mapping[str, Tensor], upsamplers: str, blocks: str) -> int:
    """Return the number of residual blocks in each decoder stage, from another project's names.

    Raises:
        VoiceError: the blocks cannot be divided evenly among the stages.
    """
    n_stages, n_blocks = (_numbers(weights, prefix) for prefix in (upsamplers, blocks))
    if not 0 < n_stages <= N_STAGES or n_blocks % n_stages or not 0 < n_blocks <= N_LAYERS:
        raise VoiceError(
            f"{n_stages} {upsamplers}.* and {n_blocks} {blocks}.* are not a HiFi-GAN decoder"
        )
    return n_blocks // n_stages


def _numbers(weights: Mapping[str, Tensor], prefix: str) -> int:
    found = re.compile(re.escape(prefix) + r"\.(\d{1,4})\.")
    return len({match[1] for name in weights if (match := found.match(name))})


class ParameterNames:
    """A one-to-one table of parameter names, with one entry for each module."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._theirs: dict[str, tuple[str, str]] = {}
        self._ours: dict[str, tuple[str, str]] = {}
        for rule in rules:
            for ours, theirs in _expand(rule):
                assert ours not in self._theirs, f"{ours} is twice in the table"
                assert theirs not in self._ours, f"{theirs} is twice in the table"
                self._theirs[ours] = theirs, rule.layout
                self._ours[theirs] = ours, rule.layout

    def to_ours(self, weights: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
        """Rename another project's tensors.

        Args:
            weights: tensors under their names.
            source: file named in error messages.

        Raises:
            VoiceError: a tensor is unknown or given twice; the first is named.
        """
        renamed: dict[str, Tensor] = {}
        unknown: list[str] = []
        for name, value in weights.items():
            module, rest = _split(name, self._ours)
            if not module:
                unknown.append(name)
                continue
            ours, layout = self._ours[module]
            our_name = ours + _our_spelling(rest)
            if our_name in renamed:
                raise VoiceError(f"{source} has the tensor {name} twice, under two names")
            renamed[our_name] = _from_layout(value, layout)
        if unknown:
            others = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            raise VoiceError(
                f"{source} has the tensor {unknown[0][:120]!r}{others}, which is not part "
                "of VITS and cannot be converted"
            )
        return convert_weight_norms(renamed, source)

    def to_theirs(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename our tensors.

        Raises:
            VoiceError: a tensor is not in the table.
        """
        renamed: dict[str, Tensor] = {}
        for name, value in weights.items():
            module, rest = _split(name, self._theirs)
            if not module:
                raise VoiceError(f"{name} cannot be stored in this format")
            theirs, layout = self._theirs[module]
            renamed[theirs + rest] = _to_layout(value, layout)
        return renamed


def rename_to_g_v(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the tensors of weight normalisation to ``weight_g`` and ``weight_v``."""
    return {
        name.replace(G, ".weight_g").replace(V, ".weight_v"): value
        for name, value in weights.items()
    }


def fold_weight_norm(g: Tensor, v: Tensor) -> Tensor:
    """Return the weight g v / |v|, computed as torch's parametrisation does."""
    weight: Tensor = torch.ops.aten._weight_norm(v, g, 0)
    return weight


def unfold_weight_norm(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return (g, v) that ``fold_weight_norm`` turns into ``weight`` bit for bit."""
    flat = weight.flatten(1)
    zero = ~flat.any(1)  # output channels of zeros have no direction
    v = weight.clone()
    v[zero] = 1.0
    g: Tensor = torch.norm_except_dim(v, 2, 0)
    # The product divides by a norm that may have been summed in another order.
    for _ in range(4):
        off = (fold_weight_norm(g, v) != v).flatten(1).any(1)
        if not off.any():
            break
        ratio = (
            fold_weight_norm(g, v).flatten(1).double().norm(dim=1)
            / v.flatten(1).double().norm(dim=1)
        )[off]
        up = torch.nextafter(g[off], torch.full_like(g[off], torch.inf))
        down = torch.nextafter(g[off], torch.zeros_like(g[off]))
        g[off] = torch.where((ratio < 1).view(-1, *[1] * (g.ndim - 1)), up, down)
    g[zero] = 0.0
    return g, v


@functools.cache
def _expand(rule: Rule) -> tuple[tuple[str, str], ...]:
    """Return the pairs of names of a rule for every value of its indices."""
    letters = sorted({found[1] for found in _INDEX.findall(rule.ours + rule.theirs)})
    first = 1 if "{2i-1}" in rule.ours else 0
    numbers = [range(first, N_LAYERS), range(N_LAYERS)][: len(letters)]
    combinations = [()] if not numbers else [(i,) for i in numbers[0]]
    if len(numbers) == 2:
        combinations = [(i, j) for i in numbers[0] for j in numbers[1]]
    pairs: list[tuple[str, str]] = []
    for values in combinations:
        at = dict(zip(letters, values, strict=True))

        def number(found: re.Match[str], at: dict[str, int] = at) -> str:
            return str(int(found[1] or 1) * at[found[2]] + int(found[3] or 0))

        pairs.append((_INDEX.sub(number, rule.ours), _INDEX.sub(number, rule.theirs)))
    return tuple(pairs)


def _split(name: str, table: Mapping[str, object]) -> tuple[str, str]:
    """Split a name into the longest prefix in the table ("" if there is none) and the rest."""
    end = len(name)
    while end > 0:
        if name[:end] in table:
            return name[:end], name[end:]
        end = name.rfind(".", 0, end)
    return "", name


def _our_spelling(rest: str) -> str:
    """Rename ``weight_g`` and ``weight_v`` at the end of a name as we do."""
    for theirs, ours in ((".weight_g", G), (".weight_v", V)):
        if rest.endswith(theirs):
            return rest.removesuffix(theirs) + ours
    return rest


def _from_layout(value: Tensor, layout: str) -> Tensor:
    if layout == "linear" and value.ndim == 2:
        return value.unsqueeze(2)
    if layout == "wide" and value.ndim == 3:
        return value.flatten()
    return value


def _to_layout(value: Tensor, layout: str) -> Tensor:
    if layout == "linear" and value.ndim == 3:
        return value.squeeze(2)
    if layout == "wide":
        return value.view(1, -1, 1)
    return value


def convert_weight_norms(weights: dict[str, Tensor], source: str) -> dict[str, Tensor]:
    """Fold or unfold weight normalisation until exactly our weight-normed modules have g and v.

    Args:
        weights: tensors under our names.
        source: file named in error messages.

    Raises:
        VoiceError: a weight is given twice, half of one is missing, or one is damaged.
    """
    converted = dict(weights)
    for name, value in weights.items():
        if name.endswith(G):
            module = name.removesuffix(G)
            if f"{module}.weight" in weights:
                raise VoiceError(f"{source} has the weight of {module} both folded and unfolded")
            v = weights.get(module + V)
            if v is None:
                raise VoiceError(f"{source} has the norm of {module}, but lacks its direction")
            if not _WEIGHT_NORMED.fullmatch(module):
                if value.ndim != v.ndim or value.shape[0] != v.shape[0]:
                    raise VoiceError(
                        f"{source}: norm and direction of {module} have different shapes"
                    )
                del converted[name], converted[module + V]
                converted[f"{module}.weight"] = fold_weight_norm(value, v)
        elif name.endswith(".weight") and _WEIGHT_NORMED.fullmatch(name.removesuffix(".weight")):
            if value.ndim < 2 or not value.is_floating_point():
                raise VoiceError(
                    f"{source}: tensor {name} of shape {tuple(value.shape)} is damaged"
                )
            module = name.removesuffix(".weight")
            del converted[name]
            converted[module + G], converted[module + V] = unfold_weight_norm(value)
    return converted
