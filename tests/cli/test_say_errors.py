"""Common mistakes with `vits say`: one line, exit status 2 and no traceback."""

import pytest

from vits.cli import main


@pytest.fixture
def voice(tiny_voice):
    return tiny_voice


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("\0\0\0", "nothing to speak"),
        ("🙂🙂", "nothing to speak"),
    ],
    ids=["empty", "blank", "NULs", "emoji"],
)
def test_a_text_that_cannot_be_spoken_is_an_error(voice, tmp_path, capfd, text, words):
    out = tmp_path / "out.wav"
    status = main(["say", text, "-o", str(out), "--voice", str(voice)])
    lines = capfd.readouterr().err.strip().splitlines()
    assert (status, len(lines)) == (2, 1), lines
    assert lines[0].startswith("vits: error: ")
    assert words in lines[0]
    assert not out.exists()


@pytest.mark.parametrize("name", ["missing", "not a voice", "unknown speaker"])
def test_a_missing_voice_or_speaker_is_named(voice, tmp_path, capfd, name):
    (tmp_path / "folder").mkdir()
    paths = {"missing": tmp_path / "nowhere", "not a voice": tmp_path / "folder"}
    speaker = ["--speaker", "bob"] if name == "unknown speaker" else []
    out = tmp_path / "out.wav"
    path = paths.get(name, voice)
    status = main(["say", "hello.", "-o", str(out), "--voice", str(path), *speaker])
    lines = capfd.readouterr().err.strip().splitlines()
    assert (status, len(lines)) == (2, 1), lines
    assert ("bob" if speaker else path.name) in lines[0]
    assert not out.exists()


def test_debug_prints_the_traceback(tmp_path, capfd):
    status = main(["--debug", "say", "hi", "-o", "x.wav", "--voice", str(tmp_path / "nowhere")])
    assert status == 2
    assert "Traceback" in capfd.readouterr().err
