"""Chooses the decoder that a configuration names; each maps (B, C, T) to (B, 1, T * hop_length)."""

from vits.config import ConvNextConfig, DecoderConfig, HifiGanConfig
from vits.models.convnext_decoder import ConvNextDecoder
from vits.models.decoder import HifiGanDecoder, Stages
from vits.models.istft_decoder import IstftDecoder

__all__ = ["Decoder", "build_decoder"]

Decoder = HifiGanDecoder | IstftDecoder | ConvNextDecoder


def build_decoder(
    config: DecoderConfig,
    latent_channels: int,
    hop_length: int,
    conditioning_channels: int,
    *,
    pitched: bool = False,
) -> Decoder:
    """Build a decoder.

    Args:
        config: its kind and sizes.
        latent_channels: C of the latent.
        hop_length: samples of a frame.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
        pitched: whether it is excited by F0.
    """
    if isinstance(config, ConvNextConfig):
        return ConvNextDecoder(
            latent_channels,
            hop_length,
            channels=config.channels,
            inner_channels=config.inner_channels,
            n_blocks=config.n_blocks,
            kernel_size=config.kernel_size,
            n_fft=config.window_hops * hop_length,
            conditioning_channels=conditioning_channels,
            pitched=pitched,
        )
    stages = Stages(
        resblock=config.resblock,
        resblock_kernel_sizes=config.resblock_kernel_sizes,
        resblock_dilations=config.resblock_dilations,
        upsample_rates=config.upsample_rates,
        upsample_kernel_sizes=config.upsample_kernel_sizes,
        initial_channels=config.initial_channels,
    )
    if isinstance(config, HifiGanConfig):
        return HifiGanDecoder(
            latent_channels,
            stages,
            conditioning_channels=conditioning_channels,
            pitched=pitched,
        )
    return IstftDecoder(
        latent_channels,
        stages,
        n_bands=config.n_bands,
        n_fft=config.window_hops * config.istft_hop_length,
        istft_hop_length=config.istft_hop_length,
        trainable_filterbank=config.trainable_filterbank,
        conditioning_channels=conditioning_channels,
        pitched=pitched,
    )
