"""Tacotron 2: its stop rule, its folding of frames, its guide."""

import math

import pytest
import torch


@pytest.fixture
def acoustic(settings, data):
    from recipes.baselines.tacotron import Acoustic
    from vits.data.prepared.dataset import PreparedDataset

    dataset = PreparedDataset(data)
    module = Acoustic(dataset.audio, len(dataset.symbols), settings.tacotron)
    module.mel.measure(dataset)
    return module


@pytest.mark.parametrize(("bias", "steps", "stopped"), [(20.0, 1, True), (-20.0, 6, False)])
def test_a_sentence_ends_when_the_network_says_so_or_at_the_limit(acoustic, bias, steps, stopped):
    with torch.no_grad():
        acoustic.network.decoder.gate_layer.bias.fill_(bias)
    mel, found = acoustic.speak(torch.tensor([1, 2, 3, 4]), longest=4.6)  # 18 frames, 3 a step
    assert mel.shape == (1, 20, 3 * steps)
    assert found is stopped


def test_the_stop_is_learned_from_the_last_step_on(acoustic, data):
    """With a network that never stops, only the last step of an utterance costs."""
    from vits.data.prepared.batch import collate
    from vits.data.prepared.dataset import PreparedDataset

    dataset = PreparedDataset(data)
    batch = collate([dataset[0], dataset[3]], 64)
    gate = acoustic.network.decoder.gate_layer
    with torch.no_grad():
        gate.weight.zero_()
        gate.bias.fill_(-30.0)
        steps = sum(math.ceil(len(wave) // 64 / 3) for wave in (dataset[0].wave, dataset[3].wave))
        assert acoustic.losses(batch)["stop"].item() == pytest.approx(2 * 30 / steps, rel=1e-5)
        gate.bias.fill_(30.0)
        assert acoustic.losses(batch)["stop"].item() == pytest.approx(
            30 * (steps - 2) / steps, rel=1e-5
        )


@pytest.mark.parametrize("frames", [6, 7, 8])
def test_folded_frames_unfold_again(acoustic, frames):
    x = torch.randn(2, 20, frames)
    folded = acoustic.fold(x)
    assert folded.shape == (2, 60, math.ceil(frames / 3))
    assert torch.equal(folded[:, 20:40, 1], x[:, :, 4])  # the second of the second three
    assert torch.equal(acoustic.unfold(folded)[:, :, :frames], x)


def test_the_guide_is_zero_on_the_diagonal_and_grows_off_it(root_on_path):
    from recipes.baselines.tacotron import guide

    found = guide(torch.tensor([4, 2]), torch.tensor([4, 4]))
    assert torch.equal(found[0].diagonal(), torch.zeros(4))
    expected = 1 - math.exp(-(0.75**2) / (2 * 0.2**2))
    assert found[0, 3, 0].item() == pytest.approx(expected)
    assert found[1, 1, 2].item() == 0  # the half of two symbols and of four steps


def test_mel_has_mean_zero_and_deviation_one_and_can_be_restored(acoustic, data):
    from vits.data.prepared.dataset import PreparedDataset

    dataset = PreparedDataset(data)
    waves = [dataset[i].wave[None, None] for i in range(len(dataset))]
    frames = torch.cat([acoustic.mel(wave) for wave in waves], dim=2)
    torch.testing.assert_close(frames.mean(2), torch.zeros(1, 20), rtol=0, atol=1e-4)
    torch.testing.assert_close(frames.std(2), torch.ones(1, 20))
    restored = acoustic.mel.restore(acoustic.mel(waves[0]))
    torch.testing.assert_close(restored, acoustic.mel.mel(waves[0]))


def test_griffin_lim_gives_a_wave_of_the_same_spectrum(acoustic, data):
    """A tone through the mel bands and back has its peak in the same place."""
    from recipes.baselines.mel import GriffinLim
    from vits.data.prepared.dataset import PreparedDataset

    dataset = PreparedDataset(data)
    wave = dataset[0].wave[None, None, : 64 * 40]
    made = GriffinLim(acoustic.mel, dataset.audio)(acoustic.mel(wave))
    assert made.shape == wave.shape
    before, after = acoustic.mel.mel(wave), acoustic.mel.mel(made)
    inner = slice(4, -4)  # the ends are half a window
    same = before.argmax(1)[:, inner] == after.argmax(1)[:, inner]
    assert same.float().mean() > 0.9


@pytest.mark.parametrize("frames", [1, 3, 4])
def test_griffin_lim_speaks_what_is_shorter_than_its_window(acoustic, data, frames):
    from recipes.baselines.mel import GriffinLim
    from vits.data.prepared.dataset import PreparedDataset

    vocoder = GriffinLim(acoustic.mel, PreparedDataset(data).audio)
    made = vocoder(torch.zeros(1, 20, frames))
    assert made.shape == (1, 1, 64 * frames)
    assert made.isfinite().all()
