"""Hugging Face transformers' ``VitsModel``, MMS included.

A folder with ``config.json``, ``model.safetensors``, ``vocab.json`` and ``tokenizer_config.json``.
The decoder is stored with its weight normalisation folded. transformers itself is not needed.
Its models have no discriminators. Those that the fork ``finetune-hf-vits`` adds are read, and so is
the weight normalisation that it adds to the convolutions of the flow.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from safetensors.torch import save
from torch import Tensor

from vits.errors import MissingFileError, VoiceError
from vits.interop.carried_settings import (
    KEY,
    keep,
    read_carried_settings,
    write_carried_settings,
)
from vits.interop.full_voice import FullVoice, VoiceFormat, check_discriminators, wrap_errors
from vits.interop.infer_config import infer_config, require_consistent
from vits.interop.parameter_names import (
    G,
    ParameterNames,
    Rule,
    V,
    count_kernels,
    fold_weight_norm,
    residual_blocks,
    with_prefix,
)
from vits.interop.safe_loading import as_tensors, load_json, load_safetensors, load_torch
from vits.interop.settings_reader import SettingsReader, speaker_names, write_json
from vits.interop.size_limits import hifigan_of, require_single_language
from vits.interop.symbol_table import move_blank_first, table_from_ids, unique_symbol_ids
from vits.interop.transformers.settings import (
    DEFAULTS,
    FIXED,
    declared_config,
    inferable_settings,
    model_settings,
    read_tokenizer,
    require_model,
    supports_frontend,
    tokenizer_settings,
)
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator, is_compact
from vits.synthesis.settings import Settings

__all__ = ["FORMAT", "read", "unsupported_parts", "write"]

CONFIG, WEIGHTS, VOCABULARY = "config.json", "model.safetensors", "vocab.json"
TOKENIZER = "tokenizer_config.json"
UNKNOWN = "transformers.unk_token"  # key of the card

ATTENTION = [
    Rule("attentions.{i}.query", "layers.{i}.attention.q_proj"),
    Rule("attentions.{i}.query.weight", "layers.{i}.attention.q_proj.weight", "linear"),
    Rule("attentions.{i}.key", "layers.{i}.attention.k_proj"),
    Rule("attentions.{i}.key.weight", "layers.{i}.attention.k_proj.weight", "linear"),
    Rule("attentions.{i}.value", "layers.{i}.attention.v_proj"),
    Rule("attentions.{i}.value.weight", "layers.{i}.attention.v_proj.weight", "linear"),
    Rule("attentions.{i}.output", "layers.{i}.attention.out_proj"),
    Rule("attentions.{i}.output.weight", "layers.{i}.attention.out_proj.weight", "linear"),
    Rule("attentions.{i}.relative_key", "layers.{i}.attention.emb_rel_k"),
    Rule("attentions.{i}.relative_value", "layers.{i}.attention.emb_rel_v"),
    Rule("attention_norms.{i}", "layers.{i}.layer_norm"),
    Rule("feed_forwards.{i}", "layers.{i}.feed_forward"),
    Rule("feed_forward_norms.{i}", "layers.{i}.final_layer_norm"),
]
WAVENET = [
    Rule("gates", "in_layers"),
    Rule("residual_skips", "res_skip_layers"),
    Rule("conditioning", "cond_layer"),
]
STACK = [
    Rule("depthwise", "convs_dilated"),
    Rule("pointwise", "convs_pointwise"),
    Rule("depthwise_norms", "norms_1"),
    Rule("pointwise_norms", "norms_2"),
]
SPLINE = [
    Rule("pre", "conv_pre"),
    *with_prefix("stack", "conv_dds", STACK),
    Rule("projection", "conv_proj"),
]
STOCHASTIC = [
    Rule("pre", "conv_pre"),
    *with_prefix("stack", "conv_dds", STACK),
    Rule("projection", "conv_proj"),
    Rule("conditioning", "cond"),
    Rule("flows.0.mean", "flows.0.translate"),
    Rule("flows.0.log_scale", "flows.0.log_scale"),
    *with_prefix("flows.{2i-1}", "flows.{i}", SPLINE),
    Rule("posterior_pre", "post_conv_pre"),
    *with_prefix("posterior_stack", "post_conv_dds", STACK),
    Rule("posterior_projection", "post_conv_proj"),
    Rule("posterior_flows.0.mean", "post_flows.0.translate"),
    Rule("posterior_flows.0.log_scale", "post_flows.0.log_scale"),
    *with_prefix("posterior_flows.{2i-1}", "post_flows.{i}", SPLINE),
]
DETERMINISTIC = [
    Rule("conv_1", "conv_1"),
    Rule("norm_1", "norm_1"),
    Rule("conv_2", "conv_2"),
    Rule("norm_2", "norm_2"),
    Rule("projection", "proj"),
    Rule("conditioning", "cond"),
]
TABLE = [
    Rule("text_encoder.embedding", "text_encoder.embed_tokens"),
    *with_prefix("text_encoder.encoder", "text_encoder.encoder", ATTENTION),
    Rule("text_encoder.projection", "text_encoder.project"),
    Rule("posterior_encoder.pre", "posterior_encoder.conv_pre"),
    *with_prefix("posterior_encoder.wavenet", "posterior_encoder.wavenet", WAVENET),
    Rule("posterior_encoder.projection", "posterior_encoder.conv_proj"),
    Rule("prior_flow.couplings.{i}.pre", "flow.flows.{i}.conv_pre"),
    *with_prefix("prior_flow.couplings.{i}.wavenet", "flow.flows.{i}.wavenet", WAVENET),
    Rule("prior_flow.couplings.{i}.post", "flow.flows.{i}.conv_post"),
    Rule("decoder.pre", "decoder.conv_pre"),
    Rule("decoder.conditioning", "decoder.cond"),
    Rule("decoder.upsamplers.{i}", "decoder.upsampler.{i}"),
    Rule("decoder.post", "decoder.conv_post"),
    Rule("speaker_embedding", "embed_speaker"),
]
DISCRIMINATOR = "discriminator."  # only the fork has it
DISCRIMINATORS = ParameterNames(
    [
        Rule("members.{i}.convolutions", "discriminators.{i}.convs"),
        Rule("members.{i}.post", "discriminators.{i}.final_conv"),
    ]
)


def parameter_names(n_kernels: int, *, stochastic: bool) -> ParameterNames:
    """Return the parameter names of a model.

    Args:
        n_kernels: residual blocks in each decoder stage.
        stochastic: whether the duration predictor is stochastic.
    """
    durations = STOCHASTIC if stochastic else DETERMINISTIC
    return ParameterNames(
        [
            *TABLE,
            *with_prefix("duration_predictor", "duration_predictor", durations),
            *residual_blocks("decoder.resblocks", n_kernels, resblock="1"),
        ]
    )


def read(path: Path) -> FullVoice:
    """Read a folder that ``save_pretrained`` wrote for model and tokenizer.

    Raises:
        VoiceError: a file is damaged, or a part cannot be converted.
        MissingFileError: a file is missing.
    """
    path = path.parent if path.is_file() else path
    settings = SettingsReader(load_json(path / CONFIG), path / CONFIG, DEFAULTS)
    tokenizer = SettingsReader(load_json(path / TOKENIZER), path / TOKENIZER)
    weights = _load_weights(path)
    return wrap_errors(path, lambda: _build(path, settings, tokenizer, weights))


def write(folder: Path, voice: FullVoice) -> None:
    """Write a folder that ``from_pretrained`` reads for model and tokenizer."""
    bundle = voice.bundle
    frontend, weights, order = move_blank_first(bundle.frontend, bundle.generator.state_dict())
    config = bundle.generator.config
    table = parameter_names(
        len(hifigan_of(config).resblock_kernel_sizes),
        stochastic=config.duration_predictor.kind == "stochastic",
    )
    renamed = table.to_theirs(_fold_decoder(weights))
    tensors = {name: value.detach().contiguous().clone() for name, value in renamed.items()}
    (folder / WEIGHTS).write_bytes(save(tensors, metadata={"format": "pt"}))
    write_json(
        folder / CONFIG,
        {**model_settings(config, bundle.settings), KEY: write_carried_settings(voice, order)},
    )
    write_json(folder / VOCABULARY, unique_symbol_ids(frontend.symbols))
    unknown = bundle.card.other_formats.get(UNKNOWN)
    write_json(folder / TOKENIZER, tokenizer_settings(frontend, unknown))


def unsupported_parts(voice: FullVoice) -> dict[str, str]:
    """Return the parts that transformers cannot hold, and why.

    Raises:
        VoiceError: transformers cannot build the model.
    """
    bundle, unsupported = voice.bundle, dict[str, str]()
    require_single_language(voice, FORMAT.title)
    require_model(bundle.generator.config)
    if voice.discriminators is not None:
        unsupported["discriminators"] = "its models have none"
    if is_compact(bundle.generator):
        unsupported["posterior-encoder"] = "this voice has none; a random one would replace it"
    if bundle.frontend.lexicon:
        unsupported["lexicon"] = "its tokenizer has none"
    if bundle.frontend.config.bos_eos:
        unsupported["bos-eos"] = "its tokenizer adds no ^ and $ to a text"
    if not supports_frontend(bundle.frontend.config):
        unsupported["phonemizer"] = (
            "it supports en-us with stress marks only; dropped, texts must be phonemes"
        )
    return unsupported


FORMAT = VoiceFormat(
    title="transformers", read=read, write=write, unsupported_parts=unsupported_parts
)


def _load_weights(path: Path) -> dict[str, Tensor]:
    if (path / WEIGHTS).is_file():
        return load_safetensors(path / WEIGHTS)
    index, older = path / f"{WEIGHTS}.index.json", path / "pytorch_model.bin"
    if index.is_file():
        return _load_shards(path, index)
    if older.is_file():
        return as_tensors(load_torch(older), older)
    raise MissingFileError(f"{path} has neither {WEIGHTS} nor {older.name}")


def _load_shards(path: Path, index: Path) -> dict[str, Tensor]:
    """Read weights that an index file distributes over several files of the folder."""
    file_names = SettingsReader(load_json(index), index).mapping("weight_map")
    names = {str(name) for name in file_names.values()}
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise VoiceError(f"{index}: {name[:80]!r} must be a *.safetensors file of the folder")
        if not (path / name).is_file():
            raise MissingFileError(f"{path} lacks {name}, which {index.name} names")
    weights: dict[str, Tensor] = {}
    for name in sorted(names):
        weights |= load_safetensors(path / name)
    if weights.keys() != file_names.keys():
        stray = min(weights.keys() ^ file_names.keys())
        raise VoiceError(f"{index} and its files disagree on the tensor {stray[:120]!r}")
    return weights


def _build(
    path: Path, settings: SettingsReader, tokenizer: SettingsReader, weights: dict[str, Tensor]
) -> FullVoice:
    settings.require(FIXED)
    carried = read_carried_settings(settings.mapping(KEY, {}))
    stochastic = settings.boolean("use_stochastic_duration_prediction")
    n_kernels = count_kernels(weights, "decoder.upsampler", "decoder.resblocks")
    discriminator_weights = {
        n.removeprefix(DISCRIMINATOR): v for n, v in weights.items() if n.startswith(DISCRIMINATOR)
    }
    discriminators = (
        DISCRIMINATORS.to_ours(discriminator_weights, str(path)) if discriminator_weights else None
    )
    weights = {name: value for name, value in weights.items() if not name.startswith(DISCRIMINATOR)}
    our_weights = parameter_names(n_kernels, stochastic=stochastic).to_ours(weights, str(path))
    config = infer_config(our_weights, discriminators, declared_config(settings, carried))
    require_consistent(
        {
            key: (settings.get(key, None), value)
            for key, value in inferable_settings(config).items()
        },
        path / CONFIG,
    )
    symbols = table_from_ids(load_json(path / VOCABULARY), path / VOCABULARY)
    frontend = read_tokenizer(symbols, tokenizer, carried)
    frontend, our_weights = carried.restore_symbols(frontend, our_weights, path)
    return FullVoice(
        format=FORMAT.title,
        bundle=VoiceBundle(
            generator=build_generator(our_weights, config, str(path)),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=tuple(speaker_names(carried.speakers, config.n_speakers, path / CONFIG)),
            settings=Settings(
                noise_scale=settings.number("noise_scale"),
                noise_scale_duration=settings.number("noise_scale_duration"),
                length_scale=1.0 / settings.number("speaking_rate"),
                sentence_silence=carried.inference.sentence_silence,
            ),
            card=keep(carried.card, {UNKNOWN: _unknown_symbol(tokenizer)}),
        ),
        discriminators=discriminators and check_discriminators(discriminators, config, str(path)),
    )


def _unknown_symbol(tokenizer: SettingsReader) -> str:
    """Return the symbol for unknown ones, where it is not the blank; newer files describe it."""
    symbol, blank = (
        cast(Mapping[str, object], value).get("content") if isinstance(value, Mapping) else value
        for value in (tokenizer.get(key, None) for key in ("unk_token", "pad_token"))
    )
    return symbol if isinstance(symbol, str) and symbol != blank else ""


def _fold_decoder(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    folded = dict(weights)
    for name, g in weights.items():
        if name.startswith("decoder.") and name.endswith(G):
            module = name.removesuffix(G)
            del folded[name]
            folded[f"{module}.weight"] = fold_weight_norm(g, folded.pop(module + V))
    return folded
