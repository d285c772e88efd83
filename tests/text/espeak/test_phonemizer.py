"""The wrapper is imported without joblib, and phonemizer stays complete for other code."""

import sys

import pytest


def test_joblib_is_not_imported_and_phonemizer_works_afterwards(run):
    done = run(
        "import sys\n"
        "before = set(sys.modules)\n"  # coverage has imported some of them
        "from vits.text import phonemize\n"
        "ours = phonemize(['red'], 'en-us')\n"
        "loaded = set(sys.modules) - before\n"
        "extra = {'joblib', 'multiprocessing', 'asyncio', 'phonemizer'} & loaded\n"
        "assert not extra, extra\n"
        "import espeakng_loader, phonemizer\n"
        "from phonemizer.backend import EspeakBackend\n"
        "from phonemizer.backend.espeak.wrapper import EspeakWrapper\n"
        "EspeakWrapper.set_library(espeakng_loader.get_library_path())\n"
        "EspeakWrapper.set_data_path(espeakng_loader.get_data_path())\n"
        "backend = EspeakBackend('en-us', with_stress=True)\n"
        "assert backend.phonemize(['red'], strip=True) == ours == phonemizer.phonemize(\n"
        "    ['red'], strip=True, with_stress=True)\n"
        "assert phonemize(['red'], 'de') != ours == phonemize(['red'], 'en-us')\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_an_imported_phonemizer_is_used(run):
    done = run(
        "import phonemizer.backend.espeak.wrapper as wrapper\n"
        "from vits.text.espeak._phonemizer import import_wrapper\n"
        "assert import_wrapper() is wrapper\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_phonemizer_is_an_import_error(monkeypatch):
    from vits.text.espeak import _phonemizer

    for name in [name for name in sys.modules if name.partition(".")[0] == "phonemizer"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(_phonemizer, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="phonemizer"):
        _phonemizer.import_wrapper()
