"""The original VITS (Kim, Kong & Son): ``G_*.pth``, ``D_*.pth`` and a ``config.json``.

Its 178 symbols are part of its code. A voice with other symbols lists them in its settings under
``symbols``, as forks do, or in a ``vocab.txt`` beside the settings, as MMS does.
"""

import re
from pathlib import Path

import torch
from torch import Tensor

from vits.config import VitsConfig
from vits.errors import MissingFileError
from vits.interop.carried_settings import KEY, read_carried_settings, write_carried_settings
from vits.interop.full_voice import FullVoice, VoiceFormat, check_discriminators, wrap_errors
from vits.interop.infer_config import infer_config, require_consistent
from vits.interop.original.settings import (
    cleaner,
    declared_config,
    fresh_optimizer,
    inferable_settings,
    model_settings,
    read_frontend,
)
from vits.interop.parameter_names import (
    ParameterNames,
    Rule,
    count_kernels,
    rename_to_g_v,
    residual_blocks,
    with_prefix,
)
from vits.interop.safe_loading import as_tensors, load_json, load_torch
from vits.interop.settings_reader import SettingsReader, speaker_names, write_json
from vits.interop.size_limits import hifigan_of, shared_unsupported_parts
from vits.interop.symbol_table import move_blank_first
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator

__all__ = ["DISCRIMINATORS", "FORMAT", "parameter_names", "read", "unsupported_parts", "write"]

CONFIG = "config.json"

TEXT = [
    Rule("embedding", "emb"),
    Rule("encoder.attentions.{i}.query", "encoder.attn_layers.{i}.conv_q"),
    Rule("encoder.attentions.{i}.key", "encoder.attn_layers.{i}.conv_k"),
    Rule("encoder.attentions.{i}.value", "encoder.attn_layers.{i}.conv_v"),
    Rule("encoder.attentions.{i}.output", "encoder.attn_layers.{i}.conv_o"),
    Rule("encoder.attentions.{i}.relative_key", "encoder.attn_layers.{i}.emb_rel_k"),
    Rule("encoder.attentions.{i}.relative_value", "encoder.attn_layers.{i}.emb_rel_v"),
    Rule("encoder.attention_norms.{i}.weight", "encoder.norm_layers_1.{i}.gamma"),
    Rule("encoder.attention_norms.{i}.bias", "encoder.norm_layers_1.{i}.beta"),
    Rule("encoder.feed_forwards", "encoder.ffn_layers"),
    Rule("encoder.feed_forward_norms.{i}.weight", "encoder.norm_layers_2.{i}.gamma"),
    Rule("encoder.feed_forward_norms.{i}.bias", "encoder.norm_layers_2.{i}.beta"),
    Rule("projection", "proj"),
]
WAVENET = [
    Rule("gates", "in_layers"),
    Rule("residual_skips", "res_skip_layers"),
    Rule("conditioning", "cond_layer"),
]
POSTERIOR = [
    Rule("pre", "pre"),
    *with_prefix("wavenet", "enc", WAVENET),
    Rule("projection", "proj"),
]
COUPLING = [Rule("pre", "pre"), *with_prefix("wavenet", "enc", WAVENET), Rule("post", "post")]
STACK = [
    Rule("depthwise", "convs_sep"),
    Rule("pointwise", "convs_1x1"),
    Rule("depthwise_norms.{j}.weight", "norms_1.{j}.gamma"),
    Rule("depthwise_norms.{j}.bias", "norms_1.{j}.beta"),
    Rule("pointwise_norms.{j}.weight", "norms_2.{j}.gamma"),
    Rule("pointwise_norms.{j}.bias", "norms_2.{j}.beta"),
]
SPLINE = [Rule("pre", "pre"), *with_prefix("stack", "convs", STACK), Rule("projection", "proj")]
STOCHASTIC = [
    Rule("pre", "pre"),
    *with_prefix("stack", "convs", STACK),
    Rule("projection", "proj"),
    Rule("conditioning", "cond"),
    Rule("posterior_pre", "post_pre"),
    *with_prefix("posterior_stack", "post_convs", STACK),
    Rule("posterior_projection", "post_proj"),
]
DETERMINISTIC = [
    Rule("conv_1", "conv_1"),
    Rule("norm_1.weight", "norm_1.gamma"),
    Rule("norm_1.bias", "norm_1.beta"),
    Rule("conv_2", "conv_2"),
    Rule("norm_2.weight", "norm_2.gamma"),
    Rule("norm_2.bias", "norm_2.beta"),
    Rule("projection", "proj"),
    Rule("conditioning", "cond"),
]
# Its couplings have even numbers, with reversals between them; its splines odd ones, like ours.
FLOWS = [
    Rule("flows.0.mean", "flows.0.m"),
    Rule("flows.0.log_scale", "flows.0.logs"),
    *with_prefix("flows.{2i-1}", "flows.{2i-1}", SPLINE),
    Rule("posterior_flows.0.mean", "post_flows.0.m"),
    Rule("posterior_flows.0.log_scale", "post_flows.0.logs"),
    *with_prefix("posterior_flows.{2i-1}", "post_flows.{2i-1}", SPLINE),
]
TABLE = [
    *with_prefix("text_encoder", "enc_p", TEXT),
    *with_prefix("posterior_encoder", "enc_q", POSTERIOR),
    *with_prefix("prior_flow.couplings.{i}", "flow.flows.{2i}", COUPLING),
    Rule("decoder.pre", "dec.conv_pre"),
    Rule("decoder.conditioning", "dec.cond"),
    Rule("decoder.upsamplers", "dec.ups"),
    Rule("decoder.post", "dec.conv_post"),
    Rule("speaker_embedding", "emb_g"),
]
DISCRIMINATORS = ParameterNames(
    [
        Rule("members.{i}.convolutions", "discriminators.{i}.convs"),
        Rule("members.{i}.post", "discriminators.{i}.conv_post"),
    ]
)


