import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from vits.errors import VoiceError
from vits.export.sherpa import TARGET
from vits.text import Frontend, SymbolTable

TEXT = "Hello there, my friend."

# sherpa-onnx ends its process when it dislikes a file: a child is asked, not this process
SPEAK = """
import json, sys
import sherpa_onnx
folder, text, codepoints, sid = json.loads(sys.argv[1])
old = int(sherpa_onnx.__version__.split(".")[0]) < 2
vits = sherpa_onnx.OfflineTtsVitsModelConfig(
    model=folder + "/model.onnx", tokens=folder + "/tokens.txt",
    data_dir=folder + "/espeak-ng-data" if codepoints and old else "",
    noise_scale=0.0, noise_scale_w=0.0,
)
config = sherpa_onnx.OfflineTtsConfig(
    model=sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=1)
)
tts = sherpa_onnx.OfflineTts(config)
if codepoints and not old:
    how = sherpa_onnx.GenerationConfig()
    how.phoneme_codepoints, how.sid = [codepoints], sid
    audio = tts.generate(text, how)
else:
    audio = tts.generate(text, sid=sid)
print(json.dumps([tts.sample_rate, tts.num_speakers, list(audio.samples)]))
"""


def say(folder, text, codepoints, sid=0):
    pytest.importorskip("sherpa_onnx", reason="sherpa-onnx is not installed")
    request = json.dumps([str(folder), text, codepoints, sid])
    done = subprocess.run(
        [sys.executable, "-c", SPEAK, request], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def tokens_of(folder):
    lines = (folder / "tokens.txt").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    rows = {}
    for line in lines:
        symbol, row = line.split(" ")
        assert (symbol or " ") not in rows
        rows[symbol or " "] = int(row)
    return rows


@pytest.mark.parametrize("name", ["small", "piper"])
def test_tokens_are_one_code_point_each(export, make_voice, name):
    rows, bundle = tokens_of(export(name, "sherpa").graph.parent), make_voice(name)
    assert all(len(symbol) == 1 for symbol in rows)
    n = bundle.generator.config.n_symbols
    assert [rows[mark] for mark in "_^$"] == [n, n + 1, n + 2]  # rows the voice does not have
    table = bundle.frontend.symbols
    assert rows["'"] == table.id("'")
    assert rows[" "] == table.id(" ")
    assert rows["ə"] == table.id("ə")


def test_the_data_of_espeak_lie_beside_it(export):
    data = export("small", "sherpa").graph.parent / "espeak-ng-data"
    assert all((data / name).is_file() for name in ("phontab", "phonindex", "phondata", "en_dict"))


def test_the_graph_says_what_it_is(export, load):
    found = load(export("piper", "sherpa").graph).get_modelmeta().custom_metadata_map
    expected = {
        "model_type": "vits",
        "comment": "piper",
        "voice": "en-us",
        "language": "en-us",
        "n_speakers": "2",
        "sample_rate": "16000",
        "has_espeak": "1",
    }
    assert expected.items() <= found.items()


@pytest.mark.parametrize(("name", "row"), [("small", 0), ("piper", 1)])
def test_sherpa_speaks_it_with_our_wave(export, make_voice, speak, name, row):
    import torch

    done, bundle = export(name, "sherpa"), make_voice(name)
    assert done.verification.difference <= 1e-4
    encoding = bundle.frontend.encode(TEXT)
    codepoints = [ord(symbol) for symbol in encoding.phonemes]
    rate, n_speakers, samples = say(done.graph.parent, TEXT, codepoints, row)
    options = {"speakers": torch.tensor([row])} if bundle.speakers else {}
    expected, _ = speak(bundle, encoding.ids, noise_scale=0.0, noise_scale_duration=0.0, **options)
    assert (rate, n_speakers) == (16000, max(1, len(bundle.speakers)))
    assert len(samples) == len(expected)
    np.testing.assert_allclose(samples, expected, atol=1e-4 * np.abs(expected).max())


def test_sherpa_speaks_characters_with_our_wave(export, make_voice, speak):
    done, bundle = export("letters", "sherpa"), make_voice("letters")
    assert tokens_of(done.graph.parent)["A"] == bundle.frontend.symbols.id("a")
    _, _, samples = say(done.graph.parent, "hello there", None)
    ids = bundle.frontend.encode("hello there").ids
    expected, _ = speak(bundle, ids, noise_scale=0.0, noise_scale_duration=0.0)
    assert len(samples) == len(expected)
    np.testing.assert_allclose(samples, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("symbol", ["\n", "\t", "\0"])
def test_a_symbol_that_would_end_sherpas_process_is_refused(make_voice, symbol):
    bundle = make_voice("letters")
    table = SymbolTable((*bundle.frontend.symbols.symbols, symbol))
    frontend = Frontend(bundle.frontend.config, table)
    with pytest.raises(VoiceError, match="sherpa-onnx cannot read the symbol") as caught:
        TARGET.check(dataclasses.replace(bundle, frontend=frontend))
    assert "\n" not in str(caught.value)


def test_symbols_of_several_code_points_that_texts_have_are_refused(make_voice):
    bundle = make_voice("piper")
    TARGET.check(bundle)
    config = dataclasses.replace(bundle.frontend.config, clusters=("aɪ",))
    frontend = Frontend(config, bundle.frontend.symbols)
    with pytest.raises(VoiceError, match=r"one symbol for 'aɪ'.*--to onnx or --to piper"):
        TARGET.check(dataclasses.replace(bundle, frontend=frontend))


def test_a_text_without_a_known_symbol_is_no_error(export, load):
    session = load(export("small", "sherpa").graph)
    scales = np.array([0, 1, 0], np.float32)
    feed = {"x": np.array([[181, 180, 182]]), "x_length": np.array([3]), "scales": scales}
    assert session.run(None, feed)[0].shape[-1] >= 32


def test_speaker_vectors_are_refused_by_name(make_voice):
    with pytest.raises(VoiceError, match="for which sherpa-onnx has no input"):
        TARGET.check(make_voice("vits2"))
