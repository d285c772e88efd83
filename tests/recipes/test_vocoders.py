"""The HiFi-GAN vocoder: when its discriminators train, and what counts as a step."""

import pytest
import torch


@pytest.mark.parametrize(("steps", "trained"), [(2, False), (3, True)])
def test_discriminators_train_from_their_start_and_are_no_steps(
    comparison, tmp_path, steps, trained
):
    from recipes.baselines.budget import fit
    from vits.training.checkpoints.checkpoint_io import read_checkpoint

    data = comparison.data()
    module = comparison.build("hifigan", data)
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    ticks = iter(range(100))
    path = fit(module, data, tmp_path / "run", steps, report=str, clock=lambda: float(next(ticks)))
    assert read_checkpoint(path)["global_step"] == steps
    for name, parameter in module.named_parameters():
        moved = not torch.equal(parameter, before[name])
        assert moved is (trained or not name.startswith("discriminators")), name


def test_segments_of_wave_and_mel_belong_together(comparison):
    from vits.data.prepared.batch import collate

    data = comparison.data()
    module = comparison.build("waveglow", data)
    module.segment_frames, rows = 12, data.train_data
    wave, mel = module.draw_segments(collate([rows[3], rows[0]], 64))
    inner = module.mel(wave)[:, :, 3:-3]  # the ends of a cut are reflected
    torch.testing.assert_close(inner, mel[:, :, 3:-3], rtol=1e-4, atol=1e-4)
