"""Laws of every decoder: length, batches, gradients, conditioning, precision."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from vits.config import ConvNextConfig, DecoderConfig, HifiGanConfig, IstftConfig, from_dict
from vits.errors import ConfigError
from vits.models.decoder import HifiGanDecoder
from vits.models.decoders import Decoder, build_decoder

HOP, LATENT, SPEAKER = 32, 6, 5
STAGES = {
    "resblock_kernel_sizes": (3, 5),
    "resblock_dilations": ((1, 3), (1, 2)),
    "initial_channels": 16,
}
HIFIGAN = {"upsample_rates": (8, 4), "upsample_kernel_sizes": (16, 8)}
ISTFT = {"upsample_rates": (2, 2), "upsample_kernel_sizes": (4, 6)}
CONFIGS = {
    "hifigan 1": HifiGanConfig(**STAGES, **HIFIGAN),
    "hifigan 2": HifiGanConfig(resblock="2", **STAGES, **HIFIGAN),
    "istft": IstftConfig(**STAGES, **ISTFT, n_bands=1, istft_hop_length=8),
    "multi-band": IstftConfig(**STAGES, **ISTFT, n_bands=4, istft_hop_length=2),
    "multi-stream": IstftConfig(
        **STAGES, **ISTFT, n_bands=2, istft_hop_length=4, trainable_filterbank=True
    ),
    "convnext": ConvNextConfig(channels=12, inner_channels=20, n_blocks=2, kernel_size=5),
    "convnext of short windows": ConvNextConfig(
        channels=12, inner_channels=20, n_blocks=1, kernel_size=3, window_hops=2
    ),
}


@pytest.fixture(params=CONFIGS)
def decoder(request: pytest.FixtureRequest) -> Decoder:
    torch.manual_seed(0)
    decoder = build_decoder(CONFIGS[request.param], LATENT, HOP, SPEAKER)
    for parameter in decoder.parameters():  # loud enough for the laws to see every path
        nn.init.normal_(parameter, 0, 0.2)
    return decoder.double()


def draw(n_frames: int, n_items: int = 1) -> tuple[Tensor, Tensor]:
    z = torch.randn(n_items, LATENT, n_frames, dtype=torch.float64)
    return z, torch.randn(n_items, SPEAKER, 1, dtype=torch.float64)


@pytest.mark.parametrize("n_frames", [1, 2, 3, 17])
def test_a_frame_gives_a_hop_of_samples(decoder: Decoder, n_frames: int):
    assert decoder.hop_length == HOP
    assert decoder(*draw(n_frames, 2)).shape == (2, 1, n_frames * HOP)


def test_items_of_a_batch_know_nothing_of_each_other(decoder: Decoder):
    z, speaker = draw(7, 3)
    together = decoder(z, speaker)
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], decoder(z[i : i + 1], speaker[i : i + 1]))


def test_the_speaker_is_heard_and_one_speaker_needs_none(decoder: Decoder):
    z, speaker = draw(5)
    assert not torch.allclose(decoder(z, speaker), decoder(z, -speaker))
    assert decoder.conditioning is not None
    names = [n for n, _ in decoder.named_parameters() if "conditioning" in n.split(".")]
    assert names == ["conditioning.weight", "conditioning.bias"]  # what `speaker-only` trains


@pytest.mark.parametrize("name", CONFIGS)
def test_every_parameter_gets_a_gradient_from_the_start(name: str):
    torch.manual_seed(0)
    decoder = build_decoder(CONFIGS[name], LATENT, HOP, SPEAKER)
    wave = decoder(torch.randn(2, LATENT, 9), torch.randn(2, SPEAKER, 1))
    (wave * torch.randn_like(wave)).sum().backward()
    lazy = [n for n, p in decoder.named_parameters() if p.grad is None or not p.grad.any()]
    assert lazy == []
    assert 1e-4 < wave.abs().max() < 10


@pytest.mark.parametrize("name", CONFIGS)
def test_folding_weight_norm_changes_no_sample(name: str):
    decoder = build_decoder(CONFIGS[name], LATENT, HOP, 0)
    z = torch.randn(1, LATENT, 9)
    before = decoder(z)
    normed = [m for m in decoder.modules() if parametrize.is_parametrized(m, "weight")]
    assert bool(normed) == ("convnext" not in name)
    for module in normed:
        parametrize.remove_parametrizations(module, "weight")
    torch.testing.assert_close(decoder(z), before, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", [n for n in CONFIGS if "hifigan" not in n])
def test_the_last_layer_and_the_transform_are_float32_under_autocast(name: str):
    decoder = build_decoder(CONFIGS[name], LATENT, HOP, 0)
    seen = []
    decoder.post.register_forward_hook(lambda _, inputs, output: seen.append(output.dtype))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        wave = decoder(torch.randn(1, LATENT, 9))
    assert seen == [torch.float32]
    assert wave.dtype == torch.float32


def test_the_originals_decoder_keeps_the_names_of_its_weights():
    names = list(build_decoder(HifiGanConfig(), 192, 256, 256).state_dict())
    assert names[:4] == ["pre.weight", "pre.bias", "conditioning.weight", "conditioning.bias"]
    assert names[-1] == "post.weight"
    first = "parametrizations.weight.original0"
    assert f"upsamplers.0.{first}" in names
    assert f"blocks.3.2.dilated.2.{first}" in names
    assert f"blocks.3.2.plain.2.{first}" in names


def test_a_configuration_from_before_the_other_decoders_means_hifigan():
    before = {
        "resblock": "2",
        "resblock_kernel_sizes": [3],
        "resblock_dilations": [[1, 2]],
        "upsample_rates": [8, 4],
        "upsample_kernel_sizes": [16, 8],
        "initial_channels": 16,
    }
    decoder = build_decoder(from_dict(DecoderConfig, before), LATENT, HOP, 0)
    assert type(decoder) is HifiGanDecoder
    assert decoder(draw(5)[0].float()).shape == (1, 1, 5 * HOP)


def test_a_configuration_that_fits_no_hop_is_refused():
    with pytest.raises(ConfigError, match="istft_hop_length 3 must be even"):
        IstftConfig(istft_hop_length=3)
    with pytest.raises(ConfigError, match="window_hops 3 must be an even number"):
        ConvNextConfig(window_hops=3)
    with pytest.raises(ConfigError, match="n_bands 1 must be 2 or more"):
        IstftConfig(n_bands=1, trainable_filterbank=True)
    with pytest.raises(ConfigError, match="kind 'wavenet' must be 'hifigan' in a HifiGanConfig"):
        HifiGanConfig(kind="wavenet")  # pyright: ignore[reportArgumentType]
    too_long = {"upsample_rates": (8, 8, 2, 2), "upsample_kernel_sizes": (16, 16, 4, 4)}
    with pytest.raises(ConfigError, match=r"n_bands 4 and istft_hop_length 4 = 4096"):
        IstftConfig(**too_long).check_hop(256)
    with pytest.raises(ConfigError, match="hop_length 255 must be even for convnext"):
        ConvNextConfig().check_hop(255)
    ConvNextConfig().check_hop(240)
