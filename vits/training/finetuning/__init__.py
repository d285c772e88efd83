"""Fine-tuning: a run that starts from a voice instead of from nothing."""

from vits.training.finetuning.base_voice import BaseVoice
from vits.training.finetuning.command import finetune
from vits.training.finetuning.datamodule import FinetuneDataModule

__all__ = ["BaseVoice", "FinetuneDataModule", "finetune"]
