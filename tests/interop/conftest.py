"""Voices small enough to be carried about in milliseconds; their weights are random everywhere."""

import functools
import json
from dataclasses import replace

import pytest
import torch

from vits.config import (
    AudioConfig,
    DiscriminatorConfig,
    DurationPredictorConfig,
    FrontendConfig,
    HifiGanConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    TextEncoderConfig,
    VitsConfig,
    from_dict,
)
from vits.interop.full_voice import FullVoice
from vits.models.discriminators import Discriminators
from vits.models.vits import Vits
from vits.synthesis import Card, Settings, VoiceBundle
from vits.text import Frontend, SymbolTable

DISCRIMINATORS = DiscriminatorConfig(
    period_channels=(2, 4, 4, 8, 8),
    scale_channels=(4, 8, 8, 16, 16, 16),
    scale_groups=(1, 2, 4, 8, 8, 1),
)

# Scripts for the interpreters of other programs, which lack this one's packages and have others.
collect_ignore = ["programs"]


def randomize(module):
    """Give every parameter a value of its own, those that start as zeros too."""
    torch.manual_seed(5)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            fan_in = max(parameter[0].numel(), 10)
            scale = 0.3 if "norm" in name else fan_in**-0.5
            noise = torch.randn_like(parameter) * scale
            if "flows.0.log_scale" in name:
                noise = noise + 1.5  # keeps the durations of an untrained predictor short
            parameter.copy_(noise.abs() + 0.1 if "original0" in name else noise + ("norms" in name))
    return module


