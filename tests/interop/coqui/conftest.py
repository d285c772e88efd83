import pytest

from vits.config import FrontendConfig
from vits.interop.coqui.format import FORMAT
from vits.text import Frontend, SymbolTable

CHARACTERS = {
    "characters_class": "TTS.tts.models.vits.VitsCharacters",
    "pad": "_",
    "eos": "",
    "bos": "",
    "blank": "<BLNK>",
    "characters": "ab",
    "punctuations": "!, ",
    "phonemes": "ə",
    "is_unique": True,
    "is_sorted": True,
}


@pytest.fixture
def theirs(change, make_voice, tmp_path):
    """A voice of Coqui's with seven symbols, without our settings."""
    table = SymbolTable((*"_!, abə"[:7], "#"))
    frontend = Frontend(FrontendConfig(backend="graphemes", blank="#"), table)
    FORMAT.write(tmp_path, make_voice(frontend=frontend))

    def edit(settings):
        del settings["vits"]
        settings["characters"] = CHARACTERS

    change(tmp_path, edit)
    return tmp_path
