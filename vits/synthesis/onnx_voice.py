"""Voices in ONNX Runtime.

Nothing here imports torch.
"""

from collections.abc import Sequence

from vits.errors import VoiceError
from vits.synthesis.abstract_voice import AbstractVoice
from vits.synthesis.bundle.frontend_mismatch import warn_of_mismatch
from vits.synthesis.bundle.onnx_bundle import SETTINGS_FILE, OnnxBundle, has_parts
from vits.synthesis.request import Options, Request
from vits.synthesis.runtime.onnx_engine import NO_LENGTHS, NO_MIX, OnnxEngine
from vits.synthesis.runtime.onnx_session import EXPORT_AGAIN
from vits.synthesis.runtime.parts_engine import PartsEngine
from vits.synthesis.speech import Speech

__all__ = ["OnnxVoice"]


class OnnxVoice(AbstractVoice[OnnxEngine | PartsEngine]):
    """A voice in ONNX Runtime: ``Voice`` without conversion.

    A seed gives the durations and the samples that it gives in PyTorch, up to rounding. The speaker
    encoder that reads recordings of a speaker needs torch; a file of ``SpeakerVector.write`` does
    not.
    A folder of an earlier version, which has no graphs for text and decoder, speaks whole sentences
    one by one, without lengths and mixes.
    """

    def __init__(self, bundle: OnnxBundle, threads: int | None = None) -> None:
        """Load the graphs.

        Args:
            bundle: the parts of the voice.
            threads: see ``PartsEngine``.

        Warns:
            FrontendMismatchWarning: the front end differs from the one in training.

        Raises:
            MissingExtraError: onnxruntime is not installed.
            VoiceError: ONNX Runtime cannot load a graph.
        """
        rates = bundle.sample_rate, bundle.hop_length
        folder = bundle.graph.parent
        if has_parts(folder):
            engine: OnnxEngine | PartsEngine = PartsEngine(folder, *rates, threads)
        else:
            engine = OnnxEngine(bundle.graph, *rates, threads)
        if engine.multilingual != bool(bundle.frontend.config.languages):
            raise VoiceError(
                f"{bundle.graph} and {SETTINGS_FILE} do not match: only one of them has languages; "
                f"{EXPORT_AGAIN}"
            )
        super().__init__(engine, bundle.frontend, bundle.speakers, bundle.settings, bundle.card)
        warn_of_mismatch(bundle.card.name, bundle.frontend, bundle.fingerprint, stacklevel=4)

    def _synthesize_batch(
        self, texts: Sequence[str], options: Sequence[Options], batch_frames: int | None
    ) -> list[Speech]:
        if isinstance(self._engine, PartsEngine):
            return super()._synthesize_batch(texts, options, batch_frames)
        if batch_frames is not None:
            raise VoiceError(
                f"an old export has no batches; leave batch_frames out, or {EXPORT_AGAIN}"
            )
        return [self(text, **own) for text, own in zip(texts, options, strict=True)]

    def _request(self, options: Options) -> Request:
        request = super()._request(options)
        if isinstance(self._engine, OnnxEngine):
            if request.lengths is not None:
                raise VoiceError(NO_LENGTHS)
            if isinstance(request.speaker, tuple):
                raise VoiceError(NO_MIX)
        return request
