"""Hugging Face transformers' ``VitsModel``, MMS included.

A folder of ``config.json``, ``model.safetensors``, ``vocab.json`` and ``tokenizer_config.json``.
The decoder is kept with its weight normalisation folded in. transformers itself is not needed.
Its models have no discriminators; those that the fine-tuning fork ``finetune-hf-vits`` adds are
read, and so are the norms that it puts on the flow's convolutions.
"""

from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from vits.errors import MissingFileError, VoiceError
from vits.interop.carried_settings import KEY, read_extras, write_extras
from vits.interop.full_voice import Format, WholeVoice, blaming, check_discriminators
from vits.interop.infer_config import measure, require_claims
from vits.interop.parameter_names import (
    G,
    Names,
    Rule,
    V,
    count_kernels,
    fold,
    inside,
    residual_blocks,
)
from vits.interop.safe_loading import as_tensors, load_json, load_safetensors, load_torch
from vits.interop.settings_file import SettingsFile, speaker_names, write_json
from vits.interop.size_limits import require_one_language
from vits.interop.symbol_table import fill_rows, first_row_blank, row_names
from vits.interop.transformers.settings import (
    DEFAULTS,
    FIXED,
    model_settings,
    read_tokenizer,
    require_model,
    shown_sizes,
    speaks,
    tokenizer_settings,
    unseen,
)
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator, is_compact
from vits.synthesis.settings import Settings

__all__ = ["FORMAT", "losses", "read", "write"]

CONFIG, WEIGHTS, VOCABULARY = "config.json", "model.safetensors", "vocab.json"
TOKENIZER = "tokenizer_config.json"

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
    *inside("stack", "conv_dds", STACK),
    Rule("projection", "conv_proj"),
]
STOCHASTIC = [
    Rule("pre", "conv_pre"),
    *inside("stack", "conv_dds", STACK),
    Rule("projection", "conv_proj"),
    Rule("conditioning", "cond"),
    Rule("flows.0.mean", "flows.0.translate"),
    Rule("flows.0.log_scale", "flows.0.log_scale"),
    *inside("flows.{2i-1}", "flows.{i}", SPLINE),
    Rule("posterior_pre", "post_conv_pre"),
    *inside("posterior_stack", "post_conv_dds", STACK),
    Rule("posterior_projection", "post_conv_proj"),
    Rule("posterior_flows.0.mean", "post_flows.0.translate"),
    Rule("posterior_flows.0.log_scale", "post_flows.0.log_scale"),
    *inside("posterior_flows.{2i-1}", "post_flows.{i}", SPLINE),
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
    *inside("text_encoder.encoder", "text_encoder.encoder", ATTENTION),
    Rule("text_encoder.projection", "text_encoder.project"),
    Rule("posterior_encoder.pre", "posterior_encoder.conv_pre"),
    *inside("posterior_encoder.wavenet", "posterior_encoder.wavenet", WAVENET),
    Rule("posterior_encoder.projection", "posterior_encoder.conv_proj"),
    Rule("prior_flow.couplings.{i}.pre", "flow.flows.{i}.conv_pre"),
    *inside("prior_flow.couplings.{i}.wavenet", "flow.flows.{i}.wavenet", WAVENET),
    Rule("prior_flow.couplings.{i}.post", "flow.flows.{i}.conv_post"),
    Rule("decoder.pre", "decoder.conv_pre"),
    Rule("decoder.conditioning", "decoder.cond"),
    Rule("decoder.upsamplers.{i}", "decoder.upsampler.{i}"),
    Rule("decoder.post", "decoder.conv_post"),
    Rule("speaker_embedding", "embed_speaker"),
]
JUDGE = "discriminator."  # only the fork has it
JUDGES = Names(
    [
        Rule("members.{i}.convolutions", "discriminators.{i}.convs"),
        Rule("members.{i}.post", "discriminators.{i}.final_conv"),
    ]
)


def names(n_kernels: int, *, stochastic: bool) -> Names:
    """Return the table of a model with so many residual blocks a stage and such durations."""
    durations = STOCHASTIC if stochastic else DETERMINISTIC
    return Names(
        [
            *TABLE,
            *inside("duration_predictor", "duration_predictor", durations),
            *residual_blocks("decoder.resblocks", n_kernels, resblock="1"),
        ]
    )


def read(path: Path) -> WholeVoice:
    """Read a folder that ``save_pretrained`` wrote for model and tokenizer.

    Raises:
        VoiceError: a part is damaged, or cannot be carried over.
        MissingFileError: a file is missing.
    """
    path = path.parent if path.is_file() else path
    said = SettingsFile(load_json(path / CONFIG), path / CONFIG, DEFAULTS)
    tokenizer = SettingsFile(load_json(path / TOKENIZER), path / TOKENIZER)
    weights = _load_weights(path)
    return blaming(path, lambda: _build(path, said, tokenizer, weights))


