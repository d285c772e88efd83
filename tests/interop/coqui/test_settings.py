import pytest

from vits.errors import VoiceError
from vits.interop.coqui.format import FORMAT


def test_their_characters_stand_in_their_order(theirs):
    frontend = FORMAT.read(theirs).bundle.frontend
    assert frontend.symbols.symbols == ("_", "!", ",", " ", "a", "b", "ə", "<BLNK>")
    assert frontend.encode("ab a!").ids == (7, 4, 7, 5, 7, 3, 7, 4, 7, 1, 7)


def test_their_older_characters_have_the_blank_behind_the_pad(change, theirs):
    def edit(settings):
        settings["characters"] |= {
            "characters_class": "TTS.tts.utils.text.characters.Graphemes",
            "pad": "<PAD>",
            "eos": "<EOS>",
            "bos": "<BOS>",
            "characters": "ba",
            "punctuations": "! ",
            "phonemes": None,
        }

    change(theirs, edit)
    frontend = FORMAT.read(theirs).bundle.frontend
    assert frontend.symbols.symbols[:6] == ("<PAD>", "<EOS>", "<BOS>", "<BLNK>", "a", "b")
    assert frontend.encode("ab").ids == (3, 4, 3, 5, 3)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda s: s["model_args"].update(use_language_embedding=True), "use_language_embedding"),
        (lambda s: s["model_args"].update(use_d_vector_file=True), "use_d_vector_file cannot"),
        (lambda s: s["model_args"].update(hidden_channels=8), "hidden_channels is 8, but the"),
        (lambda s: s["model_args"].update(num_speakers=4), "num_speakers is 4, but the"),
        (lambda s: s["characters"].update(characters_class="os.system"), "'os.system' cannot be"),
        (lambda s: s["characters"].update(characters="abc"), "has 9 symbols, but the tensors"),
        (lambda s: s.update(text_cleaner="chinese_mandarin_cleaners"), "text_cleaner 'chinese"),
        (lambda s: s.update(use_phonemes=True, phonemizer="gruut"), "phonemizer 'gruut' cannot"),
        (lambda s: s.update(model="xtts"), "model 'xtts' cannot be converted"),
        (lambda s: s["audio"].update(hop_length=64), "hop_length 64 must equal"),
    ],
)
def test_what_cannot_be_carried_over_is_one_line(change, theirs, edit, message):
    change(theirs, edit)
    with pytest.raises(VoiceError, match=message) as caught:
        FORMAT.read(theirs)
    assert "\n" not in str(caught.value)


def test_what_their_trainer_writes_for_no_limit_is_read(change, theirs):
    change(theirs, lambda settings: settings.update(max_audio_len=float("inf")))
    assert "Infinity" in (theirs / "config.json").read_text()
    assert FORMAT.read(theirs).format == "coqui"
    change(theirs, lambda settings: settings["audio"].update(mel_fmax=float("inf")))
    with pytest.raises(VoiceError, match="mel_fmax 'Infinity' must be a number"):
        FORMAT.read(theirs)


@pytest.mark.parametrize(
    ("kind", "characters", "phonemes"),
    [("Graphemes", "ba", "xyz"), ("IPAPhonemes", "xyz", "ba"), ("IPAPhonemes", "ba", None)],
)
def test_each_class_takes_its_own_characters(change, theirs, kind, characters, phonemes):
    def edit(settings):
        settings["characters"] |= {
            "characters_class": f"TTS.tts.utils.text.characters.{kind}",
            "pad": "<PAD>",
            "eos": "<EOS>",
            "bos": "<BOS>",
            "characters": characters,
            "punctuations": "! ",
            "phonemes": phonemes,
        }

    change(theirs, edit)
    symbols = FORMAT.read(theirs).bundle.frontend.symbols.symbols
    assert symbols == ("<PAD>", "<EOS>", "<BOS>", "<BLNK>", "a", "b", "!", " ")
