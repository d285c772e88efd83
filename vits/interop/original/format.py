"""The original VITS (Kim, Kong & Son): ``G_*.pth``, ``D_*.pth`` and a ``config.json``.

Its symbols are part of its code. A voice with other symbols than its 178 has them in its settings
under ``symbols``, as forks of it do, or, as MMS, in a ``vocab.txt`` beside them.
"""

import re
from pathlib import Path

import torch
from torch import Tensor

from vits.config import VitsConfig
from vits.errors import MissingFileError
from vits.interop.carried_settings import KEY, read_extras, write_extras
from vits.interop.full_voice import Format, WholeVoice, blaming, check_discriminators
from vits.interop.infer_config import measure, require_claims
from vits.interop.original.settings import (
    cleaner,
    fresh_optimizer,
    model_settings,
    read_frontend,
    shown_sizes,
    unseen,
)
from vits.interop.parameter_names import (
    Names,
    Rule,
    count_kernels,
    inside,
    residual_blocks,
    spell_g_v,
)
from vits.interop.safe_loading import as_tensors, load_json, load_torch
from vits.interop.settings_file import SettingsFile, speaker_names, write_json
from vits.interop.size_limits import shared_losses
from vits.interop.symbol_table import first_row_blank
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator

__all__ = ["FORMAT", "JUDGES", "losses", "names", "read", "write"]

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
POSTERIOR = [Rule("pre", "pre"), *inside("wavenet", "enc", WAVENET), Rule("projection", "proj")]
COUPLING = [Rule("pre", "pre"), *inside("wavenet", "enc", WAVENET), Rule("post", "post")]
STACK = [
    Rule("depthwise", "convs_sep"),
    Rule("pointwise", "convs_1x1"),
    Rule("depthwise_norms.{j}.weight", "norms_1.{j}.gamma"),
    Rule("depthwise_norms.{j}.bias", "norms_1.{j}.beta"),
    Rule("pointwise_norms.{j}.weight", "norms_2.{j}.gamma"),
    Rule("pointwise_norms.{j}.bias", "norms_2.{j}.beta"),
]
SPLINE = [Rule("pre", "pre"), *inside("stack", "convs", STACK), Rule("projection", "proj")]
STOCHASTIC = [
    Rule("pre", "pre"),
    *inside("stack", "convs", STACK),
    Rule("projection", "proj"),
    Rule("conditioning", "cond"),
    Rule("posterior_pre", "post_pre"),
    *inside("posterior_stack", "post_convs", STACK),
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
# Its flows stand at even places, the reversals between them; its splines as ours, at odd ones.
FLOWS = [
    Rule("flows.0.mean", "flows.0.m"),
    Rule("flows.0.log_scale", "flows.0.logs"),
    *inside("flows.{2i-1}", "flows.{2i-1}", SPLINE),
    Rule("posterior_flows.0.mean", "post_flows.0.m"),
    Rule("posterior_flows.0.log_scale", "post_flows.0.logs"),
    *inside("posterior_flows.{2i-1}", "post_flows.{2i-1}", SPLINE),
]
TABLE = [
    *inside("text_encoder", "enc_p", TEXT),
    *inside("posterior_encoder", "enc_q", POSTERIOR),
    *inside("prior_flow.couplings.{i}", "flow.flows.{2i}", COUPLING),
    Rule("decoder.pre", "dec.conv_pre"),
    Rule("decoder.conditioning", "dec.cond"),
    Rule("decoder.upsamplers", "dec.ups"),
    Rule("decoder.post", "dec.conv_post"),
    Rule("speaker_embedding", "emb_g"),
]
JUDGES = Names(
    [
        Rule("members.{i}.convolutions", "discriminators.{i}.convs"),
        Rule("members.{i}.post", "discriminators.{i}.conv_post"),
    ]
)


def names(n_kernels: int, *, resblock: str, stochastic: bool) -> Names:
    """Return the table of a model with such residual blocks and such durations."""
    durations = [*STOCHASTIC, *FLOWS] if stochastic else DETERMINISTIC
    blocks = residual_blocks("dec.resblocks", n_kernels, resblock=resblock)
    return Names([*TABLE, *inside("duration_predictor", "dp", durations), *blocks])


def table_for(weights: dict[str, Tensor]) -> Names:
    """Return the table that tensors with the original's names need."""
    return names(
        count_kernels(weights, "dec.ups", "dec.resblocks"),
        resblock="1" if any(".convs2." in name for name in weights) else "2",
        stochastic="dp.flows.0.m" in weights,
    )


def read(path: Path) -> WholeVoice:
    """Read a run's folder, or one ``*.pth`` with the settings beside it.

    Raises:
        VoiceError: a part is damaged, or cannot be carried over.
        MissingFileError: a file is missing.
    """
    generator = find_generator(path)
    config = find_config(generator)
    said = SettingsFile(load_json(config), config)
    judge = generator.with_name(re.sub("^G", "D", generator.name))
    weights = as_tensors(load_torch(generator).get("model"), generator)
    judges = None
    if judge != generator and judge.is_file():
        judges = JUDGES.to_ours(as_tensors(load_torch(judge).get("model"), judge), str(judge))
    return blaming(generator, lambda: _build(generator, said, weights, judges))


def write(folder: Path, voice: WholeVoice) -> None:
    """Write a run's folder at its first step, from which it can be trained on."""
    bundle = voice.bundle
    frontend, weights, order = first_row_blank(bundle.frontend, bundle.generator.state_dict())
    config = bundle.generator.config
    step = bundle.card.training_steps
    renamed = spell_g_v(table_of(config).to_theirs(weights))
    _save(folder / f"G_{step}.pth", renamed)
    if voice.discriminators is not None:
        _save(folder / f"D_{step}.pth", spell_g_v(JUDGES.to_theirs(voice.discriminators)))
    settings = model_settings(config, frontend, bundle.speakers)
    write_json(folder / CONFIG, {**settings, KEY: write_extras(voice, order)})


def losses(voice: WholeVoice) -> dict[str, str]:
    """Name what the original has no place for.

    Raises:
        VoiceError: the model is one that the original cannot build.
    """
    bundle, lost = voice.bundle, shared_losses(voice, FORMAT.title)
    if bundle.frontend.config.bos_eos:
        lost["bos_eos"] = "it puts no ^ and $ around a text"
    if cleaner(bundle.frontend.config) is None:
        lost["phonemizer"] = "its own speaks en-us with stress marks; without it, it takes phonemes"
    return lost


FORMAT = Format(title="original", read=read, write=write, losses=losses)


def table_of(config: VitsConfig) -> Names:
    """Return the table that a model of ours needs."""
    return names(
        len(config.decoder.resblock_kernel_sizes),
        resblock=config.decoder.resblock,
        stochastic=config.duration_predictor.kind == "stochastic",
    )


def find_generator(path: Path) -> Path:
    """Return the generator's file: the one named, or the one of the highest step in a folder."""
    if path.is_file():
        return path.with_name(re.sub("^D_", "G_", path.name))
    found = [entry for entry in path.glob("G_*.pth") if re.fullmatch(r"G_\d+\.pth", entry.name)]
    if not found:
        raise MissingFileError(f"{path} has no G_*.pth")
    return max(found, key=lambda entry: int(entry.stem.removeprefix("G_")))


def find_config(generator: Path) -> Path:
    """Return the settings beside a generator: ``config.json``, or the only JSON file there."""
    config = generator.with_name(CONFIG)
    others = sorted(generator.parent.glob("*.json"))
    if config.is_file() or len(others) != 1:
        return config
    return others[0]


def _build(
    generator: Path,
    said: SettingsFile,
    weights: dict[str, Tensor],
    judges: dict[str, Tensor] | None,
) -> WholeVoice:
    said.require({"model.use_spectral_norm": False})
    extras = read_extras(said.mapping(KEY, {}))
    own = table_for(weights).to_ours(weights, str(generator))
    config = measure(own, judges, unseen(said, extras, said.where))
    claims = {key: (said.get(key, None), value) for key, value in shown_sizes(config).items()}
    if config.n_speakers == 1:
        claims["data.n_speakers"] = (max(1, said.whole("data.n_speakers", 0)), 1)
    require_claims(claims, said.where)
    frontend = read_frontend(generator.parent, said, extras, config.n_symbols)
    frontend, own = extras.restored(frontend, own, said.where)
    named = said.get("speakers", None) or extras.speakers
    named = tuple(named) if isinstance(named, list) else named
    return WholeVoice(
        format=FORMAT.title,
        bundle=VoiceBundle(
            generator=build_generator(own, config, str(generator)),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=tuple(speaker_names(named, config.n_speakers, said.where)),
            settings=extras.inference,
            card=extras.card,
        ),
        discriminators=judges
        and check_discriminators(judges, config.discriminator, str(generator)),
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