@pytest.fixture(scope="module")
def narrow_discriminators():
    """Let the formats hold this test suite's discriminators: their own make files of 190 MB."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vits.interop.size_limits.DISCRIMINATORS", DISCRIMINATORS)
        yield DISCRIMINATORS


@pytest.fixture(scope="session")
def make_voice():
    made = {}

    def once(*args, lexicon=None, **options):
        """Build a voice once for all tests; nobody changes it."""
        if lexicon:
            return make(*args, lexicon=lexicon, **options)
        key = args, tuple(sorted(options.items(), key=lambda item: item[0]))
        if key not in made:
            made[key] = make(*args, **options)
        return made[key]

    def make(
        n_speakers=1,
        kind="stochastic",
        resblock="1",
        discriminators=False,
        frontend=None,
        n_symbols=None,
        lexicon=None,
        duration_channels=None,
        languages=(),
    ):
        frontend = frontend or Frontend(FrontendConfig(), SymbolTable.default(), lexicon)
        if languages:
            options = replace(frontend.config, languages=languages)
            frontend = Frontend(options, frontend.symbols, frontend.lexicon)
        width = {"filter_channels": duration_channels} if duration_channels else {}
        config = VitsConfig(
            n_symbols=n_symbols or len(frontend.symbols),
            n_speakers=n_speakers,
            n_languages=len(languages),
            hidden_channels=16,
            latent_channels=16,
            speaker_channels=6 if n_speakers > 1 else 256,
            audio=AudioConfig(
                sample_rate=16000, n_fft=128, win_length=128, hop_length=32, n_mels=10
            ),
            text_encoder=TextEncoderConfig(filter_channels=20, n_layers=2),
            posterior_encoder=PosteriorEncoderConfig(),
            prior_flow=PriorFlowConfig(),
            duration_predictor=from_dict(
                DurationPredictorConfig,
                {"kind": kind, **width},
            ),
            decoder=HifiGanConfig(
                resblock=resblock,
                resblock_kernel_sizes=(3, 5),
                resblock_dilations=((1, 3, 5), (1, 3, 5)) if resblock == "1" else ((1, 2), (2, 6)),
                upsample_rates=(8, 4),
                upsample_kernel_sizes=(16, 8),
                initial_channels=16,
            ),
            discriminator=DISCRIMINATORS if discriminators else DiscriminatorConfig(),
        )
        speakers = tuple(f"speaker {i}" for i in range(n_speakers)) if n_speakers > 1 else ()
        bundle = VoiceBundle(
            generator=randomize(Vits(config)).eval(),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=speakers,
            settings=Settings(noise_scale=0.5, noise_scale_duration=0.25, length_scale=1.25),
            card=Card(name="Ada", licence="CC0-1.0"),
        )
        weights = None
        if discriminators:
            weights = randomize(Discriminators(**vars(config.discriminator))).state_dict()
        return FullVoice(format="vits", bundle=bundle, discriminators=weights)

    return once


@pytest.fixture(scope="session")
def piper_export(make_voice, make_once):
    """Export a voice with deterministic durations to Piper once; return the folder."""
    pytest.importorskip("onnxruntime", reason="pip install 'vits[onnx]'")
    from vits.export import write

    def fill(folder):
        with pytest.MonkeyPatch.context() as patch:  # what an export speaks is tested there
            for name in ("verify", "require_equivalent"):
                patch.setattr(write, name, lambda *_: None)
            write.write(make_voice(kind="deterministic").bundle, folder / "voice", "piper")

    return make_once("interop-piper", fill) / "voice"


@pytest.fixture(scope="session")
def exported(make_voice, make_once):
    """Export a small voice once; return (voice, folder)."""
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'vits[onnx]'")
    from vits.export import write as exports
    from vits.export.verify import Verification

    table = SymbolTable(("_", "^", "$", *SymbolTable.default().symbols[1:], "aɪ"))
    piper = Frontend(FrontendConfig(bos_eos=True, normalize=False), table)
    letters = Frontend(
        FrontendConfig(backend="graphemes", language="nl", normalize=False),
        SymbolTable.from_texts(["abcdefghijklmnopqrstuvwxyz ,.'"]),
    )
    voices = {
        "piper": lambda: make_voice(2, resblock="2", frontend=piper, n_symbols=len(table) + 3),
        "onnx": lambda: make_voice(1, kind="deterministic"),
        "sherpa": lambda: make_voice(1, frontend=letters),
    }

    def fill(to, folder):
        torch.set_num_threads(1)
        with pytest.MonkeyPatch.context() as patch:  # what an export speaks is tested there
            patch.setattr(exports, "verify", lambda *_: Verification(0, 0, 1, 1, 1, 1, 1))
            patch.setattr(exports, "verify_parts", lambda *_: (0, 0))
            exports.write(voices[to]().bundle, folder / "voice", to)

    def once(to):
        return voices[to](), make_once(f"read-{to}", functools.partial(fill, to)) / "voice"

    return once


@pytest.fixture
def same_weights():
    """Require that two voices have the same tensors, bit for bit."""

    def check(one, other, *, folded=()):
        mine, theirs = (v.bundle.generator.state_dict() for v in (one, other))
        assert mine.keys() == theirs.keys()
        for name in mine:
            if not name.startswith(folded or "no such"):
                assert torch.equal(mine[name], theirs[name]), name
        if folded:
            mine, theirs = (_folded(v) for v in (one, other))
            for name in mine:
                assert torch.equal(mine[name], theirs[name]), name
        if one.discriminators is None or other.discriminators is None:
            assert one.discriminators is other.discriminators
            return
        assert one.discriminators.keys() == other.discriminators.keys()
        for name, value in one.discriminators.items():
            assert torch.equal(value, other.discriminators[name]), name

    return check


def _folded(voice):
    # not a deep copy: it would share its modules' classes, which folding changes
    generator = Vits(voice.bundle.generator.config)
    generator.load_state_dict(voice.bundle.generator.state_dict())
    generator.fold_weight_norm()
    return generator.state_dict()


@pytest.fixture(scope="session")
def change():
    """Edit the ``config.json`` of a folder in place."""

    def change(folder, edit):
        path = folder / "config.json"
        settings = json.loads(path.read_text())
        edit(settings)
        path.write_text(json.dumps(settings))

    return change
