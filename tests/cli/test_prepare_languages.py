"""`vits prepare --languages`: each row is phonemized in its own language."""

import json

import numpy as np
import pytest
import soundfile

from vits.cli import main
from vits.config import FrontendConfig
from vits.data.prepared.dataset import PreparedDataset
from vits.models import Vits
from vits.synthesis import VoiceBundle, write_voice
from vits.text import Frontend, SymbolTable

LANGUAGES = (("en", "en-us"), ("fr", "fr-fr"))
ROWS = {"a": "en", "b": "fr", "c": "fr-fr", "d": None, "e": "de"}


@pytest.fixture
def corpus(tmp_path):
    """The same text in several languages."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    rng = np.random.default_rng(1)
    lines = []
    for name, language in ROWS.items():
        soundfile.write(folder / f"{name}.wav", rng.normal(0, 0.1, 22050), 22050)
        row = {"id": name, "audio": f"{name}.wav", "text": "Six amis."}
        lines.append(json.dumps(row if language is None else {**row, "language": language}))
    (folder / "manifest.jsonl").write_text("\n".join(lines))
    return folder / "manifest.jsonl"


def prepare(corpus, tmp_path, *flags):
    out = tmp_path / "out"
    common = ["--format", "manifest", "--max-deviation", "0"]
    assert main(["prepare", str(corpus), "-o", str(out), *common, *flags]) == 0
    kept, rejected = (
        {row["id"]: row for row in map(json.loads, (out / name).read_text().splitlines())}
        for name in ("manifest.jsonl", "rejected.jsonl")
    )
    return PreparedDataset(out), kept, rejected


def test_each_row_is_phonemized_in_its_own_language(corpus, tmp_path):
    data, kept, rejected = prepare(
        corpus,
        tmp_path,
        "--languages",
        "en=en-us,fr=fr-fr",
        "--language",
        "fr",
        "--unknown",
        "drop",
    )
    expected = {
        name: Frontend(FrontendConfig(language=code), SymbolTable.default()).transcribe("Six amis.")
        for name, code in LANGUAGES
    }
    assert expected["en"] != expected["fr"]
    assert {name: row["language"] for name, row in kept.items()} == {
        "a": "en",
        "b": "fr",
        "c": "fr",
        "d": "fr",
    }
    for row in kept.values():
        assert row["phonemes"] == expected[row["language"]]
    assert [data[i].language for i in range(len(data))] == [0, 1, 1, 1]
    assert rejected["e"]["reason"] == "wrong language"
    assert "unknown language 'de'; this voice speaks en, fr" in rejected["e"]["detail"]


def test_a_row_without_a_language_is_rejected(corpus, tmp_path):
    flags = "--languages", "en=en-us,fr=fr-fr,de", "--unknown", "extend"
    data, kept, rejected = prepare(corpus, tmp_path, *flags)
    assert "no language is given" in rejected.pop("d")["detail"]
    assert not rejected
    assert data.frontend["config"]["languages"][2] == ["de", "de"]
    table = Frontend.from_dict(data.frontend).symbols
    assert all(symbol in table for row in kept.values() for symbol in row["phonemes"])


def test_like_uses_the_languages_of_the_voice(make_config, corpus, tmp_path):
    frontend = Frontend(FrontendConfig(languages=LANGUAGES, stress=False), SymbolTable.default())
    config = make_config(n_symbols=len(frontend.symbols), n_languages=2)
    bundle = VoiceBundle(generator=Vits(config), frontend=frontend, fingerprint={}, speakers=())
    voice = write_voice(tmp_path / "voice", bundle)
    data, _, rejected = prepare(corpus, tmp_path, "--like", str(voice), "--language", "en")
    assert data.frontend["config"]["languages"] == [list(pair) for pair in LANGUAGES]
    assert data.frontend["config"]["stress"] is False
    assert [data[i].language for i in range(len(data))] == [0, 1, 1, 0]
    assert list(rejected) == ["e"]


def test_an_invalid_list_of_languages_is_an_error(corpus, tmp_path, capsys):
    command = ["prepare", str(corpus), "-o", str(tmp_path / "out")]
    assert main([*command, "--languages", "en,=x"]) == 2
    assert "must be like 'en=en-us,fr=fr-fr'" in capsys.readouterr().err
    assert main([*command, "--languages", "en,fr", "--language", "de"]) == 2
    assert "unknown language 'de'; this voice speaks en, fr" in capsys.readouterr().err
