"""What the tests of the benchmarks share."""

import pytest
import pytorch_lightning as pl


@pytest.fixture
def make_trainer(tmp_path):
    def make(max_steps, **options):
        return pl.Trainer(
            default_root_dir=tmp_path,
            accelerator="cpu",
            max_steps=max_steps,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            **options,
        )

    return make
