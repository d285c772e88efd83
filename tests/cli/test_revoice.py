import re

import numpy as np
import pytest
import soundfile

from vits.cli import main
from vits.synthesis import load, write_voice
from vits.synthesis.bundle.weights import make_compact


@pytest.fixture(scope="module")
def duo(tiny_duo):
    return tiny_duo


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("recordings") / "ada.wav"
    generator = np.random.default_rng(1)
    soundfile.write(path, 0.3 * generator.standard_normal((22050, 2)), 22050)  # in stereo
    return path


@pytest.fixture
def revoice(duo, recording, tmp_path, capsys):
    """Run ``vits revoice``; return status, standard output and standard error."""

    def run(*flags, recording=recording, voice=duo, output=tmp_path / "out.wav", pair=("ada", "1")):
        place = ["-o", str(output), "--voice", str(voice), "--from", pair[0], "--to", pair[1]]
        status = main(["revoice", str(recording), *place, *map(str, flags)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_a_recording_is_converted_as_the_voice_converts_it(revoice, duo, recording, tmp_path):
    status, out, err = revoice("--seed", 7, "--noise-scale", 0.5, pair=("ada:0.7,bob:0.3", "bob"))
    assert (status, err) == (0, "")
    assert re.fullmatch(r".+out\.wav: [\d.]+ s of speech, real-time factor [\d.]+, seed 7\n", out)
    mix = {"ada": 0.7, "bob": 0.3}
    expected = load(duo).convert(recording, source=mix, target="bob", noise_scale=0.5, seed=7)
    wave, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate == expected.sample_rate
    np.testing.assert_allclose(wave, expected.samples, atol=1e-4)


def test_bad_input_is_one_line_and_status_2(revoice, duo, make_bundle, tmp_path):
    (tmp_path / "text.wav").write_text("no sound", encoding="utf-8")
    soundfile.write(tmp_path / "short.wav", np.zeros(5), 22050)
    one = write_voice(tmp_path / "one", make_bundle())
    bundle = make_bundle(["ada", "bob"])
    make_compact(bundle.generator)
    compact = write_voice(tmp_path / "compact", bundle)
    for result, *words in (
        (revoice(pair=("eve", "bob")), "eve", "ada, bob"),
        (revoice(pair=("ada", "7")), "7", "ada, bob"),
        (revoice(pair=("ada:1,bob", "ada")), "ada:0.7"),
        (revoice("--noise-scale", "-1"), "noise_scale"),
        (revoice("--seed", "-1"), "seed"),
        (revoice("--device", "gpu"), "gpu"),
        (revoice(voice=one), "one speaker"),
        (revoice(voice=compact), "compact"),
        (revoice(voice=tmp_path / "nowhere"), "nowhere"),
        (revoice(recording=tmp_path / "none.wav"), "none.wav does not exist"),
        (revoice(recording=tmp_path), "does not exist"),
        (revoice(recording=tmp_path / "text.wav"), "text.wav"),
        (revoice(recording=tmp_path / "short.wav"), "longer"),
        (revoice(output=tmp_path / "out.aac"), ".aac", ".mp3"),
        (revoice(output=tmp_path / "no" / "out.wav"), "does not exist"),
    ):
        status, out, err = result
        assert (status, out) == (2, ""), words
        assert err.count("\n") == 1
        assert all(word in err for word in words), err
    assert not (tmp_path / "out.wav").exists()


def test_an_exported_voice_is_refused(revoice, tmp_path, monkeypatch):
    from vits.synthesis import OnnxVoice

    exported = object.__new__(OnnxVoice)  # what load gives of an exported folder
    monkeypatch.setattr("vits.interop.load.load", lambda *_, **__: exported)
    status, _, err = revoice(voice=tmp_path / "exported")
    assert status == 2
    assert "exported from" in err


def test_both_speakers_must_be_given(duo, recording, tmp_path, capsys):
    place = ["-o", str(tmp_path / "out.wav"), "--voice", str(duo), "--to", "bob"]
    assert main(["revoice", str(recording), *place]) == 2
    assert "--from" in capsys.readouterr().err
