"""Tables of parameter names: what another project calls the tensors that we call something else.

A table is a list of rules, our name on the left, the other on the right. A name may be a module's
or a tensor's: what follows it is carried over. ``{i}`` and ``{j}`` stand for any number, ``{2i}``,
``{2i-1}`` and the like for one computed from it. Either spelling of weight normalisation, and
weights with the normalisation folded in, are read; ours is ``parametrizations.weight.original0``
(the norm g) and ``original1`` (the direction v).
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from vits.errors import VoiceError

__all__ = [
    "Names",
    "Rule",
    "count_kernels",
    "fold",
    "inside",
    "residual_blocks",
    "spell_g_v",
    "unfold",
]

# Rules are expanded up to here: no model of the family has more layers of one kind.
N_LAYERS, N_STAGES = 40, 8
G, V = ".parametrizations.weight.original0", ".parametrizations.weight.original1"
_INDEX = re.compile(r"\{(\d*)([ij])([+-]\d+)?\}")
# The modules of ours that have weight normalisation.
_NORMED = re.compile(
    r"(.*\.wavenet\.(gates\.\d+|residual_skips\.\d+|conditioning)"
    r"|decoder\.upsamplers\.\d+|decoder\.blocks\.\d+\.\d+\.\w+\.\d+"
    r"|members\.\d+\.(convolutions\.\d+|post))"
)


class Rule(NamedTuple):
    """One line of a table.

    Attributes:
        ours: name of a module or tensor in our state dict.
        theirs: its name in theirs.
        layout: ``linear``: their (A, B) weight is our (A, B, 1); ``wide``: their (1, C, 1) is our
            (C,); "": the same.
    """

    ours: str
    theirs: str
    layout: str = ""


def inside(ours: str, theirs: str, rules: Iterable[Rule]) -> list[Rule]:
    """Put the rules of a part below the places where the two projects have it."""
    return [Rule(f"{ours}.{rule.ours}", f"{theirs}.{rule.theirs}", rule.layout) for rule in rules]


def residual_blocks(theirs: str, n_kernels: int, *, resblock: str) -> list[Rule]:
    """Return the rules of the decoder's residual blocks, which others number through."""
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
    """Return how many residual blocks a stage has, by the numbers in another project's names.

    Raises:
        VoiceError: the blocks cannot be shared out evenly.
    """
    n_stages, n_blocks = (_numbers(weights, prefix) for prefix in (upsamplers, blocks))
    if not 0 < n_stages <= N_STAGES or n_blocks % n_stages or not 0 < n_blocks <= N_LAYERS:
        raise VoiceError(
            f"{n_stages} {upsamplers}.* and {n_blocks} {blocks}.* are no decoder of HiFi-GAN's kind"
        )
    return n_blocks // n_stages


def _numbers(weights: Mapping[str, Tensor], prefix: str) -> int:
    found = re.compile(re.escape(prefix) + r"\.(\d{1,4})\.")
    return len({match[1] for name in weights if (match := found.match(name))})


class Names:
    """A table, expanded to one entry for each module; both directions are one to one."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._theirs: dict[str, tuple[str, str]] = {}
        self._ours: dict[str, tuple[str, str]] = {}
        for rule in rules:
            for ours, theirs in _expand(rule):
                assert ours not in self._theirs, f"{ours} stands twice in the table"
                assert theirs not in self._ours, f"{theirs} stands twice in the table"
                self._theirs[ours] = theirs, rule.layout
                self._ours[theirs] = ours, rule.layout

    def to_ours(self, weights: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
        """Rename another project's tensors; every one must be known and stand once.

        Raises:
            VoiceError: a tensor is unknown or stands twice; the first is named.
        """
        found: dict[str, Tensor] = {}
        strangers: list[str] = []
        for name, value in weights.items():
            module, rest = _longest(name, self._ours)
            if not module:
                strangers.append(name)
                continue
            ours, layout = self._ours[module]
            own = ours + _as_ours(rest)
            if own in found:
                raise VoiceError(f"{where} has the tensor {name} twice, spelt in two ways")
            found[own] = _from_layout(value, layout)
        if strangers:
            others = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
            raise VoiceError(
                f"{where} has the tensor {strangers[0][:120]!r}{others}, a part that VITS has not; "
                "it cannot be carried over"
            )
        return _settle_norms(found, where)

    def to_theirs(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename our tensors; every one must be in the table."""
        renamed: dict[str, Tensor] = {}
        for name, value in weights.items():
            module, rest = _longest(name, self._theirs)
            if not module:
                raise VoiceError(f"{name} has no place in this format")
            theirs, layout = self._theirs[module]
            renamed[theirs + rest] = _to_layout(value, layout)
        return renamed


