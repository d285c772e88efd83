"""Moving average, listening, curves, progress."""

import csv

import pytest
import pytorch_lightning as pl
import soundfile
import torch

from vits.errors import CheckpointError
from vits.training.callbacks import Curves, Ema, Progress, SampleSynthesis
from vits.training.callbacks.curves import read_history
from vits.training.callbacks.plots import curve_figure


class Weights(pl.Callback):
    """Keeps the generator's weights after every step and during validation."""

    def __init__(self):
        self.steps, self.validated = [], None

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        del trainer, outputs, batch, batch_idx
        self.steps.append(pl_module.generator.text_encoder.embedding.weight.detach().clone())

    def on_validation_epoch_end(self, trainer, pl_module):
        del trainer
        self.validated = pl_module.generator.text_encoder.embedding.weight.detach().clone()


NAME = "text_encoder.embedding.weight"


def test_average_follows_its_formula(make_run):
    ema, seen = Ema(0.5), Weights()
    make_run(3, callbacks=[ema, seen])
    torch.manual_seed(0)
    start, _, _ = make_run(0, callbacks=[first := Ema(0.5)])
    expected = first.average[NAME]
    for step, value in enumerate(seen.steps, start=1):
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(ema.average[NAME], expected)
    assert start.global_step == 0


def test_validation_uses_the_average_and_training_goes_on_without_it(
    config, data, make_trainer, make_run
):
    from vits.config import TrainingConfig
    from vits.training import VitsDataModule, VitsModule

    ema, seen = Ema(0.9), Weights()
    datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
    torch.manual_seed(0)
    module = VitsModule(config, TrainingConfig(), datamodule.dataset_info)
    make_trainer(4, callbacks=[ema, seen], val_check_interval=2).fit(module, datamodule)
    assert torch.equal(seen.validated, ema.average[NAME])
    assert not torch.equal(seen.validated, seen.steps[-1])
    plain = Weights()
    make_run(4, callbacks=[plain])
    assert torch.equal(plain.steps[-1], seen.steps[-1])


def test_an_average_of_another_model_is_refused(make_run):
    ema = Ema(0.9)
    ema.average = {"something else": torch.zeros(1)}
    with pytest.raises(CheckpointError, match="moving average in the checkpoint has other weights"):
        make_run(1, callbacks=[ema])


def test_listening_speaks_the_same_sentences_each_time(config, data, make_trainer, tmp_path):
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


def test_history_keeps_every_number_and_drops_what_a_resumed_run_repeats(make_run, tmp_path):
    make_run(4, callbacks=[Curves(1)])
    path = tmp_path / "run" / "history.csv"
    curves = read_history(path)
    assert curves["train/mel"][0] == [1, 2, 3, 4]
    assert (tmp_path / "run" / "curves.png").stat().st_size > 1000

    class Resumed:
        is_global_zero, global_step = True, 2
        default_root_dir = str(tmp_path / "run")

    Curves(1).on_train_start(Resumed(), None)
    assert read_history(path)["train/mel"][0] == [1, 2]
    with path.open() as file:
        assert next(csv.reader(file)) == ["step", "name", "value"]


@pytest.mark.parametrize("cut", [1, 3, 6, 8, 14, 17])
def test_a_line_that_a_kill_has_cut_does_not_break_the_history(tmp_path, cut):
    path = tmp_path / "history.csv"
    whole = "step,name,value\r\n1,train/mel,0.5\r\n2,train/mel,0.25\r\n"
    path.write_bytes(whole[:-cut].encode())

    class Resumed:
        is_global_zero, global_step, default_root_dir = True, 2, str(tmp_path)

    Curves().on_train_start(Resumed(), None)
    assert path.read_bytes().decode() == whole[: whole.index("2,")]


def test_of_a_validation_done_twice_the_newest_counts(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("step,name,value\n4,val/mel,3.5\n2,val/mel,1.5\n4,val/mel,2.5\n")
    assert read_history(path) == {"val/mel": ([2, 4], [1.5, 2.5])}


def test_a_run_that_is_to_stop_takes_no_time_to_speak_or_draw(
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


@pytest.mark.parametrize(("max_steps", "total"), [(7, 7), (-1, None)])
def test_progress_counts_from_the_first_step_to_the_last(make_trainer, max_steps, total):
    bar = Progress()
    bar._trainer = make_trainer(max_steps)
    made = bar.init_train_tqdm()
    assert (made.total, made.n, made.initial) == (total, 0, 0)
    made.close()


def test_progress_shows_steps_and_losses(config, data, make_trainer, capfd):
    from vits.config import TrainingConfig
    from vits.training import VitsDataModule, VitsModule

    datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
    module = VitsModule(config, TrainingConfig(), datamodule.dataset_info)
    trainer = make_trainer(
        3, callbacks=[Progress()], enable_progress_bar=True, val_check_interval=2
    )
    trainer.fit(module, datamodule)
    shown = capfd.readouterr()
    text = shown.out + shown.err
    assert "3/3" in text
    for name in ("mel=", "kl=", "duration=", "discriminator="):
        assert name in text
    assert "Validation" not in text


@pytest.mark.parametrize("count", [1, 3, 4, 6])
def test_every_curve_has_a_panel_and_no_panel_is_empty(count):
    curves = {f"curve {i}": ([1, 2], [0.5, 0.25]) for i in range(count)}
    titles = [axes.get_title() for axes in curve_figure(curves).axes]
    assert titles == list(curves)
