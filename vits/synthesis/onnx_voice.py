"""Voices in ONNX Runtime.

Nothing here imports torch.
"""

from collections.abc import Sequence

from vits.errors import VoiceError
from vits.synthesis.abstract_voice import AbstractVoice
from vits.synthesis.bundle.frontend_mismatch import warn_of_mismatch
from vits.synthesis.bundle.onnx_bundle import SETTINGS_FILE, OnnxBundle
from vits.synthesis.request import Options, Request
from vits.synthesis.runtime.onnx_engine import NO_LENGTHS, NO_MIX, OnnxEngine
from vits.synthesis.speech import Speech

__all__ = ["OnnxVoice"]


class OnnxVoice(AbstractVoice[OnnxEngine]):
    """An exported voice in ONNX Runtime: ``Voice`` without lengths, mixes and conversion.

    A seed gives the durations that it gives in PyTorch, and other samples of the same distribution.
    """

    def __init__(self, bundle: OnnxBundle, threads: int | None = None) -> None:
        """Load the graph.

        Args:
            bundle: the parts of the voice.
            threads: see ``OnnxEngine``.

        Warns:
            FrontendMismatchWarning: the front end differs from the one in training.

        Raises:
            MissingExtraError: onnxruntime is not installed.
            VoiceError: ONNX Runtime cannot load the graph.
        """
        engine = OnnxEngine(bundle.graph, bundle.sample_rate, bundle.hop_length, threads)
        if engine.multilingual != bool(bundle.frontend.config.languages):
            raise VoiceError(
                f"{bundle.graph} and {SETTINGS_FILE} do not match: only one of them has languages; "
                "write both again with: vits export VOICE --to onnx -o DIR"
            )
        super().__init__(engine, bundle.frontend, bundle.speakers, bundle.settings, bundle.card)
        warn_of_mismatch(bundle.card.name, bundle.frontend, bundle.fingerprint, stacklevel=4)

    def _synthesize_batch(
        self, texts: Sequence[str], options: Sequence[Options], batch_frames: int | None
    ) -> list[Speech]:
        if batch_frames is not None:
            raise VoiceError(
                "a voice in ONNX Runtime has no batches; leave batch_frames out, or use the voice "
                "folder it was exported from"
            )
        return [self(text, **own) for text, own in zip(texts, options, strict=True)]

    def _request(self, options: Options) -> Request:
        request = super()._request(options)
        if request.lengths is not None:
            raise VoiceError(NO_LENGTHS)
        if isinstance(request.speaker, tuple):
            raise VoiceError(NO_MIX)
        return request
