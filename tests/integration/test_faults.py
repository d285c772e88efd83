"""A run that is killed and stopped again and again ends as one that was left alone, on two ranks.

``benchmarks/faults.py`` with few faults; run it with many before trusting a change to saving.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_kill_and_a_stop(tmp_path):
    figures = tmp_path / "faults.json"
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "benchmarks" / "faults.py", "--kinds", "3"),
            *("--kills", "1", "--terms", "1", "--steps", "6", "--seed", "5"),
            *("--folder", tmp_path / "work", "--output", figures),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text())
    assert (found["kills"], found["terms"]) == (1, 1)
    assert found["unreadable checkpoints"] == found["hangs"] == 0
    assert found["terms that exit 75"] == 1
    assert found["runs bit-identical at the end"] == found["runs resumed to the end"] >= 1