def parameter_names(n_kernels: int, *, resblock: str, stochastic: bool) -> ParameterNames:
    """Return the parameter names of a model.

    Args:
        n_kernels: residual blocks in each decoder stage.
        resblock: kind of the residual blocks, ``1`` or ``2``.
        stochastic: whether the duration predictor is stochastic.
    """
    durations = [*STOCHASTIC, *FLOWS] if stochastic else DETERMINISTIC
    blocks = residual_blocks("dec.resblocks", n_kernels, resblock=resblock)
    return ParameterNames([*TABLE, *with_prefix("duration_predictor", "dp", durations), *blocks])


def names_for_weights(weights: dict[str, Tensor]) -> ParameterNames:
    """Return the parameter names for tensors under the original's names."""
    return parameter_names(
        count_kernels(weights, "dec.ups", "dec.resblocks"),
        resblock="1" if any(".convs2." in name for name in weights) else "2",
        stochastic="dp.flows.0.m" in weights,
    )


def read(path: Path) -> FullVoice:
    """Read the folder of a run, or one ``*.pth`` with the settings beside it.

    Raises:
        VoiceError: a file is damaged, or a part cannot be converted.
        MissingFileError: a file is missing.
    """
    generator = find_generator(path)
    config = find_config(generator)
    settings = SettingsReader(load_json(config), config)
    discriminator = generator.with_name(re.sub("^G", "D", generator.name))
    weights = as_tensors(load_torch(generator).get("model"), generator)
    discriminators = None
    if discriminator != generator and discriminator.is_file():
        discriminators = DISCRIMINATORS.to_ours(
            as_tensors(load_torch(discriminator).get("model"), discriminator), str(discriminator)
        )
    return wrap_errors(generator, lambda: _build(generator, settings, weights, discriminators))


def write(folder: Path, voice: FullVoice) -> None:
    """Write the folder of a run, from which training can resume."""
    bundle = voice.bundle
    frontend, weights, order = move_blank_first(bundle.frontend, bundle.generator.state_dict())
    config = bundle.generator.config
    step = bundle.card.training_steps
    renamed = rename_to_g_v(names_for_config(config).to_theirs(weights))
    _save(folder / f"G_{step}.pth", renamed)
    if voice.discriminators is not None:
        _save(
            folder / f"D_{step}.pth", rename_to_g_v(DISCRIMINATORS.to_theirs(voice.discriminators))
        )
    settings = model_settings(config, frontend, bundle.speakers)
    write_json(folder / CONFIG, {**settings, KEY: write_carried_settings(voice, order)})


