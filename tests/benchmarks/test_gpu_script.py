"""benchmarks/gpu.sh: a dry run prints its commands, and every script accepts its arguments."""

import argparse
import importlib
import os
import shlex
import subprocess
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SCRIPTS = {"alignment", "profile_step", "training", "discriminators", "parallel"}
LIMIT_S = 600


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """The commands of a dry run, and the seconds that each may take."""
    folder = tmp_path_factory.mktemp("dry")
    environment = {**os.environ, "DRY_RUN": "1", "DEVICE": "cpu", "GPUS": "2"}
    done = subprocess.run(
        ["sh", BENCHMARKS / "gpu.sh", "out"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []
    lines = [line for line in done.stdout.splitlines() if line.startswith("== ")]
    return [line.partition(": ")[2] for line in lines], lines


def test_every_script_takes_its_arguments(commands, monkeypatch):
    class ParsedError(Exception):
        pass

    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self, *arguments):
        raise ParsedError(parse(self, *arguments))

    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
    called = set()
    for command in commands[0]:
        words = shlex.split(command)
        path = Path(words[1])
        if path.suffix != ".py":
            continue
        called.add(path.stem)
        monkeypatch.setattr("sys.argv", [path.name, *words[2:]])
        with pytest.raises(ParsedError) as stopped:
            importlib.import_module(path.stem).main()
        assert vars(stopped.value.args[0])["device"] == "cpu"
    assert called == SCRIPTS


def test_what_is_tested_exists(commands):
    (tests,) = [shlex.split(line) for line in commands[0] if " -m pytest " in line]
    paths = [Path(word) for word in tests if "/" in word and "tests" in word]
    assert len(paths) >= 2
    assert all(path.exists() for path in paths)


def test_the_limits_add_up_to_ten_minutes_at_most(commands):
    seconds = [int(line.rpartition("(at most ")[2].split()[0]) for line in commands[1]]
    assert 0 < sum(seconds) <= LIMIT_S
