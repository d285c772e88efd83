"""Voices in PyTorch."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.errors import VoiceError
from vits.synthesis.abstract_voice import AbstractVoice
from vits.synthesis.bundle.frontend_mismatch import warn_of_mismatch
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.conversion import convert_recording
from vits.synthesis.request import make_request
from vits.synthesis.runtime.torch_engine import TorchEngine
from vits.synthesis.speakers import Speaker, resolve_speaker
from vits.synthesis.speech import Speech

__all__ = ["Voice"]


class Voice(AbstractVoice[TorchEngine]):
    """A trained voice in PyTorch.

    Calls share no state, so one voice may speak in many threads at once.
    """

    def __init__(
        self,
        bundle: VoiceBundle,
        device: str | torch.device = "cpu",
        precision: str = "fp32",
    ) -> None:
        """Move the generator to a device and prepare it for inference.

        Args:
            bundle: the voice. Its generator is taken over and changed in place: it can no longer be
                written or trained.
            device: where to compute, e.g. ``cpu``, ``cuda`` or ``cuda:1``.
            precision: of prior flow and decoder; durations and times are float32 in all of them.
                ``fp32``: float32 in the memory layout that is fastest on this CPU.
                ``bf16``: products in bfloat16, about twice as fast on CPUs with instructions for
                it. The noise is about 40 dB below the speech, and so is what float32 keeps to
                1e-5 of the peak (streams and batches against single calls).
                ``auto``: ``bf16`` on CPUs with instructions for it, otherwise ``fp32``.
                ``plain``: float32 as in training.

        Warns:
            FrontendMismatchWarning: the front end differs from the one in training.
            PrecisionWarning: ``bf16`` on a CPU without instructions for it.

        Raises:
            VoiceError: there is no such device or precision.
        """
        engine = TorchEngine(bundle.generator, device, precision)
        super().__init__(engine, bundle.frontend, bundle.speakers, bundle.settings, bundle.card)
        warn_of_mismatch(bundle.card.name, bundle.frontend, bundle.fingerprint, stacklevel=4)

    @property
    def device(self) -> torch.device:
        """The device that computes."""
        return self._engine.device

    @property
    def precision(self) -> str:
        """Precision of prior flow and decoder: ``fp32``, ``bf16`` or ``plain``."""
        return self._engine.precision

    def convert(
        self,
        wave: NDArray[np.floating] | Tensor | str | Path,
        sample_rate: int | None = None,
        source: Speaker | None = None,
        target: Speaker | None = None,
        *,
        noise_scale: float = 1.0,
        pitch: float = 0.0,
        seed: int | None = None,
    ) -> Speech:
        """Convert a recording of one of the voice's speakers to the voice of another.

        Source: Kim et al. 2021, section 4.4.

        Args:
            wave: (L,) floating point in [-1, 1], or an audio file, whose channels are mixed; at
                most 5 minutes.
            sample_rate: of ``wave`` (Hz), which is resampled to the voice's rate; None for a file.
            source: the speaker of ``wave``; required.
            target: the speaker to convert to; required.
            noise_scale: factor on the posterior's standard deviation, at least 0.
            pitch: semitones added to the recording's F0, for a voice with pitch.
            seed: from 0 to 2**63 - 1; None: a new one.

        Returns:
            Speech without phonemes and words.

        Raises:
            VoiceError: the voice has one speaker, lacks this one, or is compact, or a value is out
                of range.
            AudioError: ``wave`` is not (L,), not finite, too short or too long.
            MissingExtraError: the voice has pitch, and the extra ``pitch`` is not installed.
            MissingFileError: there is no such file.
        """
        if len(self._speakers) <= 1:
            raise VoiceError(f"voice {self._card.name} has one speaker; conversion needs two")
        if source is None or target is None:
            raise VoiceError("conversion needs both source and target: a speaker each")
        source = self._known_speaker(source)
        request = make_request(
            {"seed": seed, "speaker": source, "noise_scale": noise_scale, "pitch": pitch},
            self._settings,
            self._speakers,
        )
        self.check_pitch({"pitch": pitch})
        speaker = resolve_speaker(self._speakers, self._known_speaker(target))
        return convert_recording(self._engine, wave, sample_rate, request, speaker)
