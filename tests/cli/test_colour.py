"""Colour is for terminals, and for those who want it."""

import io

import pytest

from vits.cli import main
from vits.cli.colour import paint


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("stream", "variables", "coloured"),
    [
        (Terminal(), {}, True),
        (io.StringIO(), {}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
    ],
)
def test_only_a_terminal_is_coloured(monkeypatch, stream, variables, coloured):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert paint("x", "error", stream) == ("\033[1;31mx\033[0m" if coloured else "x")


@pytest.mark.parametrize(
    "words", [["say", "a", "--voice", "nowhere", "-o", "a.wav"], ["sing"], ["say", "--loud"]]
)
def test_an_error_is_red_up_to_its_colon(monkeypatch, words):
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    assert main(words) == 2
    assert terminal.getvalue().startswith("\033[1;31mvits: error:\033[0m ")
    assert terminal.getvalue().count("\n") == 1
