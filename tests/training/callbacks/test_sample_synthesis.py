import soundfile

from vits.training.callbacks import Curves, Ema, SampleSynthesis
from vits.training.callbacks.curves import read_history


def test_samples_are_logged_at_each_validation(config, data, make_trainer, tmp_path):
    from pytorch_lightning.loggers import TensorBoardLogger
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from vits.config import TrainingConfig
    from vits.training import VitsDataModule, VitsModule

    datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
    module = VitsModule(config, TrainingConfig(), datamodule.dataset_info)
    logger = TensorBoardLogger(tmp_path / "run", name="", version="")
    trainer = make_trainer(
        4,
        callbacks=[Ema(0.9), SampleSynthesis(2)],
        val_check_interval=2,
        logger=logger,
        log_every_n_steps=1,
    )
    trainer.fit(module, datamodule)
    folder = tmp_path / "run" / "samples"
    stems = [f"{i}-{datamodule.validation_data.names[i]}" for i in range(2)]
    for stem in stems:
        wave, rate = soundfile.read(folder / f"{stem}.wav")
        assert rate == 8000
        assert len(wave) > 0
        assert (folder / f"{stem}-mel.png").stat().st_size > 1000
        assert (folder / f"{stem}-alignment.png").stat().st_size > 1000
    events = EventAccumulator(str(tmp_path / "run"), size_guidance={"images": 0, "audio": 0})
    events.Reload()
    assert [e.step for e in events.Audio(f"{stems[0]}/wave")] == [2, 4]
    assert [e.step for e in events.Images(f"{stems[1]}/alignment")] == [2, 4]
    assert len(events.Images(f"{stems[0]}/mel")) == 2
    assert {"val/mel", "val/kl", "val/duration", "train/mel"} <= set(events.Tags()["scalars"])


def test_a_stopping_run_neither_synthesizes_nor_plots(
    config, data, make_trainer, tmp_path, monkeypatch
):
    from vits.config import TrainingConfig
    from vits.training import VitsDataModule, VitsModule

    drawn = []
    monkeypatch.setattr(Curves, "_draw", staticmethod(drawn.append))
    datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
    module = VitsModule(config, TrainingConfig(), datamodule.dataset_info)
    callbacks = [SampleSynthesis(2, lambda: True), Curves(1, lambda: True)]
    trainer = make_trainer(1, callbacks=callbacks, val_check_interval=1)
    trainer.fit(module, datamodule)
    assert not (tmp_path / "run" / "samples").exists()
    assert drawn == [trainer]  # at the end of the run only
    assert read_history(tmp_path / "run" / "history.csv")["val/mel"][0] == [1]
