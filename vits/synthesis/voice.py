"""A voice in torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.errors import TextError, VoiceError
from vits.synthesis.base_voice import SpeakingVoice
from vits.synthesis.batching import BATCH_FRAMES, speak_texts
from vits.synthesis.bundle.frontend_mismatch import warn_of_drift
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.conversion import convert_recording
from vits.synthesis.request import BatchOptions, Request, read_batch
from vits.synthesis.runtime.torch_engine import TorchEngine
from vits.synthesis.script.sentences import Sentence, check_text, read_sentences
from vits.synthesis.speakers import Speaker, find_who
from vits.synthesis.speech import Speech

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Voice"]


class Voice(SpeakingVoice[TorchEngine]):
    """A trained voice, ready to speak.

    Calls share nothing that changes, so one voice may speak in many threads at once.
    """

    def __init__(
        self,
        bundle: VoiceBundle,
        device: str | torch.device = "cpu",
        precision: str = "fp32",
    ) -> None:
        """Build the generator and put it on a device.

        Args:
            bundle: everything a voice consists of. Its generator becomes this voice's own and is
                changed in place, so that it can no longer be written or trained.
            device: where to compute, e.g. ``cpu``, ``cuda`` or ``cuda:1``.
            precision: of flow and decoder; lengths and times are float32's in every one.
                ``fp32``: float32, in the order of memory that is quickest on this processor.
                ``bf16``: products in bfloat16, where the processor has instructions for them about
                twice as quick; the noise is some 40 dB below the speech, and what holds to 1e-5
                of the peak in float32 (streams, many texts at once) holds to that noise.
                ``auto``: ``bf16`` where the processor has instructions for it, else ``fp32``.
                ``plain``: float32 as the training computes it.

        Warns:
            FrontendDriftWarning: this machine's front end differs from the one in training.
            PrecisionWarning: ``bf16`` is asked for, and the processor has no instructions for it.

        Raises:
            VoiceError: there is no such device, or no such precision.
        """
        engine = TorchEngine(bundle.generator, device, precision)
        super().__init__(engine, bundle.frontend, bundle.speakers, bundle.settings, bundle.card)
        warn_of_drift(bundle.card.name, bundle.frontend, bundle.fingerprint, stacklevel=4)

    @property
    def device(self) -> torch.device:
        """Where the voice computes."""
        return self._engine.device

    @property
    def precision(self) -> str:
        """In what flow and decoder compute: ``fp32``, ``bf16`` or ``plain``."""
        return self._engine.precision

    def synthesize(
        self,
        texts: Sequence[str],
        *,
        seeds: Sequence[int | None] | None = None,
        each: Sequence[BatchOptions] | None = None,
        batch_frames: int = BATCH_FRAMES,
        **settings: "Unpack[BatchOptions]",
    ) -> list[Speech]:
        """Speak many texts; sentences of about the same length are decoded together.

        Each text gets the samples it would get alone with its seed, to 1e-5 of the peak, and
        exactly the length and times.

        Args:
            texts: each as in ``__call__``.
            seeds: one for each text; None: new ones.
            each: settings of each text, which win over those of all, e.g. ``[{"speaker": "ada"},
                {"speaker": "bob", "length_scale": 1.2}]``; None: all are alike.
            batch_frames: frames decoded at once, at least 1; a longer sentence is alone.
            **settings: of all texts: ``speaker``, ``language``, the scales and the silences of
                ``__call__``.

        Raises:
            TextError: as in ``__call__``; the message tells which text.
            VoiceError: as in ``__call__``, or not as many seeds or settings as texts.
        """
        controls = read_batch(texts, seeds, each, settings, batch_frames)
        requests: list[Request] = []
        scripts: list[list[Sentence]] = []
        for index, (text, control) in enumerate(zip(texts, controls, strict=True)):
            try:
                language = self._find_language(control)
                requests.append(self._request(control)._replace(language=language))
                check_text(text)
                scripts.append(list(read_sentences(self._frontend.for_language(language), text)))
            except (TextError, VoiceError) as error:
                raise type(error)(f"text {index}: {error}") from error
        return speak_texts(self._engine, scripts, requests, batch_frames)

    def convert(
        self,
        wave: NDArray[np.floating] | Tensor | str | Path,
        sample_rate: int | None = None,
        source: Speaker | None = None,
        target: Speaker | None = None,
        *,
        noise_scale: float = 1.0,
        seed: int | None = None,
    ) -> Speech:
        """Say a recording of one of the voice's speakers with the voice of another.

        Source: Kim et al. 2021, section 4.4.

        Args:
            wave: (L,) floating point in [-1, 1], or a file, whose channels are mixed; at most 5
                minutes.
            sample_rate: of ``wave`` (Hz); it is resampled to the voice's own. A file has its own.
            source: who speaks in ``wave``, as ``speaker`` in ``__call__``; must be given.
            target: who is to speak; must be given.
            noise_scale: factor on the posterior's standard deviation, at least 0.
            seed: from 0 to 2**63 - 1; None: a new one.

        Returns:
            Speech without phonemes and words.

        Raises:
            VoiceError: the voice has one speaker, or not this one, or is compact, or a value is out
                of range.
            AudioError: ``wave`` is not (L,), not finite, too short or too long.
            MissingFileError: there is no such file.
        """
        count = self._count
        if count == 1:
            raise VoiceError(f"voice {self._card.name} has one speaker; conversion needs two")
        if source is None or target is None:
            raise VoiceError("conversion needs both source and target: who speaks, and who is to")
        request = self._request({"seed": seed, "speaker": source, "noise_scale": noise_scale})
        who = find_who(self._speakers, count, target)
        return convert_recording(self._engine, wave, sample_rate, request, who)
