"""Recover the parameters of a VITS from a graph, by their names and by where they are used.

An exporter keeps most of torch's names. It drops or renames a tensor that it changed: a weight
whose weight norm it folded, a scale whose exponential it computed, one of two equal tensors. Such a
tensor is found beside one that kept its name: a weight at the convolution of its bias, an embedding
at the look-up of an input.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vits.errors import VoiceError
from vits.interop.onnx.graph import CONVOLUTIONS, Convolution, Graph
from vits.interop.original.format import names_for_weights
from vits.interop.parameter_names import convert_weight_norms

__all__ = ["Parameters", "find_parameters"]

# A tensor that every graph has under its name, in our spelling and in the original's.
OURS, ORIGINAL = "text_encoder.projection.bias", "enc_p.proj.bias"


class Spelling(NamedTuple):
    """Names of the tensors whose places in the graph are known."""

    embedding: str
    speakers: str
    key: str
    value: str
    mean: str
    log_scale: str
    gain: str
    shift: str


SPELLINGS = {
    OURS: Spelling(
        "text_encoder.embedding.weight",
        "speaker_embedding.weight",
        ".relative_key",
        ".relative_value",
        "duration_predictor.flows.0.mean",
        "duration_predictor.flows.0.log_scale",
        ".weight",
        ".bias",
    ),
    ORIGINAL: Spelling(
        "enc_p.emb.weight",
        "emb_g.weight",
        ".emb_rel_k",
        ".emb_rel_v",
        "dp.flows.0.m",
        "dp.flows.0.logs",
        ".gamma",
        ".beta",
    ),
}


class Parameters(NamedTuple):
    """What a graph holds of a model.

    Attributes:
        weights: tensors under our names.
        convolutions: the convolution of each of our modules that is one.
    """

    weights: dict[str, Tensor]
    convolutions: dict[str, Convolution]


def find_parameters(graph: Graph) -> Parameters:
    """Return the parameters of a graph.

    Raises:
        VoiceError: it is not a VITS, or a tensor is damaged.
    """
    probe, prefix = _naming(graph)
    names = {
        name[len(prefix) :]: name
        for name in sorted(graph.constants)
        if name.startswith(prefix) and "." in name[len(prefix) :]
        if not name.startswith("/") and not graph.is_inner(name)
    }
    search = _Search(graph, names, SPELLINGS[probe])
    search.complete()
    weights = {
        ours: value.float()
        for ours, name in search.names.items()
        if (value := graph.tensor(name)).is_floating_point()
    }
    weights |= search.computed
    source = str(graph.source)
    if probe == OURS:
        weights = {n: v for n, v in weights.items() if not n.startswith("decoder.inverse.")}
        return Parameters(convert_weight_norms(weights, source), search.convolutions)
    table = names_for_weights(weights)
    renamed = {
        next(iter(table.to_ours({f"{module}.bias": torch.empty(0)}, source))).removesuffix(
            ".bias"
        ): c
        for module, c in search.convolutions.items()
    }
    return Parameters(table.to_ours(weights, source), renamed)


def _naming(graph: Graph) -> tuple[str, str]:
    """Return which spelling a graph has, and what it puts before every name."""
    for probe in (OURS, ORIGINAL):
        for name in graph.constants:
            if name == probe or name.endswith("." + probe):
                return probe, name.removesuffix(probe)
    raise VoiceError(
        f"{graph.source} has no tensor {ORIGINAL} or {OURS}: it is not a VITS, or an unknown "
        "program wrote it; convert the voice's checkpoint instead"
    )


class _Search:
    """Tensors by the names that torch gave them, and the constants that hold them."""

    def __init__(self, graph: Graph, names: dict[str, str], spelling: Spelling) -> None:
        self.graph, self.names, self.spelling = graph, names, spelling
        self.computed: dict[str, Tensor] = {}
        self.convolutions: dict[str, Convolution] = {}

    def complete(self) -> None:
        """Add the tensors that have lost their names."""
        for name in list(self.names):
            if name.endswith((".bias", ".weight")):
                self._complete_convolution(name.rpartition(".")[0])
            if name.endswith(self.spelling.shift):
                self._complete_norm(name.removesuffix(self.spelling.shift))
            if name.endswith(self.spelling.value):
                self._complete_key(name.removesuffix(self.spelling.value))
        self._complete_embeddings()
        if self.spelling.mean in self.names and self.spelling.log_scale not in self.names:
            self._complete_log_scale()

    def _complete_convolution(self, module: str) -> None:
        weight, bias = f"{module}.weight", f"{module}.bias"
        if module in self.convolutions:
            return
        for place, name in ((2, bias), (1, weight)):
            nodes = [
                node
                for node in self.graph.consumers(self.names.get(name, ""))
                if node.op_type in CONVOLUTIONS and node.input[place:][:1] == [self.names[name]]
            ]
            if len(nodes) == 1:
                found = self.graph.convolution(nodes[0])
                self.convolutions[module] = found
                for missing, constant in ((weight, found.weight), (bias, found.bias)):
                    if constant in self.graph.constants:
                        self.names.setdefault(missing, constant)
                return

    def _complete_norm(self, module: str) -> None:
        """Find the gain of a normalisation, in one node or as (x * gain) + shift."""
        gain, shift = module + self.spelling.gain, self.names[module + self.spelling.shift]
        if gain in self.names:
            return
        for node in self.graph.consumers(shift):
            if node.op_type == "LayerNormalization" and node.input[2:3] == [shift]:
                self.names[gain] = node.input[1]
            elif node.op_type == "Add":
                before = [self.graph.producer(name) for name in node.input if name != shift]
                inputs = before[0].input if before and _is(before[0], "Mul") else ()
                held = [name for name in inputs if name in self.graph.constants]
                if held:
                    self.names[gain] = held[0]

    def _complete_key(self, module: str) -> None:
        """Find relative keys, which a product takes transposed."""
        key, value = module + self.spelling.key, module + self.spelling.value
        if key in self.names or not (prefix := self._node_prefix(self.names[value])):
            return
        n, distances, channels = self.graph.tensor(self.names[value]).shape
        for node in self.graph.nodes:
            if node.op_type == "MatMul" and node.name.startswith(prefix):
                for name in node.input:
                    if name in self.graph.constants and name != self.names[value]:
                        found = self.graph.tensor(name)
                        if found.shape == (n, channels, distances):
                            self.computed[key] = found.mT.contiguous()

    def _node_prefix(self, constant: str) -> str:
        """Return the scope of the node that reads a constant, e.g. ``/encoder/attention.0/``."""
        scopes = {node.name.rpartition("/")[0] for node in self.graph.consumers(constant)}
        return f"{scopes.pop()}/" if len(scopes) == 1 and "" not in scopes else ""

    def _complete_embeddings(self) -> None:
        """Find the tables that an input selects rows of: ids, then speakers."""
        inputs = self.graph.inputs
        wanted = {self.spelling.embedding: inputs[:1], self.spelling.speakers: ("sid", "speaker")}
        for name, sources in wanted.items():
            if name in self.names:
                continue
            for source in sources:
                held = [
                    node.input[0]
                    for node in self._readers(source)
                    if node.op_type == "Gather" and node.input[0] in self.graph.constants
                ]
                tables = [each for each in held if self.graph.tensor(each).ndim == 2]
                if source in inputs and len(tables) == 1:
                    self.names[name] = tables[0]

    def _readers(self, source: str) -> list[Any]:
        """Return the nodes that read an input, directly or through a conversion of its type."""
        nodes = list(self.graph.consumers(source))
        for node in list(nodes):
            if node.op_type in ("Cast", "Identity", "Unsqueeze"):
                nodes += self.graph.consumers(node.output[0])
        return nodes

    def _complete_log_scale(self) -> None:
        """Find s in (z - mean) * exp(-s), as exp(-s), as -s or as s."""
        mean = self.names[self.spelling.mean]
        for before in self.graph.consumers(mean):
            for node in self.graph.consumers(before.output[0]):
                factor = next((n for n in node.input if n != before.output[0]), "")
                maker = self.graph.producer(factor)
                if node.op_type != "Mul" or before.op_type != "Sub":
                    continue
                if factor in self.graph.constants:
                    value = -self.graph.tensor(factor).double().log()
                elif _is(maker, "Exp") and maker.input[0] in self.graph.constants:
                    value = -self.graph.tensor(maker.input[0])
                else:
                    continue
                if value.isfinite().all() and math.prod(value.shape) == 2:
                    self.computed[self.spelling.log_scale] = value.float().reshape(2, 1)


def _is(node: Any, kind: str) -> bool:
    return node is not None and node.op_type == kind


def padding_of(convolution: Convolution, kernel: int) -> Mapping[str, tuple[int, int]]:
    """Return the paddings that keep the length of a sequence, by what they are called."""
    if convolution.transposed:
        pad = (kernel - convolution.stride) // 2
        return {"same": (pad, pad)}
    pad = convolution.dilation * (kernel - 1) // 2
    return {"none": (0, 0), "same": (pad, pad)}
