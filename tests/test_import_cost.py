"""What imports and commands load: nothing heavy before it is needed."""

import pytest

import vits

# Synthesis needs torch, numpy and soundfile, but none of these.
TRAINING = (
    "pytorch_lightning",
    "lightning",
    "torchmetrics",
    "transformers",
    "jsonargparse",
    "tensorboard",
    "matplotlib",
)
SERVING = ("fastapi", "starlette", "uvicorn", "pydantic", "prometheus_client")
HEAVY = (
    *TRAINING,
    *SERVING,
    "onnx",
    "onnxruntime",
    "torch",
    "torchaudio",
    "numpy",
    "scipy",
    "numba",
    "soundfile",
    "phonemizer",
)


@pytest.mark.parametrize(
    "code",
    [
        "import vits; dir(vits)",
        "from vits.cli import main; main(['--help'])",
        "from vits.cli import main; main(['say', '--help'])",
        "from vits.cli import main; main(['revoice', '--help'])",
        "from vits.cli import main; main(['bundle', '--help'])",
        "from vits.cli import main; main(['evaluate', '--help'])",
        "from vits.cli import main; main(['check', '--help'])",
        "from vits.cli import main; main(['convert', '--help'])",
        "from vits.cli import main; main(['inspect', '--help'])",
        "from vits.cli import main; main(['export', '--help'])",
        "from vits.cli import main; main(['serve', '--help'])",
        "from vits.cli import main; main(['bench', '--help']); main(['info', '--help'])",
    ],
)
def test_imports_and_help_load_nothing_heavy(loaded, code):
    packages = loaded(code)
    assert "vits" in packages
    assert not packages & set(HEAVY)


def test_a_command_loads_no_other(loaded):
    code = (
        "import sys; from vits.cli import COMMANDS, main\n"
        "assert main(['--debug', 'say', '--help']) == 0\n"
        "found = [name for name in COMMANDS if f'vits.cli.{name}' in sys.modules]\n"
        "found += [name for name in sys.modules if name.startswith(('vits.data', 'vits.server'))]\n"
        "assert found == ['say'], found"
    )
    assert "vits" in loaded(code)


def test_synthesis_loads_no_training_package(loaded, tiny_voice, tmp_path):
    code = (
        "import sys, vits; from vits.cli import main; vits.load(sys.argv[1])('hello.', seed=1); "
        "assert main(['say', 'hello.', '-o', sys.argv[2], '--voice', sys.argv[1]]) == 0"
    )
    packages = loaded(code, str(tiny_voice), str(tmp_path / "x.wav"))
    assert "torch" in packages
    assert not packages & {*TRAINING, *SERVING, "onnxruntime", "torchaudio", "scipy", "numba"}


def test_the_included_voice_speaks_without_torch(loaded_by_speaking):
    assert "onnxruntime" in loaded_by_speaking
    assert not loaded_by_speaking & {*TRAINING, *SERVING, "torch", "torchaudio", "scipy", "numba"}


def test_the_public_names_are_these():
    names = {"load", "synthesize", "Voice", "Speech", "Vits", "VitsConfig", "__version__"}
    assert set(vits.__all__) == names
    assert names <= set(dir(vits))
    assert all(getattr(vits, name) is not None for name in names)
    with pytest.raises(AttributeError, match="speek"):
        _ = vits.speek
