"""What every test gets: one thread, the same seed, and no settings of the machine's user."""

import fcntl
import gc
import os
import random
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

# Workers share the CPU; a library reads these once, when it is imported.
for name in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
    os.environ.setdefault(f"{name}_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "Agg"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

SEED = 1234


def pytest_collection_finish():
    """Collect garbage seldom, and never what is loaded by now: half a million objects that stay.

    A model is thousands of objects; with Python's thresholds a third of its construction is
    collection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def seed():
    """Seed every generator that is loaded, so that a test does not depend on its neighbours."""
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - the libraries under test may use the global generator
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.manual_seed(SEED)
        torch.set_num_threads(1)
    return SEED


@pytest.fixture
def steady_pitch(monkeypatch):
    """Find 100 Hz everywhere at once; tests/evaluation/test_evaluate.py really looks for pitch."""
    import types

    from vits.evaluation import pitch

    def find(wave, hop_length, **options):
        return np.full(1 + len(wave) // hop_length, 100.0), None, None

    monkeypatch.setattr(pitch, "require", lambda name: types.SimpleNamespace(pyin=find))


@pytest.fixture(scope="session")
def make_config():
    """Configure a model that speaks in milliseconds; any field can be changed.

    A stochastic duration predictor has twice the tensors of all the rest; the voice in the box and
    the models of ``tests/models`` and ``tests/export`` have one.
    """
    from vits.config import (
        DeterministicDurationConfig,
        HifiGanConfig,
        PosteriorEncoderConfig,
        PriorFlowConfig,
        TextEncoderConfig,
        VitsConfig,
    )

    tiny = VitsConfig(
        n_symbols=59,
        hidden_channels=16,
        latent_channels=8,
        speaker_channels=8,
        text_encoder=TextEncoderConfig(filter_channels=16, n_layers=1),
        posterior_encoder=PosteriorEncoderConfig(n_layers=2),
        prior_flow=PriorFlowConfig(n_layers=1, n_flows=2),
        duration_predictor=DeterministicDurationConfig(filter_channels=16),
        decoder=HifiGanConfig(
            resblock="2",
            resblock_kernel_sizes=(3,),
            resblock_dilations=((1, 3),),
            upsample_rates=(8, 8, 4),
            upsample_kernel_sizes=(16, 16, 8),
            initial_channels=16,
        ),
    )

    def make(n_speakers=1, n_symbols=59, **changes):
        return replace(tiny, n_speakers=n_speakers, n_symbols=n_symbols, **changes)

    return make


@pytest.fixture(scope="session")
def make_bundle(make_config):
    """Make a voice with random weights; unless a front end is given it reads characters."""
    import torch

    from vits.config import FrontendConfig
    from vits.models.vits import Vits
    from vits.synthesis import Card, VoiceBundle
    from vits.text import Frontend, SymbolTable

    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ,.!?'"  # 58 and the blank

    def make(speakers=(), seed=3, **changes):
        torch.manual_seed(seed)
        frontend = changes.get("frontend") or Frontend(
            FrontendConfig(backend="graphemes"), SymbolTable.from_texts([letters])
        )
        if "generator" not in changes:
            config = make_config(max(1, len(speakers)), len(frontend.symbols))
            changes["generator"] = Vits(config)
        parts = {
            "frontend": frontend,
            "fingerprint": frontend.fingerprint(),
            "speakers": tuple(speakers),
            "card": Card(name="tiny", licence="CC0-1.0", training_steps=7),
        }
        return VoiceBundle(**(parts | changes))

    return make


@pytest.fixture(scope="session")
def speaker_graph(tmp_path_factory):
    """A speaker encoder in ONNX: spread of the filterbanks, 6 values."""
    onnx = pytest.importorskip("onnx", reason="pip install 'vits[onnx]'")
    pytest.importorskip("onnxruntime", reason="pip install 'vits[onnx]'")
    import numpy as np

    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    mix = np.random.default_rng(0).standard_normal((80, 6)).astype(np.float32)
    nodes = [
        helper.make_node("Mul", ["features", "features"], ["squares"]),
        helper.make_node("ReduceMean", ["squares", "time"], ["spread"], keepdims=0),
        helper.make_node("MatMul", ["spread", "mix"], ["vector"]),
    ]
    graph = helper.make_graph(
        nodes,
        "speaker",
        [helper.make_tensor_value_info("features", floats, [1, None, 80])],
        [helper.make_tensor_value_info("vector", floats, [1, 6])],
        [
            onnx.numpy_helper.from_array(mix, "mix"),
            onnx.numpy_helper.from_array(np.array([1]), "time"),
        ],
    )
    path = tmp_path_factory.mktemp("encoder") / "speaker.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.save(model, path)
    return path


@pytest.fixture(scope="session")
def make_pitched(make_bundle, make_config):
    """Make a voice with pitch and random weights, which has voice in every frame."""
    import torch

    from vits.config import PitchConfig
    from vits.models.vits import Vits

    def make(speakers=(), **changes):
        sizes = PitchConfig(channels=8, inner_channels=12, n_layers=1, kernel_size=3)
        n_symbols = len(changes["frontend"].symbols) if "frontend" in changes else 59
        torch.manual_seed(3)
        generator = Vits(make_config(max(1, len(speakers)), n_symbols, pitch=sizes))
        with torch.no_grad():
            generator.pitch_predictor.post.bias[1] = 9.0
            generator.decoder.excitations[-1].weight.normal_(0, 0.3)
        return make_bundle(speakers, generator=generator, **changes)

    return make


@pytest.fixture(scope="session")
def tiny_voice(make_bundle, tmp_path_factory):
    """A voice folder with one speaker, for tests that only read it."""
    from vits.synthesis import write_voice

    return write_voice(tmp_path_factory.mktemp("tiny") / "voice", make_bundle())


@pytest.fixture(scope="session")
def tiny_duo(make_bundle, tmp_path_factory):
    """A voice folder with the speakers ada and bob, for tests that only read it."""
    from vits.synthesis import write_voice

    return write_voice(tmp_path_factory.mktemp("tiny") / "duo", make_bundle(["ada", "bob"]))


@pytest.fixture(scope="session")
def checkpoint_values():
    """The content of a training checkpoint of the voice in a bundle."""

    def values_of(bundle, step=7, ema=False):
        from vits.config import to_dict

        model = bundle.generator
        state = model.state_dict()
        return {
            "state_dict": {f"generator.{name}": value for name, value in state.items()},
            "global_step": step,
            "vits": {
                "format": 1,
                "model": to_dict(model.config),
                "training": {},
                "frontend": bundle.frontend.to_dict(),
                "fingerprint": dict(bundle.fingerprint),
                "speakers": list(bundle.speakers) or [""],
                "data": {"utterances": 3, "seconds": 9, "name": "corpus"},
                "ema": {n: p.detach() / 2 for n, p in model.named_parameters()} if ema else None,
            },
        }

    return values_of


@pytest.fixture(scope="session")
def write_tones():
    """Write a prepared folder in which each letter is a tone of its own, for the audit of data."""

    def write(folder, n=60, speakers=("",), seed=0):
        import json

        from vits.config import AudioConfig, to_dict

        rng = np.random.default_rng(seed)
        letters, rate = "abcdefgh", 8000
        audio = AudioConfig(sample_rate=rate, n_fft=256, win_length=256, hop_length=64, n_mels=20)
        rows, waves, offset = [], [], 0
        for i in range(n):
            word = "".join(rng.choice(list(letters), int(rng.integers(11, 15))))
            speaker = i % len(speakers)
            parts = [np.zeros(800)]
            for letter in word:
                time = np.arange(int(rng.integers(500, 800))) / rate
                pitch = 250 + 200 * letters.index(letter)
                parts.append(0.3 * np.sin(2 * np.pi * pitch * time))
                parts[-1] += 0.1 * np.sin(2 * np.pi * (3600 - 700 * speaker) * time)
            wave = np.concatenate([*parts, np.zeros(800)])
            wave += rng.normal(0, 0.002, len(wave))
            wave = np.round(wave * 32768).clip(-32768, 32767).astype("<i2")
            rows.append(
                {
                    "id": f"row{i}",
                    "audio": f"wavs/{i}.wav",
                    "text": word,
                    "speaker": speakers[speaker],
                    "phonemes": word,
                    "ids": [1 + letters.index(letter) for letter in word],
                    "samples": len(wave),
                    "offset": offset,
                }
            )
            waves.append(wave)
            offset += len(wave)
        info = {
            "format": 1,
            "audio": to_dict(audio),
            "frontend": {
                "config": {"backend": "graphemes"},
                "symbols": ["_", *letters, "z"],
                "lexicon": {},
            },
            "fingerprint": {},
            "speakers": [] if speakers == ("",) else sorted(speakers),
            "utterances": n,
            "samples": offset,
        }
        folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "manifest.jsonl").write_text(lines, encoding="utf-8")
        (folder / "audio.i16").write_bytes(np.concatenate(waves).tobytes())
        (folder / "dataset.json").write_text(json.dumps(info), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def change_rows():
    """Change the rows of a prepared folder's manifest in place."""

    def change(folder, edit):
        import json

        path = folder / "manifest.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        edit(rows)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return folder

    return change


@pytest.fixture(scope="session")
def make_once(tmp_path_factory):
    """Fill a folder that all workers of this run read; the first who asks does the work.

    The workers share the tests of a file between them: without this, each would do it again.
    """

    def make(name, fill):
        top = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            top = top.parent  # each worker has a folder of its own in there
        folder, done = top / name, top / f"{name}.done"
        with (top / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of somebody who failed
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return make


@pytest.fixture
def small_files():
    """Let no file grow beyond some bytes inside a context, as on a disk that is full."""
    import contextlib
    import resource

    @contextlib.contextmanager
    def limit(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


@pytest.fixture
def little_memory():
    """Let this process take no more than some further bytes of memory inside a context."""
    import contextlib
    import resource

    @contextlib.contextmanager
    def limit(size):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))

    return limit


@pytest.fixture(scope="session")
def loaded():
    """Run code in a new interpreter and return the names of the packages that it loads."""
    import json
    import subprocess

    show = "import json, sys; print(json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"

    def run(code, *args):
        done = subprocess.run(
            [sys.executable, "-c", f"{code}\n{show}", *args],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return set(json.loads(done.stdout.splitlines()[-1]))

    return run


@pytest.fixture(scope="session")
def loaded_by_speaking(loaded, tmp_path_factory):
    """Return the names of the packages that the voice in the box needs to speak."""
    pytest.importorskip("onnxruntime", reason="pip install 'vits[onnx]'")
    from vits.synthesis.api import DEFAULT_VOICE
    from vits.synthesis.bundle.onnx_bundle import has_graphs

    if not has_graphs(DEFAULT_VOICE):
        pytest.skip("a voice with pitch has no graphs")
    code = (
        "import sys, vits; from vits.cli import main; vits.synthesize('hello.', seed=1); "
        "assert main(['say', 'hello.', '-o', sys.argv[1]]) == 0"
    )
    return loaded(code, str(tmp_path_factory.mktemp("spoken") / "x.wav"))


@pytest.fixture(scope="session")
def root():
    """The top of the source tree."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def reference(root):
    """The program that makes docs/reference."""
    import importlib.util

    path = root / "docs" / "make_reference.py"
    spec = importlib.util.spec_from_file_location("make_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
