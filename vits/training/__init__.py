"""Training with Lightning: the module, its data, its callbacks, and the ``vits fit`` command."""

from vits.training.datamodule import VitsDataModule
from vits.training.dataset_info import DatasetInfo
from vits.training.module import VitsModule

__all__ = ["DatasetInfo", "VitsDataModule", "VitsModule"]
