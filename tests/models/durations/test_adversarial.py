"""The adversarial predictor: noise matters, padding and batch do not, and what is judged."""

import pytest
import torch
from torch import nn

from vits.config import AdversarialDurationConfig, StochasticDurationConfig
from vits.models.durations import (
    DeterministicDurationPredictor,
    DurationDiscriminator,
    duration_predictor,
)

CONFIG = AdversarialDurationConfig(filter_channels=12, dropout=0.0)


def awake(module):
    """In float64 and without zeros, which would hide paths."""
    torch.manual_seed(2)
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0, 0.3)
    return module.double()


@pytest.fixture
def predictor():
    return awake(duration_predictor(CONFIG, 8, conditioning_channels=5, language_channels=3))


@pytest.fixture
def text():
    """Hidden (2, 11, 6), mask with a padded end, speakers and languages."""
    mask = torch.ones(2, 1, 6).double()
    mask[1, :, 4:] = 0
    made = (torch.randn(2, 11, 6), torch.randn(2, 5, 1), torch.randn(2, 3, 1))
    hidden, speaker, language = (each.double() for each in made)
    return hidden * mask, mask, speaker, language


def test_noise_of_zero_is_the_deterministic_predictor(predictor, text):
    hidden, mask, speaker, language = text
    sizes = {"kernel_size": 3, "dropout": 0.0, "conditioning_channels": 5, "language_channels": 3}
    plain = DeterministicDurationPredictor(8, 12, **sizes).double()
    state = predictor.state_dict()
    plain.load_state_dict({n: v for n, v in state.items() if not n.startswith("noise.")})
    nn.init.zeros_(predictor.noise.bias)
    found = predictor.predict(hidden, mask, speaker, language=language, noise_scale=0.0)
    assert torch.equal(found, plain.predict(hidden, mask, speaker, language=language))


def test_the_noise_is_scaled_and_drawn_where_none_is_given(predictor, text):
    hidden, mask, speaker, language = text
    noise = torch.randn(2, 2, 6).double()

    def predict(**options):
        return predictor.predict(hidden, mask, speaker, language=language, **options)

    assert torch.equal(predict(noise=noise, noise_scale=0.5), predict(noise=noise * 0.5))
    assert not torch.equal(predict(noise=noise), predict(noise=-noise))
    torch.manual_seed(4)
    one = predict()
    torch.manual_seed(4)
    assert torch.equal(predict(), one)
    assert not torch.equal(predict(), one)


def test_a_batch_is_each_alone(predictor, text):
    hidden, mask, speaker, language = text
    noise = torch.randn(2, 2, 6).double()
    both = predictor.predict(hidden, mask, speaker, language=language, noise=noise)
    for i, n in enumerate((6, 4)):
        alone = predictor.predict(
            hidden[i : i + 1, :, :n],
            mask[i : i + 1, :, :n],
            speaker[i : i + 1],
            language=language[i : i + 1],
            noise=noise[i : i + 1, :, :n],
        )
        torch.testing.assert_close(both[i : i + 1, :, :n], alone)
    assert both[1, :, 4:].eq(0).all()


def test_the_loss_is_the_squared_error_of_what_is_judged(predictor, text):
    hidden, mask, speaker, language = text
    hidden.requires_grad_()
    speaker.requires_grad_()
    durations = torch.tensor([[[3, 1, 4, 1, 5, 9]], [[2, 6, 5, 3, 0, 0]]])
    loss, judged = predictor(hidden, mask, durations, speaker, language=language)
    expected = (durations + 1e-6).log() * mask
    torch.testing.assert_close(judged.real, expected)
    torch.testing.assert_close(loss, (judged.predicted - expected).square().sum((1, 2)))
    (loss.sum() + judged.predicted.sum()).backward()
    assert hidden.grad is speaker.grad is None
    assert all(p.grad is not None and p.grad.any() for p in predictor.parameters())
    assert not any(x.requires_grad for x in (judged.real, judged.hidden, judged.conditioning))


def test_only_this_kind_has_durations_to_judge(text):
    hidden, mask, speaker, language = text
    config = StochasticDurationConfig(filter_channels=8, n_flows=1)
    plain = duration_predictor(config, 8, conditioning_channels=5, language_channels=3).double()
    assert plain(hidden, mask, mask, speaker, language=language).judged is None


def test_the_discriminator_scores_each_symbol_by_text_duration_and_speaker(text):
    hidden, mask, speaker, _ = text
    discriminator = awake(DurationDiscriminator(11, 12, kernel_size=3, conditioning_channels=5))
    durations = torch.randn(2, 1, 6).double() * mask
    hidden.requires_grad_()
    scores = discriminator(durations, hidden, mask, speaker)
    assert scores.shape == (2, 1, 6)
    assert scores[1, :, 4:].eq(0).all()
    alone = discriminator(durations[1:, :, :4], hidden[1:, :, :4], mask[1:, :, :4], speaker[1:])
    torch.testing.assert_close(scores[1:, :, :4], alone)
    changed = durations.clone()
    changed[0, 0, 5] += 1  # two convolutions of width 3: it reaches two symbols back
    moved = (discriminator(changed, hidden, mask, speaker) - scores)[0, 0] != 0
    assert moved.tolist() == [False, False, False, True, True, True]
    for others in ((hidden + 1, speaker), (hidden, speaker + 1)):
        assert not torch.equal(discriminator(durations, others[0], mask, others[1]), scores)
    scores.sum().backward()
    assert hidden.grad is None
    assert all(p.grad is not None and p.grad.any() for p in discriminator.parameters())
