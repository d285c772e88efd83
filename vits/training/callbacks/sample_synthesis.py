"""Sample synthesis: waves, mel spectrograms and alignments of fixed utterances per validation."""

from collections.abc import Callable
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from vits.alignment import durations_to_path
from vits.audio.files import write
from vits.data.prepared.batch import Batch, collate
from vits.training.callbacks.plots import alignment_figure, mel_figure, render, save
from vits.training.datamodule import VitsDataModule
from vits.training.module import VitsModule
from vits.training.run_folder.logger import EVENTS
from vits.training.run_folder.optional_writes import OptionalWrites

__all__ = ["SampleSynthesis"]

# the scales at which voices speak by default, so that progress sounds as the voice will
NOISE_SCALE, NOISE_SCALE_DURATION = 0.667, 0.8


class SampleSynthesis(pl.Callback):
    """Synthesizes fixed utterances at each validation and logs wave, mel spectrogram and alignment.

    The utterances are the first ones of the validation data, synthesized from their symbols with a
    fixed seed. Waves and figures go to TensorBoard; those of the latest validation are also written
    to ``samples/`` in the run folder.

    Args:
        n_utterances: number of utterances.
        stopping: returns whether the run was asked to stop; the remaining utterances are skipped
            then.
        writes: counts the failed writes.
    """

    def __init__(
        self,
        n_utterances: int = 3,
        stopping: Callable[[], bool] = lambda: False,
        writes: OptionalWrites | None = None,
    ) -> None:
        super().__init__()
        self.writes = writes or OptionalWrites()
        self.n_utterances = n_utterances
        self.stopping = stopping

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Synthesize the utterances on rank 0."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        assert isinstance(pl_module, VitsModule)
        data = getattr(trainer, "datamodule", None)
        if not isinstance(data, VitsDataModule) or data.validation_data is None:
            return
        folder = Path(trainer.default_root_dir) / "samples"
        for i in range(min(self.n_utterances, len(data.validation_data))):
            if self.stopping():
                return
            utterance = data.validation_data[i]
            batch = collate([utterance], data.dataset_info.audio.hop_length).to(pl_module.device)
            symbols = [data.validation_data.symbols[j] for j in utterance.ids.tolist()]
            stem = folder / f"{i}-{utterance.id}"
            _show(trainer, pl_module, batch, symbols, stem, self.writes)


@torch.no_grad()
def _show(
    trainer: pl.Trainer,
    module: VitsModule,
    batch: Batch,
    symbols: list[str],
    stem: Path,
    writes: OptionalWrites,
) -> None:
    generator = torch.Generator(module.device).manual_seed(module.training_config.seed)
    spoken = module.generator.infer(
        batch.ids,
        batch.id_lengths,
        batch.speakers,
        batch.languages,
        noise_scale=NOISE_SCALE,
        noise_scale_duration=NOISE_SCALE_DURATION,
        generator=generator,
    )
    wave = spoken.wave[0, 0].float().cpu()
    spectrogram = module.spectrogram(batch.wave, batch.wave_lengths)
    recorded = module.mel.from_linear(spectrogram)[0].cpu().numpy()
    predicted = module.mel(spoken.wave.float())[0].cpu().numpy()
    alignment = _path(module, batch, spectrogram).numpy()
    pictures = {
        "mel": render(mel_figure({"recording": recorded, "synthesis": predicted})),
        "alignment": render(alignment_figure(alignment, symbols)),
    }
    rate = module.config.audio.sample_rate
    with writes.attempt(stem.with_suffix(".wav")):
        stem.parent.mkdir(parents=True, exist_ok=True)
        write(stem.with_suffix(".wav"), wave.numpy(), rate)
    for name, picture in pictures.items():
        path = stem.with_name(f"{stem.name}-{name}.png")
        with writes.attempt(path):
            save(picture, path)
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            with writes.attempt(Path(logger.log_dir) / EVENTS):
                board, step = logger.experiment, trainer.global_step
                board.add_audio(f"{stem.name}/wave", wave, step, sample_rate=rate)
                for name, picture in pictures.items():
                    board.add_image(f"{stem.name}/{name}", picture, step, dataformats="HWC")


def _path(module: VitsModule, batch: Batch, spectrogram: Tensor) -> Tensor:
    """Align a recording with its text, unless the data do: (T, S)."""
    if module.training_config.prior_only:
        return durations_to_path(batch.durations, spectrogram.shape[2])[0].cpu()
    frames = batch.wave_lengths // module.config.audio.hop_length
    durations = module.generator.align_recording(
        batch.ids, batch.id_lengths, spectrogram, frames, batch.speakers, batch.languages
    )
    return durations_to_path(durations, spectrogram.shape[2])[0].cpu()
