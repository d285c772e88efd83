"""Voices small enough to be exported in seconds; each is exported once for all tests."""

import functools
import itertools
import os
import pickle

import pytest
import torch

from vits.config import (
    AdversarialDurationConfig,
    AudioConfig,
    ConvNextConfig,
    DeterministicDurationConfig,
    FlowTransformerConfig,
    FrontendConfig,
    HifiGanConfig,
    IstftConfig,
    PitchConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    SpeakerVectorsConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.models.vits import Vits
from vits.synthesis import Card, Settings, VoiceBundle
from vits.text import Frontend, SymbolTable

DURATIONS = {
    "stochastic": StochasticDurationConfig(n_flows=2),
    "deterministic": DeterministicDurationConfig(),
    "adversarial": AdversarialDurationConfig(),
}
DECODERS = {
    "hifigan": HifiGanConfig(
        resblock="2",
        resblock_kernel_sizes=(3,),
        resblock_dilations=((1, 3),),
        upsample_rates=(8, 4),
        upsample_kernel_sizes=(16, 8),
        initial_channels=16,
    ),
    "double": HifiGanConfig(
        resblock_kernel_sizes=(3, 5),
        resblock_dilations=((1, 3), (1, 2)),
        upsample_rates=(8, 4),
        upsample_kernel_sizes=(16, 8),
        initial_channels=16,
    ),
    "convnext": ConvNextConfig(channels=16, inner_channels=24, n_blocks=2),
    "istft": IstftConfig(
        resblock_kernel_sizes=(3,),
        resblock_dilations=((1, 3),),
        upsample_rates=(4,),
        upsample_kernel_sizes=(8,),
        initial_channels=16,
        istft_hop_length=2,
    ),
}


def frontend_of(**config):
    if config.get("backend") == "graphemes":
        return Frontend(
            FrontendConfig(**config), SymbolTable.from_texts(["abcdefghijklmnopqrstuvwxyz .,'"])
        )
    table = SymbolTable.default()
    if config.get("bos_eos"):
        table = SymbolTable(("_", "^", "$", *table.symbols[1:], "aɪ"))
    return Frontend(FrontendConfig(**config), table)


def build(decoder, kind="stochastic", n_speakers=1, frontend=None, *, vits2=False, pitch=None):
    transformer = FlowTransformerConfig(filter_channels=12) if vits2 else None
    config = VitsConfig(
        n_symbols=len(frontend.symbols) + 2,
        n_speakers=n_speakers,
        n_languages=len(frontend.config.languages),
        hidden_channels=16,
        latent_channels=8,
        speaker_channels=6,
        audio=AudioConfig(sample_rate=16000, n_fft=64, win_length=64, hop_length=32, n_mels=8),
        text_encoder=TextEncoderConfig(
            filter_channels=20, n_layers=2, speaker_layer=2 if vits2 else None
        ),
        posterior_encoder=PosteriorEncoderConfig(n_layers=2),
        prior_flow=PriorFlowConfig(n_layers=2, n_flows=2, transformer=transformer),
        duration_predictor=DURATIONS[kind],
        decoder=DECODERS[decoder],
        pitch=pitch,
        speaker_vectors=SpeakerVectorsConfig(size=5) if vits2 else None,
    )
    torch.manual_seed(5)
    generator = Vits(config)
    with torch.no_grad():
        if vits2:
            generator.speaker_embedding.vectors.normal_()
        for name, value in generator.named_parameters():
            if not value.any():  # what starts as zeros would hide its operations
                value.normal_(0, 0.1)
            if name == "duration_predictor.flows.0.log_scale":
                value.fill_(0.5)  # a little more than one frame for a symbol, each its own
    speakers = tuple(f"speaker {i}" for i in range(n_speakers)) if n_speakers > 1 else ()
    return VoiceBundle(
        generator=generator.eval(),
        frontend=frontend,
        fingerprint=frontend.fingerprint(),
        speakers=speakers,
        settings=Settings(noise_scale=0.5, noise_scale_duration=0.4, length_scale=1.25),
        card=Card(name="Ada 1", licence="CC0-1.0"),
    )


PITCH = PitchConfig(channels=8, inner_channels=8, n_layers=1, kernel_size=3)
VOICES = {
    "original": lambda: build("hifigan", frontend=frontend_of()),
    "double": lambda: build("double", frontend=frontend_of()),
    "small": lambda: build("convnext", frontend=frontend_of(blanks=False)),
    "duo": lambda: build("istft", kind="deterministic", n_speakers=2, frontend=frontend_of()),
    "piper": lambda: build("hifigan", n_speakers=2, frontend=frontend_of(bos_eos=True)),
    "vits2": lambda: build(
        "convnext", kind="adversarial", n_speakers=2, frontend=frontend_of(), vits2=True
    ),
    "polyglot": lambda: build(
        "hifigan",
        n_speakers=2,
        frontend=frontend_of(languages=(("en", "en-us"), ("fr", "fr-fr"))),
    ),
    "pitched": lambda: build("convnext", frontend=frontend_of(blanks=False), pitch=PITCH),
    "pitched duo": lambda: build(
        "istft", kind="deterministic", n_speakers=2, frontend=frontend_of(), pitch=PITCH
    ),
    "pitched piper": lambda: build("hifigan", frontend=frontend_of(bos_eos=True), pitch=PITCH),
    "letters": lambda: build("hifigan", frontend=frontend_of(backend="graphemes")),
}


@pytest.fixture(scope="session")
def make_voice():
    """Build a voice by name; nobody changes it."""
    made = {}

    def make(name):
        made.setdefault(name, None)
        made[name] = made[name] or VOICES[name]()
        return made[name]

    return make


def record_traces(folder):
    """Return ``trace`` that keeps what it returns, and the graph before folding, in a folder."""
    from vits.export import target

    numbers = itertools.count()
    fold = target.fold_constants

    def tracing(spec, inputs):
        number = next(numbers)

        def folding(model):
            (folder / f"unfolded-{number}").write_bytes(model.SerializeToString())
            return fold(model)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(target, "fold_constants", folding)
            graph = target.trace(spec, inputs)
        (folder / f"traced-{number}").write_bytes(graph.SerializeToString())
        return graph

    return tracing


@pytest.fixture(scope="session")
def replay_traces():
    """Make a ``trace`` that returns in turn what ``record_traces`` kept in a folder."""

    def make(folder):
        import onnx

        numbers = itertools.count()
        return lambda spec, inputs: onnx.load(folder / f"traced-{next(numbers)}")

    return make


@pytest.fixture(scope="session")
def export(make_voice, make_once, replay_traces):
    """Export a voice once for all workers; return what ``write`` did."""
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'vits[onnx]'")
    from vits.export.write import write

    made = {}

    def fill(key, folder):
        name, to, precision, language = key
        torch.set_num_threads(1)
        with pytest.MonkeyPatch.context() as patch:
            if precision == "fp32":
                tracing = record_traces(folder)
            else:  # tracing takes seconds, and the traced graphs are the same
                tracing = replay_traces(once(name, to, language=language).graph.parent.parent)
            for module in ("write", "parts"):
                patch.setattr(f"vits.export.{module}.trace", tracing)
            exported = write(make_voice(name), folder / "voice", to, precision, language or None)
        (folder / "exported").write_bytes(pickle.dumps(exported))

    def once(name, to, precision="fp32", language=""):
        key = name, to, precision, language
        if key not in made:
            folder = make_once("-".join(("export", *key)), functools.partial(fill, key))
            made[key] = pickle.loads((folder / "exported").read_bytes())  # noqa: S301 - ours
        return made[key]

    return once


@pytest.fixture(scope="session")
def load():
    """Load a graph into ONNX Runtime."""
    runtime = pytest.importorskip("onnxruntime", reason="pip install 'vits[onnx]'")

    def once(path):
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        return runtime.InferenceSession(os.fspath(path), options)

    return once


@pytest.fixture(scope="session")
def speak():
    """Speak ids with a voice in torch; return samples (L,) and durations (S,)."""

    def once(bundle, ids, **options):
        with torch.inference_mode():
            model = bundle.generator
            several = model.config.n_speakers > 1
            options.setdefault("speakers", torch.tensor([0]) if several else None)
            spoken = model.infer(torch.tensor([ids]), torch.tensor([len(ids)]), **options)
        return spoken.wave[0, 0].numpy(), spoken.durations[0].numpy()

    return once
