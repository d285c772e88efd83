"""Freed memory is used again, not mapped anew."""

import os
import platform
import subprocess
import sys

import pytest

from vits.training import memory
from vits.training.memory import CHOSEN

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an option of glibc")

FILLS_AGAIN = """
import resource, runpy, sys
import numpy as np

memory = runpy.run_path(sys.argv[1])  # alone: its package would load all that trains
print(memory["keep_freed_memory"]() if "keep" in sys.argv else None)
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(2**17) for _ in range(200)]  # 1 MiB each
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def new_pages(*arguments, **environment):
    """What was asked, and the pages that the third filling of the same memory had to map."""
    inherited = {k: v for k, v in os.environ.items() if k not in CHOSEN}
    command = [sys.executable, "-c", FILLS_AGAIN, memory.__file__, *arguments]
    done = subprocess.run(
        command, env=inherited | environment, check=True, capture_output=True, text=True
    )
    asked, pages = done.stdout.split()
    return asked, int(pages)


def test_what_was_freed_is_mapped_once_only():
    asked, pages = new_pages("keep")
    assert asked == "True"
    assert pages < 1000
    assert new_pages()[1] > 10_000  # of 51,200, else this test shows nothing


@pytest.mark.parametrize("name", CHOSEN)
def test_the_environment_has_the_last_word(name):
    value = "glibc.malloc.arena_max=2" if name == "GLIBC_TUNABLES" else "1000000"
    assert new_pages("keep", **{name: value})[0] == "False"
