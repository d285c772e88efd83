"""Freed memory is used again, or given back, as was asked."""

import os
import platform
import subprocess
import sys

import pytest

from vits.memory import CHOSEN

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an option of glibc")

MEMORY = """
import sys
from vits import memory
print(getattr(memory, sys.argv[1])() if len(sys.argv) > 1 else None)
"""

FILLS_AGAIN = """
import resource
import numpy as np

for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(2**17) for _ in range(200)]  # 1 MiB each
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


FREES_BETWEEN_OTHERS = """
import resource
import numpy as np

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

kept, before = [], resident()
for _ in range(3):
    block = np.ones(2**20)  # 8 MiB
    kept += [np.ones(2**10) for _ in range(40)]  # so that nothing is at the end of the heap
    del block
print(resident() - before)
"""


def measured(script, *asked, **environment):
    """What was answered, and the pages that the script has counted."""
    inherited = {k: v for k, v in os.environ.items() if k not in CHOSEN}
    command = [sys.executable, "-c", MEMORY + script, *asked]
    done = subprocess.run(
        command, env=inherited | environment, check=True, capture_output=True, text=True
    )
    answer, pages = done.stdout.split()
    return answer, int(pages)


def test_what_was_freed_is_mapped_once_only():
    answer, pages = measured(FILLS_AGAIN, "keep_freed_memory")
    assert answer == "True"
    assert pages < 1000
    assert measured(FILLS_AGAIN)[1] > 10_000  # of 51,200, else this test shows nothing


def test_a_large_block_leaves_no_hole():
    answer, pages = measured(FREES_BETWEEN_OTHERS, "return_large_blocks")
    assert answer == "True"
    assert pages < 1000
    assert measured(FREES_BETWEEN_OTHERS)[1] > 2000  # of 2,048 and what is kept


@pytest.mark.parametrize("asked", ["keep_freed_memory", "return_large_blocks"])
@pytest.mark.parametrize("name", CHOSEN)
def test_the_environment_has_the_last_word(name, asked):
    value = "glibc.malloc.arena_max=2" if name == "GLIBC_TUNABLES" else "1000000"
    assert measured(FILLS_AGAIN, asked, **{name: value})[0] == "False"
