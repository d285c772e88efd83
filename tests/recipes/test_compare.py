"""The whole comparison, small: every stage once, and nothing twice."""

import json
import re

import pytest


@pytest.mark.slow
def test_every_system_is_trained_judged_and_listed_once(comparison, steady_pitch, capsys):
    from recipes.baselines.compare import SYSTEMS
    from recipes.baselines.table import markdown

    assert markdown(dict(comparison.results())) == "nothing has been judged yet"
    comparison.run()
    assert len(set(re.findall("training (.*):", capsys.readouterr().out))) == 7
    results = dict(comparison.results())
    assert list(results) == ["recordings", *SYSTEMS]
    for name, runs in SYSTEMS.items():
        assert len(results[name]["steps"]) == len(runs)
        assert results[name]["summary"]["real_time_factor"] > 0
    assert results["hifigan"]["parameters"] > results["griffin_lim"]["parameters"]
    lines = markdown(results).splitlines()
    assert len(lines) == 2 + len(results)
    assert len({line.count("|") for line in lines}) == 1
    files = times(comparison.folder)
    comparison.run()
    assert re.findall("judging (.*):", capsys.readouterr().out) == ["recordings"]
    assert times(comparison.folder) == files


def times(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: path.stat().st_mtime_ns for path in files if path.name != "recordings.json"}


def test_results_of_other_settings_are_not_mixed_in(comparison):
    from dataclasses import replace

    comparison.write("vits2", {"summary": {}})
    assert comparison.read("vits2") is not None
    assert replace(comparison, minutes=2.0).read("vits2") is None
    assert replace(comparison, limit=2).read("vits2") is None
    path = comparison.folder / "results" / "vits2.json"
    assert json.loads(path.read_text())["utterances"] == 1


def test_the_shares_of_a_system_are_its_whole_time(root_on_path):
    from recipes.baselines.compare import RUNS, SYSTEMS

    assert [sum(RUNS[run] for run in runs) for runs in SYSTEMS.values()] == [1.0] * len(SYSTEMS)
