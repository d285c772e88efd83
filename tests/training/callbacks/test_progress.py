import pytest

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
