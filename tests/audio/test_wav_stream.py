import io

import numpy as np

from vits.audio.files import read, riff_shortfall
from vits.audio.wav_stream import WavStreamWriter


def test_piped_output_is_a_readable_wav(tmp_path):
    pipe = io.BytesIO()
    wave = np.linspace(-1, 1.2, 5000, dtype=np.float32)
    writer = WavStreamWriter(pipe, 22050)
    assert len(pipe.getvalue()) == 44
    for part in np.array_split(wave, 7):
        writer.write(part)
    (tmp_path / "a.wav").write_bytes(pipe.getvalue())
    samples, rate = read(tmp_path / "a.wav")
    assert rate == 22050
    assert riff_shortfall(tmp_path / "a.wav") == 0
    np.testing.assert_allclose(samples[:, 0], wave.clip(-1, 1), atol=1 / 32768)
