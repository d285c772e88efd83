"""Freed memory is kept or returned as configured."""

import os
import platform
import subprocess
import sys

import pytest

from vits.memory import ENVIRONMENT_VARIABLES

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an option of glibc")

MEMORY = """
import sys
from vits import memory
print(getattr(memory, sys.argv[1])() if len(sys.argv) > 1 else None)
"""

REALLOCATES = """
import resource
import numpy as np

for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(2**17) for _ in range(200)]  # 1 MiB each
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


FREES_BETWEEN_SMALL_BLOCKS = """
import resource
import numpy as np

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

kept, before = [], resident()
for _ in range(3):
    block = np.ones(2**20)  # 8 MiB
    kept += [np.ones(2**10) for _ in range(40)]  # keeps the block off the top of the heap
    del block
print(resident() - before)
"""


def measure(script, *function, **environment):
    """Return the result of the function and the number of pages that the script counts."""
    inherited = {k: v for k, v in os.environ.items() if k not in ENVIRONMENT_VARIABLES}
    command = [sys.executable, "-c", MEMORY + script, *function]
    done = subprocess.run(
        command, env=inherited | environment, check=True, capture_output=True, text=True
    )
    result, pages = done.stdout.split()
    return result, int(pages)


def test_kept_memory_is_mapped_only_once():
    result, pages = measure(REALLOCATES, "keep_freed_memory")
    assert result == "True"
    assert pages < 1000
    assert measure(REALLOCATES)[1] > 10_000  # of 51,200, or else this test proves nothing


def test_a_large_block_is_returned():
    result, pages = measure(FREES_BETWEEN_SMALL_BLOCKS, "return_large_blocks")
    assert result == "True"
    assert pages < 1000
    assert measure(FREES_BETWEEN_SMALL_BLOCKS)[1] > 2000  # of 2,048 and those of the small blocks


@pytest.mark.parametrize("function", ["keep_freed_memory", "return_large_blocks"])
@pytest.mark.parametrize("name", ENVIRONMENT_VARIABLES)
def test_an_option_in_the_environment_wins(name, function):
    value = "glibc.malloc.arena_max=2" if name == "GLIBC_TUNABLES" else "1000000"
    assert measure(REALLOCATES, function, **{name: value})[0] == "False"
