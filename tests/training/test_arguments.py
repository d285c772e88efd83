"""The command line of a run: kinds, files over files, old keys, and errors that name the key."""

import pytest

from vits.config import ConvNextConfig, IstftConfig, StochasticDurationConfig, VitsConfig
from vits.errors import ConfigError
from vits.training.arguments import module_class, read_arguments


def kinds(words, base=None):
    """Return the dataclasses that the parser is built with."""
    config = module_class(read_arguments(words), base).__init__.__annotations__["config"]
    return config().duration_predictor, config.__annotations__["decoder"]


@pytest.fixture
def write(tmp_path):
    def run(name, text):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return run


def test_a_later_word_wins_and_files_are_merged(write):
    first = write("a.yaml", "model: {config: {decoder: {kind: istft, channels: 3}}, x: 1}")
    second = write("b.yaml", "model: {config: {decoder: {channels: 4}}}")
    words = ["-c", first, f"--config={second}", "--model.config.decoder.kind", "convnext"]
    read = read_arguments([*words, "--model.config.decoder.n_blocks=2", "--trainer.x", "-1"])
    assert read.get("model.config.decoder") == {"kind": "convnext", "channels": 4, "n_blocks": 2}
    assert (read.get("model.x"), read.get("trainer.x"), read.get("no.such", 5)) == (1, -1, 5)
    assert read.words == [*words, "--model.config.decoder.n_blocks=2", "--trainer.x", "-1"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 1e-3), ("3", 3), ("[1, 2]", [1, 2]), ("null", None), ("a: [", "a: [")],
)
def test_values_are_read_as_numbers_and_lists(text, value):
    assert read_arguments(["--a.b", text]).get("a.b") == value


def test_the_kinds_are_those_that_are_named_or_the_bases_or_the_originals():
    assert kinds([])[1].kind == "hifigan"
    assert kinds(["--model.config.decoder.kind=istft"])[1] is IstftConfig
    base = VitsConfig(decoder=ConvNextConfig())
    assert kinds([], base)[1] is ConvNextConfig
    assert kinds([], base)[0] == StochasticDurationConfig()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model.config.decoder.kind", "x"], "model.config.decoder.kind 'x' must be one of"),
        (
            ["--model.config.decoder.n_bands", "2"],
            "model.config.decoder.n_bands has no effect with kind 'hifigan'",
        ),
        (
            ["--model.training.mel_weight", "3"],
            "--model.training.mel_weight is now --model.training.loss_weights.mel",
        ),
        (
            ["--model.training.alignment=data"],
            "--model.training.alignment is now --model.training.alignment.source",
        ),
    ],
)
def test_an_error_names_the_key(words, message):
    with pytest.raises(ConfigError, match=message):
        module_class(read_arguments(words))


def test_a_file_with_old_keys_is_translated_with_one_line(write):
    path = write("old.yaml", "model: {training: {kl_weight: 2.0, alignment: data, seed: 3}}")
    read = read_arguments(["-c", path])
    assert read.words[0] == "-c"
    assert read.get("model.training") == {
        "seed": 3,
        "loss_weights": {"kl": 2.0},
        "alignment": {"source": "data"},
    }
    (line,) = read.renamed
    assert line.endswith("kl_weight is loss_weights.kl, alignment is alignment.source")


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", ""])
def test_what_is_wrong_with_a_file_is_left_to_the_parser(write, text):
    path = write("bad.yaml", text)
    assert read_arguments(["-c", path, "-c", "missing.yaml"]).words[:2] == ["-c", path]
