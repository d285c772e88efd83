import pytest

from vits.errors import MissingFileError, VoiceError
from vits.interop.coqui.format import FORMAT as COQUI
from vits.interop.detect_format import FORMATS, detect_format, read


def test_the_command_offers_every_format_that_is_written():
    from vits.cli import convert as command

    # a graph is read only: `vits export` writes it
    assert tuple(FORMATS) == (*command.FORMATS, "onnx")


def test_an_unknown_format_is_an_error(tmp_path):
    with pytest.raises(MissingFileError):
        read(tmp_path / "nowhere")
    with pytest.raises(VoiceError, match="has no known voice format"):
        read(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(VoiceError, match="'llama' is another architecture"):
        read(tmp_path)


def test_a_file_beside_its_settings_has_the_format_of_the_folder(make_voice, tmp_path):
    COQUI.write(tmp_path, make_voice(duration_channels=192))
    assert detect_format(tmp_path / "model.pth") is detect_format(tmp_path) is COQUI