def write(folder: Path, voice: WholeVoice) -> None:
    """Write the folder that ``from_pretrained`` reads, for model and tokenizer."""
    bundle = voice.bundle
    frontend, weights, order = first_row_blank(bundle.frontend, bundle.generator.state_dict())
    config = bundle.generator.config
    table = names(
        len(config.decoder.resblock_kernel_sizes),
        stochastic=config.duration_predictor.kind == "stochastic",
    )
    renamed = table.to_theirs(_with_decoder_folded(weights))
    tensors = {name: value.detach().contiguous().clone() for name, value in renamed.items()}
    (folder / WEIGHTS).write_bytes(save(tensors, metadata={"format": "pt"}))
    write_json(
        folder / CONFIG,
        {**model_settings(config, bundle.settings), KEY: write_extras(voice, order)},
    )
    write_json(folder / VOCABULARY, row_names(frontend.symbols))
    write_json(folder / TOKENIZER, tokenizer_settings(frontend))


def losses(voice: WholeVoice) -> dict[str, str]:
    """Name what transformers has no place for.

    Raises:
        VoiceError: the model is one that transformers cannot build.
    """
    bundle, lost = voice.bundle, dict[str, str]()
    require_one_language(voice, FORMAT.title)
    require_model(bundle.generator.config)
    if voice.discriminators is not None:
        lost["discriminators"] = "its models have none"
    if is_compact(bundle.generator):
        lost["posterior-encoder"] = "this voice has none; a random one would take its place"
    if bundle.frontend.lexicon:
        lost["lexicon"] = "its tokenizer has none"
    if bundle.frontend.config.bos_eos:
        lost["bos_eos"] = "its tokenizer puts no ^ and $ around a text"
    if not speaks(bundle.frontend.config):
        lost["phonemizer"] = "its own speaks en-us with stress marks; without it, it takes phonemes"
    return lost


FORMAT = Format(title="transformers", read=read, write=write, losses=losses)


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
    """Read weights that were written into several files of the folder, as their index says."""
    places = SettingsFile(load_json(index), index).mapping("weight_map")
    names = {str(name) for name in places.values()}
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise VoiceError(f"{index}: {name[:80]!r} must be a *.safetensors file of the folder")
        if not (path / name).is_file():
            raise MissingFileError(f"{path} lacks {name}, which its {index.name} names")
    weights: dict[str, Tensor] = {}
    for name in sorted(names):
        weights |= load_safetensors(path / name)
    if weights.keys() != places.keys():
        stray = min(weights.keys() ^ places.keys())
        raise VoiceError(f"{index} and its files do not agree on the tensor {stray[:120]!r}")
    return weights


def _build(
    path: Path, said: SettingsFile, tokenizer: SettingsFile, weights: dict[str, Tensor]
) -> WholeVoice:
    said.require(FIXED)
    extras = read_extras(said.mapping(KEY, {}))
    stochastic = said.flag("use_stochastic_duration_prediction")
    n_kernels = count_kernels(weights, "decoder.upsampler", "decoder.resblocks")
    judged = {n.removeprefix(JUDGE): v for n, v in weights.items() if n.startswith(JUDGE)}
    judges = JUDGES.to_ours(judged, str(path)) if judged else None
    weights = {name: value for name, value in weights.items() if not name.startswith(JUDGE)}
    own = names(n_kernels, stochastic=stochastic).to_ours(weights, str(path))
    config = measure(own, judges, unseen(said, extras, path / CONFIG))
    require_claims(
        {key: (said.get(key, None), value) for key, value in shown_sizes(config).items()},
        path / CONFIG,
    )
    symbols = fill_rows(load_json(path / VOCABULARY), path / VOCABULARY)
    frontend = read_tokenizer(symbols, tokenizer, extras)
    frontend, own = extras.restored(frontend, own, path)
    return WholeVoice(
        format=FORMAT.title,
        bundle=VoiceBundle(
            generator=build_generator(own, config, str(path)),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=tuple(speaker_names(extras.speakers, config.n_speakers, path / CONFIG)),
            settings=Settings(
                noise_scale=said.number("noise_scale"),
                noise_scale_duration=said.number("noise_scale_duration"),
                length_scale=1.0 / said.number("speaking_rate"),
                sentence_silence=extras.inference.sentence_silence,
            ),
            card=extras.card,
        ),
        discriminators=judges and check_discriminators(judges, config.discriminator, str(path)),
    )


def _with_decoder_folded(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    folded = dict(weights)
    for name, g in weights.items():
        if name.startswith("decoder.") and name.endswith(G):
            module = name.removesuffix(G)
            del folded[name]
            folded[f"{module}.weight"] = fold(g, folded.pop(module + V))
    return folded