def unsupported_parts(voice: FullVoice) -> dict[str, str]:
    """Return the parts that the original cannot hold, and why.

    Raises:
        VoiceError: the original cannot build the model.
    """
    bundle, unsupported = voice.bundle, shared_unsupported_parts(voice, FORMAT.title)
    if bundle.frontend.config.bos_eos:
        unsupported["bos-eos"] = "it adds no ^ and $ to a text"
    if cleaner(bundle.frontend.config) is None:
        unsupported["phonemizer"] = (
            "it supports en-us with stress marks only; dropped, texts must be phonemes"
        )
    return unsupported


FORMAT = VoiceFormat(title="original", read=read, write=write, unsupported_parts=unsupported_parts)


def names_for_config(config: VitsConfig) -> ParameterNames:
    """Return the parameter names for a model of ours."""
    return parameter_names(
        len(hifigan_of(config).resblock_kernel_sizes),
        resblock=hifigan_of(config).resblock,
        stochastic=config.duration_predictor.kind == "stochastic",
    )


def find_generator(path: Path) -> Path:
    """Return the generator's file: the given one, or the one of the highest step in a folder.

    A folder without steps may have one under another name, as they are published: ``G.pth``,
    ``pretrained_ljs.pth``.
    """
    if path.is_file():
        return path.with_name(re.sub("^D(?=[_.])", "G", path.name))
    found = [entry for entry in path.glob("G_*.pth") if re.fullmatch(r"G_\d+\.pth", entry.name)]
    others = [entry for entry in path.glob("*.pth") if not re.match(r"(D|DUR)[_.]", entry.name)]
    if not found and len(others) == 1:
        return others[0]
    if not found:
        named = f"; name one of its {len(others)} files" if others else ""
        raise MissingFileError(f"{path} has no G_*.pth{named}")
    return max(found, key=lambda entry: int(entry.stem.removeprefix("G_")))


def find_config(generator: Path) -> Path:
    """Return the settings beside a generator: ``config.json``, or the only JSON file.

    Of several, it is the one that shares a word with it, as ``ljs_base.json`` with
    ``pretrained_ljs.pth``.
    """
    config = generator.with_name(CONFIG)
    others = sorted(generator.parent.glob("*.json"))
    if len(others) > 1:
        words = set(generator.stem.split("_"))
        others = [entry for entry in others if words & set(entry.stem.split("_"))]
    if config.is_file() or len(others) != 1:
        return config
    return others[0]


def _build(
    generator: Path,
    settings: SettingsReader,
    weights: dict[str, Tensor],
    discriminators: dict[str, Tensor] | None,
) -> FullVoice:
    settings.require({"model.use_spectral_norm": False})
    carried = read_carried_settings(settings.mapping(KEY, {}))
    our_weights = names_for_weights(weights).to_ours(weights, str(generator))
    config = infer_config(our_weights, discriminators, declared_config(settings, carried))
    claims = {
        key: (settings.get(key, None), value) for key, value in inferable_settings(config).items()
    }
    if config.n_speakers == 1:
        claims["data.n_speakers"] = (max(1, settings.integer("data.n_speakers", 0)), 1)
    require_consistent(claims, settings.source)
    frontend = read_frontend(generator.parent, settings, carried, config.n_symbols)
    frontend, our_weights = carried.restore_symbols(frontend, our_weights, settings.source)
    named = settings.get("speakers", None) or carried.speakers
    named = tuple(named) if isinstance(named, list) else named
    return FullVoice(
        format=FORMAT.title,
        bundle=VoiceBundle(
            generator=build_generator(our_weights, config, str(generator)),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=tuple(speaker_names(named, config.n_speakers, settings.source)),
            settings=carried.inference,
            card=carried.card,
        ),
        discriminators=discriminators
        and check_discriminators(discriminators, config, str(generator)),
    )


def _save(path: Path, weights: dict[str, Tensor]) -> None:
    tensors = {name: value.detach().clone().contiguous() for name, value in weights.items()}
    torch.save(
        {
            "model": tensors,
            "iteration": 1,
            "optimizer": fresh_optimizer(len(tensors)),
            "learning_rate": 2e-4,
        },
        path,
    )
