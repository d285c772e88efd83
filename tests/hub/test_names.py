import pytest

from vits.errors import VoiceError
from vits.hub.names import PIPER, VoiceName, parse_name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("facebook/mms-tts-deu", ("facebook/mms-tts-deu", "main", "")),
        ("hf://a/b", ("a/b", "main", "")),
        ("hf://a/b@v1.0", ("a/b", "v1.0", "")),
        ("en_US-lessac-medium", (PIPER, "main", "en/en_US/lessac/medium")),
        ("de_DE-mls_6-x_low", (PIPER, "main", "de/de_DE/mls_6/x_low")),
    ],
)
def test_names(text, found):
    assert parse_name(text) == VoiceName(text, *found)


@pytest.mark.parametrize(
    "text",
    ["ada", "voices/ada/1", "./a/b", "../b", "/a/b", "~/b", "a/x.onnx", "a/G_1.pth", "", "a b/c"],
)
def test_paths(text):
    assert parse_name(text) is None


def test_a_folder_here_makes_it_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse_name("voices/ada") is not None
    (tmp_path / "voices").mkdir()
    assert parse_name("voices/ada") is None
    assert parse_name("hf://voices/ada") is not None


@pytest.mark.parametrize("text", ["hf://", "hf://a", "hf://a/../b", "hf://a/b@", "hf://a/b@../c"])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(VoiceError, match="is no name of a voice; write hf://owner"):
        parse_name(text)
