"""The text side of sherpa-onnx's voices."""

import pytest

from vits.errors import MissingFileError, VoiceError
from vits.interop.onnx.sherpa import read_sherpa_frontend


@pytest.fixture
def files(tmp_path):
    def write(tokens, lexicon=None):
        (tmp_path / "tokens.txt").write_text(tokens, encoding="utf-8")
        if lexicon is not None:
            (tmp_path / "lexicon.txt").write_text(lexicon, encoding="utf-8")
        return tmp_path

    return write


def test_letters_with_blanks_as_mms_has_them(files):
    folder = files("k 0\na 1\n 2\nt 3\n")
    frontend = read_sherpa_frontend(
        folder, {"comment": "mms", "language": "Dutch", "add_blank": "1"}, folder / "x.onnx"
    )
    assert frontend.config.backend == "graphemes"
    assert frontend.encode("kat a").ids == (0, 0, 0, 1, 0, 3, 0, 2, 0, 1, 0)


def test_a_lexicon_gives_the_phonemes(files):
    folder = files("_ 0\nə 1\nb 2\na 3\n 4\n", "abba a b ə\n")
    metadata = {"language": "English", "add_blank": "1"}
    frontend = read_sherpa_frontend(folder, metadata, folder / "x.onnx")
    assert (frontend.config.backend, frontend.config.language) == ("espeak", "en-us")
    assert frontend.encode("abba").ids == (0, 3, 0, 2, 0, 1, 0)


def test_piper_phonemes_get_bos_and_eos(files):
    folder = files("_ 0\n^ 1\n$ 2\n 3\nə 4\n")
    frontend = read_sherpa_frontend(folder, {"comment": "piper", "voice": "de"}, folder / "x.onnx")
    assert frontend.encode("[[ə]]").ids == (1, 0, 4, 0, 2)
    assert frontend.config.language == "de"


def test_a_bad_line_is_named(files):
    folder = files("a 0\nb\n")
    with pytest.raises(VoiceError, match=r"tokens\.txt: line 2 has no id"):
        read_sherpa_frontend(folder, {}, folder / "x.onnx")


def test_a_word_with_unknown_phonemes_is_named(files):
    folder = files("ə 0\n", "word ə z\n")
    with pytest.raises(VoiceError, match=r"lexicon\.txt: line 1 has z"):
        read_sherpa_frontend(folder, {"voice": "en"}, folder / "x.onnx")


def test_missing_tokens_are_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"tokens\.txt does not exist"):
        read_sherpa_frontend(tmp_path, {}, tmp_path / "x.onnx")


def test_metadata_must_be_numbers(files):
    folder = files("a 0\n")
    with pytest.raises(VoiceError, match="add_blank yes must be a whole number"):
        read_sherpa_frontend(folder, {"add_blank": "yes"}, folder / "x.onnx")
