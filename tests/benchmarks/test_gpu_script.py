"""benchmarks/gpu.sh: a dry run prints its commands, every script takes its arguments; the table."""

import argparse
import importlib
import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SCRIPTS = {"alignment", "profile_step", "training", "discriminators", "parallel", "gpu_table"}
LIMIT_S = 600


def run_script(folder, **settings):
    environment = {**os.environ, "DEVICE": "cpu", "GPUS": "2", **settings}
    done = subprocess.run(
        ["sh", BENCHMARKS / "gpu.sh", "out"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert list(folder.iterdir()) == []
    return done


@pytest.fixture(scope="module", params=["none", "step"])
def commands(request, tmp_path_factory):
    """The commands of a dry run, and the lines with the seconds that each may take."""
    done = run_script(tmp_path_factory.mktemp("dry"), DRY_RUN="1", COMPILE=request.param)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("== ")]
    return [line.partition(": ")[2] for line in lines], lines, request.param


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
        assert vars(stopped.value.args[0]).get("device", "cpu") == "cpu"
    assert called == (SCRIPTS if commands[2] == "none" else {"profile_step", "gpu_table"})


def test_what_is_tested_exists(commands):
    tests = [word for line in commands[0] if " -m pytest " in line for word in shlex.split(line)]
    if commands[2] != "none":
        assert not tests
        return
    paths = [Path(word) for word in tests if "/" in word and "tests" in word]
    assert len(paths) >= 2
    assert all(path.exists() for path in paths)


def test_the_limits_add_up_to_ten_minutes_at_most(commands):
    seconds = [int(line.rpartition("(at most ")[2].split()[0]) for line in commands[1]]
    assert 0 < sum(seconds) <= LIMIT_S


def test_what_is_missing_is_said_in_a_line(tmp_path):
    wrong = run_script(tmp_path, COMPILE="all")
    assert (wrong.returncode, wrong.stderr.strip()) == (
        2,
        "COMPILE all must be none, parts or step",
    )
    without = run_script(tmp_path, PYTHON="false")
    assert without.returncode == 2
    assert without.stderr.strip().endswith("pip install -e '.[dev]'")


def test_the_table_has_a_row_for_each_measurement(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    engine = {"seconds_per_step": 0.25, "speedup": 2.5, "peak_gib": 7.66, "parts_ms": {}}
    profile = {"seconds_per_step": 0.1, "launches": 3980.0, "waits": 0.0, "gpu_busy": 0.95}
    files = {
        "training-16": {
            "settings": {"batch": 16},
            "engines": [{"engine": "baseline", **engine}, {"engine": "ours", **engine}],
        },
        "profile-32-true-step": {
            "settings": {"precision": "32-true", "compile": "step"},
            **profile,
            "peak_gib": 9.0,
        },
        "alignment": {"search": {"16x100x400": {"triton": {"ms": 0.5, "ratio": 40.0}}}},
        "parallel": [{"separate": {"step_s": 0.2, "peak_gib": 1.0}}] * 2,
    }
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    found = list(importlib.import_module("gpu_table").tables(tmp_path))
    assert len(found) == len(files)
    assert found[0].splitlines()[-1] == "| 16 | ours | 0.25 | 2.5 | 7.66 |"
    assert found[1].splitlines()[-1] == "| 32-true | step | 0.1 | 3980 | 0 | 0.95 | 9 |"
    assert found[2].splitlines()[-1] == "| search | 16x100x400 | triton | 0.5 | 40 |"
    assert found[3].splitlines()[-1] == "| separate | 0.2 | 1 |"
    for table in found:
        assert len({line.count("|") for line in table.splitlines()}) == 1
