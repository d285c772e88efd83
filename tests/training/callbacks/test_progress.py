from types import SimpleNamespace

import pytest
import torch

from vits.training.callbacks import Progress


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


class _Losses(dict):
    """Losses of a step that count how often they are read."""

    reads = 0

    def __getitem__(self, name):
        _Losses.reads += 1
        return super().__getitem__(name)


@pytest.mark.parametrize(("device", "reads"), [("cpu", 6), ("cuda", 2)])
def test_losses_on_a_gpu_are_read_every_few_steps(make_trainer, monkeypatch, device, reads):
    trainer = make_trainer(6)
    bar = Progress(losses_every=3)
    bar._trainer = trainer
    bar._train_progress_bar = bar.init_train_tqdm()
    module = SimpleNamespace(device=torch.device(device))
    monkeypatch.setattr(_Losses, "reads", 0)
    shown = []
    for step in range(1, 7):
        monkeypatch.setattr(type(trainer), "global_step", property(lambda _, step=step: step))
        logs = _Losses(mel=torch.tensor(float(step)))
        bar.on_train_batch_end(trainer, module, {"logs": logs}, None, step)
        shown.append(bar.train_progress_bar.postfix)
        assert bar.train_progress_bar.n == step
    bar.train_progress_bar.close()
    assert _Losses.reads == reads
    assert shown[-1] == "mel=6.000"
    assert shown[3] == ("mel=4.000" if device == "cpu" else "mel=3.000")
