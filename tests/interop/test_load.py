"""Every format is spoken as it is, by every command that takes a voice."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

import vits
from vits.cli import main
from vits.errors import MissingFileError, VoiceError
from vits.interop.convert import write
from vits.synthesis import OnnxVoice, Voice

FOREIGN = ("original", "transformers", "coqui", "piper")
GRAPHS = ("graph", "sherpa")
TEXT = "[[ab]]"


@pytest.fixture(scope="module")
def folders(make_voice, piper_export, exported, tmp_path_factory):
    """Write one voice in every format once; return what it speaks, and format -> path."""
    voice, top = make_voice(kind="deterministic"), tmp_path_factory.mktemp("formats")
    for to in ("vits", *FOREIGN):
        write(voice, top / to, to)
    from vits.export import write as exports

    with pytest.MonkeyPatch.context() as patch:  # what an export speaks is tested there
        for name in ("verify", "require_equivalent"):
            patch.setattr(exports, name, lambda *_: None)
        exports.write(voice.bundle, top / "sherpa", "sherpa")
    (graph,) = piper_export.glob("*.onnx")
    paths = {to: top / to for to in ("vits", "sherpa", *FOREIGN)}
    paths |= {"graph": graph, "onnx": exported("onnx")[1]}
    return vits.load(paths["vits"])(TEXT, seed=3).samples, paths


@pytest.mark.parametrize("to", ["vits", *FOREIGN, *GRAPHS])
def test_a_voice_speaks_as_it_is(folders, to):
    expected, paths = folders
    loaded = vits.load(paths[to])
    actual = loaded(TEXT, seed=3).samples
    assert isinstance(loaded, Voice)
    assert np.array_equal(actual, expected)
    pieces = [piece.samples for piece in loaded.stream(TEXT, seed=3)]
    assert np.array_equal(np.concatenate(pieces), expected)
    assert np.array_equal(vits.synthesize(TEXT, paths[to], seed=3).samples, expected)


def test_our_own_graphs_speak_in_onnx_runtime(folders):
    expected, paths = folders
    loaded = vits.load(paths["onnx"])
    assert isinstance(loaded, OnnxVoice)
    actual = loaded(TEXT, seed=3).samples
    assert actual.shape == expected.shape  # the noise of the prior is NumPy's
    pieces = [piece.samples for piece in loaded.stream(TEXT, seed=3)]
    np.testing.assert_allclose(np.concatenate(pieces), actual, atol=1e-5 * np.abs(actual).max())


@pytest.mark.slow
@pytest.mark.parametrize("to", [*FOREIGN, *GRAPHS, "onnx"])
def test_every_command_takes_it(folders, to, tmp_path, capsys, monkeypatch):
    from vits.benchmarking.worker import main as bench
    from vits.cli.base_voice import read_base, read_bundle
    from vits.cli.serve import _load

    expected, paths = folders
    path = str(paths[to])
    assert main(["say", TEXT, "--voice", path, "-o", str(tmp_path / "x.wav")]) == 0
    assert (tmp_path / "x.wav").stat().st_size > 44
    assert main(["inspect", path]) == 0
    assert "architecture: VITS" in capsys.readouterr().out
    assert list(_load([f"name={path}"], "cpu", "fp32")) == ["name"]
    assert read_bundle(path).frontend.config.language == "en-us"
    assert main(["convert", path, str(tmp_path / "ours"), "--no-verify"]) == 0
    assert np.array_equal(vits.load(tmp_path / "ours")(TEXT, seed=3).samples, expected)
    (tmp_path / "texts.txt").write_text(f"{TEXT}\n")
    flags = ["--recogniser", "none", "--naturalness", "none", "--json"]
    capsys.readouterr()
    assert main(["evaluate", path, str(tmp_path / "texts.txt"), *flags]) == 0
    assert json.loads(capsys.readouterr().out)

    def write(bundle, *_):  # what an export does then is tested there
        raise VoiceError(f"{bundle.generator.config.n_symbols} symbols arrived")

    monkeypatch.setattr("vits.export.write.write", write)
    assert main(["export", path, "--to", "onnx", "-o", str(tmp_path / "x")]) == 2
    assert "178 symbols arrived" in capsys.readouterr().err
    base = read_base(path)
    assert (base.is_compact, base.discriminators) == (to in (*GRAPHS, "onnx"), None)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert bench(path) == 0
    assert "error" not in json.loads(capsys.readouterr().out.splitlines()[-1])


def test_what_is_no_voice_is_described_as_before(tmp_path):
    with pytest.raises(MissingFileError, match="does not exist"):
        vits.load(tmp_path / "nowhere")
    with pytest.raises(VoiceError, match="is not a voice"):
        vits.load(tmp_path)


def test_a_voice_of_another_architecture_is_named(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bark"}')
    with pytest.raises(VoiceError, match="bark"):
        vits.load(Path(tmp_path))
