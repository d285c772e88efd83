"""Configuration of a model that a graph holds: sizes from tensors, rates from convolutions."""

import math
import re
from collections.abc import Mapping

import torch
from torch import Tensor

from vits.config import AudioConfig, HifiGanConfig, StochasticDurationConfig, VitsConfig
from vits.errors import VoiceError
from vits.interop.infer_config import DeclaredConfig, infer_config
from vits.interop.onnx.graph import Convolution
from vits.interop.onnx.parameters import Parameters, padding_of
from vits.interop.parameter_names import G, V, unfold_weight_norm
from vits.models.durations import duration_predictor
from vits.models.vits import Vits

__all__ = ["check_convolutions", "config_of", "with_unused_parts", "with_weight_norms"]

# Parts that speaking does not use, so that no graph has them.
UNUSED = re.compile(r"duration_predictor\.(posterior_|flows\.1\.)")
PLACEHOLDER, MODEL = "duration_predictor.flows.1.", "duration_predictor.flows.3."


def config_of(
    parameters: Parameters, audio: AudioConfig | None, sample_rate: int, source: str
) -> VitsConfig:
    """Return the configuration of a model with a HiFi-GAN decoder.

    Args:
        parameters: what the graph holds.
        audio: spectrogram settings; None: those of the rate that the graph shows, four hops long.
        sample_rate: samples per second (Hz).
        source: file named in error messages.

    Raises:
        VoiceError: a tensor is missing, or the rates are not those of a VITS.
    """
    rates = _numbers(parameters, r"decoder\.upsamplers\.(\d+)", "stride")
    blocks = len(
        {
            m[1]
            for name in parameters.weights
            if (m := re.match(r"decoder\.blocks\.0\.(\d+)\.", name))
        }
    )
    if not rates or not blocks:
        raise VoiceError(f"{source} has no HiFi-GAN decoder, and does not say which it has")
    flow = _numbers(parameters, r"prior_flow\.couplings\.0\.wavenet\.gates\.(\d+)", "dilation")
    hop = math.prod(rates)
    declared = DeclaredConfig(
        audio=audio or _audio(sample_rate, hop),
        upsample_rates=rates,
        resblock_dilations=tuple(
            _numbers(parameters, rf"decoder\.blocks\.0\.{block}\.dilated\.(\d+)", "dilation")
            for block in range(blocks)
        ),
        flow_dilation_rate=flow[1] if len(flow) > 1 else 1,
    )
    weights = dict(parameters.weights)
    for name, value in parameters.weights.items():
        if name.startswith(MODEL):  # the flow that speaking skips has the size of the next
            weights.setdefault(PLACEHOLDER + name.removeprefix(MODEL), value)
    return infer_config(weights, None, declared)


def with_unused_parts(weights: Mapping[str, Tensor], config: VitsConfig) -> dict[str, Tensor]:
    """Add the parts of the duration predictor that speaking does not use, as training begins them.

    They are the same in every reading. ``vits finetune`` trains them anew.
    """
    if not isinstance(config.duration_predictor, StochasticDurationConfig):
        return dict(weights)
    several = config.n_speakers > 1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        new = duration_predictor(
            config.duration_predictor,
            config.hidden_channels,
            conditioning_channels=config.speaker_channels if several else 0,
            language_channels=config.language_channels if config.n_languages else 0,
        ).state_dict()
    named = {f"duration_predictor.{name}": value for name, value in new.items()}
    return {**{n: v for n, v in named.items() if UNUSED.match(n)}, **weights}


def with_weight_norms(weights: Mapping[str, Tensor], config: VitsConfig) -> dict[str, Tensor]:
    """Unfold the weight norms that only decoders of our own have."""
    if isinstance(config.decoder, HifiGanConfig):
        return dict(weights)
    with torch.random.fork_rng(devices=[]):
        expected = Vits(config).state_dict()
    fitted = dict(weights)
    for name, value in weights.items():
        module = name.removesuffix(".weight")
        if name not in expected and module + V in expected and value.ndim == 3:
            del fitted[name]
            fitted[module + G], fitted[module + V] = unfold_weight_norm(value)
    return fitted


def check_convolutions(parameters: Parameters, config: VitsConfig, source: str) -> None:
    """Require that every convolution of the graph is the model's.

    Raises:
        VoiceError: its rate, dilation, groups or padding differ; the first is named.
    """
    for module, found in sorted(parameters.convolutions.items()):
        weight = parameters.weights.get(f"{module}.weight")
        if weight is None:
            weight = parameters.weights.get(f"{module}.parametrizations.weight.original1")
        expected = _expected(module, found, config, 0 if weight is None else len(weight))
        if weight is None or expected is None:
            continue
        actual = found.stride, found.dilation, found.groups
        if actual != expected or found.pads not in padding_of(found, weight.shape[2]).values():
            raise VoiceError(
                f"{source}: the convolution {module} has stride, dilation and groups "
                f"{_list(actual)} and the padding {_list(found.pads)}, but a VITS has "
                f"{_list(expected)} and a padding that keeps the length"
            )


def _expected(
    module: str, found: Convolution, config: VitsConfig, channels: int
) -> tuple[int, int, int] | None:
    """Return stride, dilation and groups of a module's convolution; None: any."""
    decoder, last = config.decoder, module.rpartition(".")[2]
    number = int(last) if last.isdecimal() else 0
    if module.startswith("decoder."):
        if not isinstance(decoder, HifiGanConfig):
            return None
        if module.startswith("decoder.upsamplers."):
            return (decoder.upsample_rates[number], 1, 1) if found.transposed else (0, 0, 0)
        block = re.match(r"decoder\.blocks\.\d+\.(\d+)\.dilated\.", module)
        return (1, decoder.resblock_dilations[int(block[1])][number] if block else 1, 1)
    if ".depthwise." in module:
        kernel = config.duration_predictor.kernel_size
        return (1, kernel**number, channels)
    if ".gates." in module:
        return (1, config.prior_flow.dilation_rate**number, 1)
    return (1, 1, 1)


def _audio(sample_rate: int, hop: int) -> AudioConfig:
    """Return the usual transform of a hop: a graph for speaking needs none and shows none."""
    return AudioConfig(sample_rate=sample_rate, n_fft=4 * hop, win_length=4 * hop, hop_length=hop)


def _numbers(parameters: Parameters, pattern: str, key: str) -> tuple[int, ...]:
    """Return an attribute of the convolutions that a pattern matches, in their order."""
    found = {
        int(match[1]): getattr(convolution, key)
        for module, convolution in parameters.convolutions.items()
        if (match := re.fullmatch(pattern, module))
    }
    return tuple(found[number] for number in sorted(found))


def _list(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
