"""What every test gets: one thread, the same seed, and no settings of the machine's user."""

import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest

# Workers share the processor; a library reads these once, when it is imported.
for name in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
    os.environ.setdefault(f"{name}_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "Agg"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

SEED = 1234


@pytest.fixture(autouse=True)
def seed():
    """Seed every generator that is loaded, so that a test does not depend on its neighbours."""
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - the libraries under test may use the global generator
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.manual_seed(SEED)
        torch.set_num_threads(1)
    return SEED


@pytest.fixture(scope="session")
def root():
    """The top of the source tree."""
    return Path(__file__).resolve().parents[1]
