"""What the tests of the front end share."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def run():
    """Run code in an interpreter of its own, in which warnings are errors."""

    def run(code):
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120
        )

    return run
