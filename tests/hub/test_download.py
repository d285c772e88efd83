import pytest

from vits.errors import MissingFileError, VoiceError
from vits.hub.download import choose_files
from vits.hub.names import parse_name


def choose(*files, name="hf://a/b"):
    return choose_files(files, parse_name(name))


def test_settings_and_weights_are_chosen():
    files = ("config.json", "vocab.json", "model.safetensors", "vocab.txt")
    others = ("README.md", "pytorch_model.bin", "run.py", "x/model.safetensors", "G_1.pth")
    assert choose(*files, *others) == sorted(files)


def test_a_graph_is_chosen_where_there_are_no_tensors():
    assert choose("x.onnx", "x.onnx.json", "x.ckpt") == ["x.onnx", "x.onnx.json"]
    assert choose("model.onnx", "model_q.onnx", "a.json") == ["a.json", "model.onnx"]
    assert choose("model.onnx", "model.safetensors") == ["model.safetensors"]
    with pytest.raises(VoiceError, match=r"has 2 graphs; fetch one yourself, e\.g\. a\.onnx"):
        choose("a.onnx", "b.onnx")


def test_a_repository_of_sherpas_has_its_tables_and_rounded_copies():
    files = ["en_US-x.onnx", "lexicon.txt", "tokens.txt"]
    others = ["en_US-x.int8.onnx", "en_US-x.fp16.onnx", "README.md", "espeak-ng-data/en_dict"]
    assert choose(*files, *others) == files
    assert choose("x.int8.onnx", "tokens.txt") == ["tokens.txt", "x.int8.onnx"]


def test_a_voice_of_pipers_has_a_folder():
    inside = "en/en_US/ada/low/en_US-ada-low.onnx"
    chosen = choose(inside, f"{inside}.json", "voices.json", name="en_US-ada-low")
    assert chosen == [inside, f"{inside}.json"]
    with pytest.raises(MissingFileError, match="has no voice en_US-eve-low"):
        choose(inside, name="en_US-eve-low")


@pytest.mark.parametrize("pickle", ["model.pth", "pytorch_model.bin", "x.ckpt", "x.pt", "x.pkl"])
def test_pickles_alone_are_refused(pickle):
    with pytest.raises(VoiceError, match=f"as {pickle} only"):
        choose("config.json", pickle)


def test_a_repository_without_weights_is_no_voice():
    with pytest.raises(VoiceError, match="holds no voice"):
        choose("config.json", "README.md")
