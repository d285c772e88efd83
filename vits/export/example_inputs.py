"""Example inputs for tracing and verifying a graph: sentences with their noise."""

import warnings
from collections.abc import Iterator

import torch

from vits.errors import TextError
from vits.export.target import ExampleInput
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.text import Frontend, UnknownSymbolWarning

__all__ = ["MAX_FRAMES", "example_inputs"]

TEXTS = (
    "The birch canoe slid on the smooth planks, and nobody saw it.",
    "Why?",
    "Glue the sheet to the dark blue background; it is easy to tell the depth of a well.",
)
SEED = 20210611
MAX_FRAMES = 20_000  # an untrained voice may predict hours


def example_inputs(
    bundle: VoiceBundle, trial: int = 0, language: int | None = None
) -> Iterator[ExampleInput]:
    """Yield sentences of several lengths, each with its noise.

    Args:
        bundle: the voice; its settings are used.
        trial: number of the attempt; each has other noise and a slightly larger length scale.
        language: language id of all sentences; None: they alternate.
    """
    settings, config = bundle.settings, bundle.generator.config
    generator = torch.Generator().manual_seed(SEED + trial)
    vectors = [torch.zeros(1, 0)]
    if config.speaker_vectors is not None:
        given = torch.randn(1, config.speaker_vectors.size, generator=torch.Generator())
        vectors = [torch.nn.functional.normalize(given), *vectors]
    n_samples = MAX_FRAMES * config.audio.hop_length if config.pitch is not None else 0
    for number, ids in enumerate(_ids(bundle.frontend)):
        yield ExampleInput(
            ids=torch.tensor([ids]),
            noise_scale=settings.noise_scale,
            length_scale=settings.length_scale * (1 + trial / 100),
            noise_scale_duration=settings.noise_scale_duration,
            speaker=number % config.n_speakers,
            speaker_vector=vectors[number % len(vectors)],
            language=number % max(1, config.n_languages) if language is None else language,
            duration_noise=torch.randn(1, 2, len(ids), generator=generator),
            noise=torch.randn(1, config.latent_channels, MAX_FRAMES, generator=generator),
            excitation_noise=torch.randn(1, 1, n_samples, generator=generator),
        )


def _ids(frontend: Frontend) -> list[tuple[int, ...]]:
    """Return ids of English sentences, or of symbols of the table if the voice has no English."""
    table, config = frontend.symbols, frontend.config
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownSymbolWarning)
        try:
            return [frontend.encode(text, unknown="drop").ids for text in TEXTS]
        except TextError:
            used = [id for id, s in enumerate(table.symbols) if table.id(s) == id]
    result: list[tuple[int, ...]] = []
    blank = table.id(config.blank) if config.blank else 0
    for text in TEXTS:
        ids = [used[i * len(used) // len(text)] for i in range(len(text))]
        if config.blanks:
            ids = [blank, *(id for symbol_id in ids for id in (symbol_id, blank))]
        if config.bos_eos:
            ids = [table.id("^"), *ids, table.id("$")]
        result.append(tuple(ids))
    return result
