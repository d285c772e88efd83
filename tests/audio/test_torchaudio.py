import subprocess
import sys
from pathlib import Path

import pytest

from vits.audio._torchaudio import import_torchaudio

ROOT = Path(__file__).parents[2]
TWICE = """
from vits.audio._torchaudio import import_torchaudio
import sys
one, two = import_torchaudio(), import_torchaudio()
import torchaudio
assert one is two is torchaudio is sys.modules["torchaudio"]
assert torchaudio.functional.double(2) == 4
assert not any(type(f).__module__.startswith("vits") for f in sys.meta_path)
"""


def run(code, *path):
    search = ":".join(map(str, (*path, ROOT)))
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env={"PYTHONPATH": search}, capture_output=True, text=True, check=False
    )


def fake_package(folder, extension):
    package = folder / "torchaudio"
    (package / "_extension").mkdir(parents=True)
    (package / "functional").mkdir()
    (package / "__init__.py").write_text("from . import _extension\nfrom . import functional\n")
    (package / "_extension" / "__init__.py").write_text("from . import utils\n" + extension)
    (package / "_extension" / "utils.py").write_text("")
    (package / "functional" / "__init__.py").write_text(
        "from torchaudio._extension import _IS_TORCHAUDIO_EXT_AVAILABLE, fail_if_no_align\n"
        "def double(x): return 2 * x\n"
        "@fail_if_no_align\n"
        "def align(): return 'aligned'\n"
    )


@pytest.mark.parametrize("error", ["OSError('no libcudart')", "RuntimeError('other CUDA')"])
def test_broken_extension_is_replaced(tmp_path, error):
    fake_package(tmp_path, f"raise {error}\n")
    result = run(TWICE, tmp_path)
    assert result.returncode == 0, result.stderr
    refused = run(TWICE + "torchaudio.functional.align()", tmp_path)
    assert "align needs its compiled extension" in refused.stderr


def test_extension_that_loads_is_kept(tmp_path):
    names = "_IS_TORCHAUDIO_EXT_AVAILABLE = True\nfail_if_no_align = lambda function: function\n"
    fake_package(tmp_path, names)
    result = run(TWICE + "assert torchaudio.functional.align() == 'aligned'", tmp_path)
    assert result.returncode == 0, result.stderr


def test_other_import_errors_are_not_hidden(tmp_path):
    fake_package(tmp_path, "import a_module_that_is_not_there\n")
    result = run(TWICE, tmp_path)
    assert "ModuleNotFoundError: No module named 'a_module_that_is_not_there'" in result.stderr


def test_transformers_vits_imports_afterwards():
    torchaudio = import_torchaudio()
    from transformers import VitsModel, audio_utils  # imports torchaudio on its own

    assert VitsModel.__name__ == "VitsModel"
    assert audio_utils.torchaudio is torchaudio


def test_installed_package_has_the_functions_in_use():
    torchaudio = import_torchaudio()
    assert callable(torchaudio.transforms.Resample)
    assert callable(torchaudio.functional.melscale_fbanks)
