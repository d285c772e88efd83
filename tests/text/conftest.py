"""Shared fixtures of the front end tests."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def run():
    """Run code in a separate interpreter with warnings as errors."""

    def run(code):
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120
        )

    return run