def spell_g_v(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Spell weight normalisation as ``weight_g`` and ``weight_v``."""
    return {
        name.replace(G, ".weight_g").replace(V, ".weight_v"): value
        for name, value in weights.items()
    }


def fold(g: Tensor, v: Tensor) -> Tensor:
    """Multiply direction and norm to the weight, as torch's own parametrisation does."""
    weight: Tensor = torch.ops.aten._weight_norm(v, g, 0)
    return weight


def unfold(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return (g, v) whose ``fold`` is ``weight`` bit for bit."""
    flat = weight.flatten(1)
    silent = ~flat.any(1)  # rows of zeros have no direction
    v = weight.clone()
    v[silent] = 1.0
    g: Tensor = torch.norm_except_dim(v, 2, 0)
    # The product may divide by a norm that another order of summation gave.
    for _ in range(4):
        off = (fold(g, v) != v).flatten(1).any(1)
        if not off.any():
            break
        ratio = (fold(g, v).flatten(1).double().norm(dim=1) / v.flatten(1).double().norm(dim=1))[
            off
        ]
        up = torch.nextafter(g[off], torch.full_like(g[off], torch.inf))
        down = torch.nextafter(g[off], torch.zeros_like(g[off]))
        g[off] = torch.where((ratio < 1).view(-1, *[1] * (g.ndim - 1)), up, down)
    g[silent] = 0.0
    return g, v


def _expand(rule: Rule) -> Iterable[tuple[str, str]]:
    """Yield a rule's pairs of names for every value of its indices."""
    letters = sorted({found[1] for found in _INDEX.findall(rule.ours + rule.theirs)})
    first = 1 if "{2i-1}" in rule.ours else 0
    numbers = [range(first, N_LAYERS), range(N_LAYERS)][: len(letters)]
    combinations = [()] if not numbers else [(i,) for i in numbers[0]]
    if len(numbers) == 2:
        combinations = [(i, j) for i in numbers[0] for j in numbers[1]]
    for values in combinations:
        at = dict(zip(letters, values, strict=True))

        def number(found: re.Match[str], at: dict[str, int] = at) -> str:
            return str(int(found[1] or 1) * at[found[2]] + int(found[3] or 0))

        yield _INDEX.sub(number, rule.ours), _INDEX.sub(number, rule.theirs)


def _longest(name: str, table: Mapping[str, object]) -> tuple[str, str]:
    """Split a name into its longest prefix that the table has, and the rest; "" where none."""
    end = len(name)
    while end > 0:
        if name[:end] in table:
            return name[:end], name[end:]
        end = name.rfind(".", 0, end)
    return "", name


def _as_ours(rest: str) -> str:
    """Spell the rest of a name our way."""
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


def _settle_norms(weights: dict[str, Tensor], where: str) -> dict[str, Tensor]:
    """Give exactly our modules with weight normalisation their g and v."""
    settled = dict(weights)
    for name, value in weights.items():
        if name.endswith(G):
            module = name.removesuffix(G)
            if f"{module}.weight" in weights:
                raise VoiceError(f"{where} has the weight of {module} folded and unfolded")
            v = weights.get(module + V)
            if v is None:
                raise VoiceError(f"{where} has the norm of {module}, but not its direction")
            if not _NORMED.fullmatch(module):
                if value.ndim != v.ndim or value.shape[0] != v.shape[0]:
                    raise VoiceError(f"{where}: norm and direction of {module} do not fit")
                del settled[name], settled[module + V]
                settled[f"{module}.weight"] = fold(value, v)
        elif name.endswith(".weight") and _NORMED.fullmatch(name.removesuffix(".weight")):
            if value.ndim < 2 or not value.is_floating_point():
                raise VoiceError(f"{where}: tensor {name} of shape {tuple(value.shape)} is damaged")
            module = name.removesuffix(".weight")
            del settled[name]
            settled[module + G], settled[module + V] = unfold(value)
    return settled
