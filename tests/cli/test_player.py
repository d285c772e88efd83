"""Speech without a file is played, by whatever player there is."""

import io
import sys
import wave

import pytest

from vits.cli import main
from vits.cli.player import PLAYERS, open_player
from vits.errors import VoiceError


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a player of some lines of Python as the only program; it may keep what it hears."""

    def make(name, code):
        program = tmp_path / name
        program.write_text(f"#!{sys.executable}\nimport sys\n{code}\n", encoding="utf-8")
        program.chmod(0o755)
        return program

    monkeypatch.setenv("PATH", str(tmp_path))
    return make


def test_say_plays_the_voice_through_the_first_player(install, tmp_path, tiny_voice, capsys):
    heard = tmp_path / "heard.wav"
    install("mpv", "sys.exit(3)")
    keep = f"open({str(heard)!r}, 'wb').write(sys.stdin.buffer.read())"
    install("aplay", f"assert sys.argv[1:] == ['-q', '-']\n{keep}")
    assert main(["say", "hello.", "--voice", str(tiny_voice), "--seed", "1"]) == 0
    assert capsys.readouterr().out.startswith("played: ")
    with wave.open(io.BytesIO(heard.read_bytes())) as played:
        assert (played.getnchannels(), played.getsampwidth()) == (1, 2)
    assert heard.stat().st_size > 1000


def test_without_a_player_a_file_is_asked_for(install, tiny_voice, capsys):
    assert main(["say", "hello.", "--voice", str(tiny_voice)]) == 2
    error = capsys.readouterr().err
    assert all(name in error for name in PLAYERS)
    assert "name a file: -o" in error


@pytest.mark.parametrize("n_bytes", [10, 10_000_000])
def test_what_a_player_says_is_the_error(install, n_bytes):
    install("play", "print('no sound device', file=sys.stderr); sys.exit(2)")

    def speak():
        with open_player() as stream:
            stream.write(bytes(n_bytes))
            stream.flush()

    with pytest.raises(VoiceError, match="cannot play: no sound device; name a file"):
        speak()


def test_an_interruption_ends_the_player(install):
    install("aplay", "sys.stdin.buffer.read(); import time; time.sleep(60)")
    with pytest.raises(KeyboardInterrupt), open_player():
        raise KeyboardInterrupt
