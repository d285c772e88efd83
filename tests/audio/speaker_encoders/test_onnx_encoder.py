"""An encoder in ONNX: a graph whose vector can be worked out from the filterbanks."""

import numpy as np
import pytest

from vits.audio.speaker_encoders.encoder import open_encoder
from vits.errors import MissingFileError, VoiceError


def test_the_vector_is_the_graph_s_of_length_one(speaker_graph, tmp_path):
    encoder = open_encoder(str(speaker_graph))
    speech = (0.1 * np.random.default_rng(0).standard_normal(20000)).astype(np.float32)
    vector = encoder(speech)
    assert vector.shape == (encoder.size,) == (6,)
    assert np.linalg.norm(vector) == pytest.approx(1, rel=1e-6)
    assert np.array_equal(encoder(speech), vector)
    # louder speech adds a constant to every log filterbank, and the mean takes it out
    np.testing.assert_allclose(encoder(2 * speech), vector, atol=1e-4)
    other = tmp_path / "other.onnx"
    other.write_bytes(speaker_graph.read_bytes())
    assert open_encoder(str(other)).name == encoder.name  # of the content, not of the path
    assert encoder.name.startswith("onnx:")


def test_what_is_no_encoder_is_one_line(tmp_path):
    pytest.importorskip("onnxruntime", reason="pip install 'vits[onnx]'")
    with pytest.raises(MissingFileError, match=r"gone\.onnx does not exist"):
        open_encoder(str(tmp_path / "gone.onnx"))
    (tmp_path / "x.onnx").write_bytes(b"no graph")
    with pytest.raises(VoiceError, match="is no ONNX graph"):
        open_encoder(str(tmp_path / "x.onnx"))
