import os

import pytest
import torch

from vits.cli import main
from vits.cli.base_voice import read_base
from vits.synthesis import load, read_voice


@pytest.fixture(scope="module")
def checkpoint(make_bundle, checkpoint_values, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "checkpoints" / "step=42.ckpt"
    path.parent.mkdir()
    torch.save(checkpoint_values(make_bundle(), step=42, ema=True), path)
    return path


@pytest.fixture
def bundle(capsys):
    def run(*arguments):
        status = main(["bundle", *map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_a_checkpoint_becomes_a_voice_that_speaks(bundle, checkpoint, tmp_path):
    details = ["--name", "Ada", "--licence", "CC0-1.0", "--origin", "us", "--description", "calm"]
    status, out, err = bundle(checkpoint, "-o", tmp_path / "ada", *details)
    assert (status, err) == (0, "")
    assert out.count("\n") == 1
    for part in (str(tmp_path / "ada"), "Ada", "42", "moving average", str(checkpoint)):
        assert part in out
    card = read_voice(tmp_path / "ada").card
    assert (card.name, card.licence, card.origin, card.description) == (
        "Ada",
        "CC0-1.0",
        "us",
        "calm",
    )
    assert (card.training_steps, card.dataset, card.averaged) == (42, "corpus", True)
    assert load(tmp_path / "ada")("hello.").seconds > 0


def test_a_run_folder_gives_its_newest_checkpoint(bundle, checkpoint, tmp_path):
    run = checkpoint.parents[1]
    old = run / "old.ckpt"
    old.write_bytes(b"an old one, and damaged")
    os.utime(old, (1, 1))
    status, out, _ = bundle(run, "-o", tmp_path / "ada", "--no-ema")
    assert status == 0
    assert str(checkpoint) in out
    assert "last weights" in out
    assert not read_voice(tmp_path / "ada").card.averaged


def test_a_voice_speaks_as_the_bundle_says(bundle, checkpoint, tmp_path):
    options = ("--noise-scale", "0.3", "--noise-scale-duration", "0", "--length-scale", "2")
    assert bundle(checkpoint, "-o", tmp_path / "ada", *options)[0] == 0
    how = read_voice(tmp_path / "ada").settings
    assert (how.noise_scale, how.noise_scale_duration, how.length_scale) == (0.3, 0.0, 2.0)
    assert how.sentence_silence == 0.2
    status, _, err = bundle(checkpoint, "-o", tmp_path / "bob", "--length-scale", "0")
    assert (status, err.count("\n")) == (2, 1)
    assert "length_scale 0.0 must" in err
    assert not (tmp_path / "bob").exists()


def test_force_replaces_a_voice(bundle, checkpoint, tmp_path):
    assert bundle(checkpoint, "-o", tmp_path / "ada")[0] == 0
    status, out, err = bundle(checkpoint, "-o", tmp_path / "ada", "--name", "Bob")
    assert (status, out) == (2, "")
    assert "--force" in err
    assert bundle(checkpoint, "-o", tmp_path / "ada", "--name", "Bob", "--force")[0] == 0
    assert read_voice(tmp_path / "ada").card.name == "Bob"


def test_bad_input_is_one_line_and_status_2(bundle, checkpoint, tmp_path):
    half = tmp_path / "half.ckpt"
    half.write_bytes(checkpoint.read_bytes()[:-1000])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").write_text("dear diary")
    for source, target, word in (
        (tmp_path / "nowhere.ckpt", "voice", "does not exist"),
        (half, "voice", "incomplete"),
        (tmp_path / "full", "voice", ".ckpt"),
        (checkpoint, "full", "not a voice"),
        (checkpoint, "half.ckpt", "is a file"),
    ):
        status, out, err = bundle(source, "-o", tmp_path / target)
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
        assert word in err
    assert not (tmp_path / "voice").exists()


def test_a_compact_voice_is_smaller_and_speaks(bundle, checkpoint, tmp_path):
    bundle(checkpoint, "-o", tmp_path / "whole")
    status, _, _ = bundle(checkpoint, "-o", tmp_path / "compact", "--compact")
    assert status == 0
    sizes = [(tmp_path / n / "model.safetensors").stat().st_size for n in ("compact", "whole")]
    assert sizes[0] < 0.5 * sizes[1]
    assert len(load(tmp_path / "compact")("hello", seed=1).samples) > 0
    assert [read_base(str(tmp_path / n)).is_compact for n in ("compact", "whole")] == [True, False]


def test_a_file_completes_the_card(bundle, checkpoint, tmp_path):
    path = tmp_path / "card.json"
    path.write_text('{"hardware": "two CPUs", "hours": 2, "figures": {"errors": 0.25}}')
    status, _, _ = bundle(checkpoint, "-o", tmp_path / "ada", "--name", "Ada", "--card", path)
    card = read_voice(tmp_path / "ada").card
    assert (status, card.name, card.hardware, card.hours) == (0, "Ada", "two CPUs", 2.0)
    assert card.figures == {"errors": 0.25}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        ("{", "is not valid JSON"),
        ("[]", "must be a JSON object"),
        ('{"age": 3}', "unknown key card.age"),
        ('{"figures": {"errors": "few"}}', "card.figures.errors 'few' must be of type float"),
        ('{"figures": 3}', "card.figures 3 must be a mapping"),
    ],
)
def test_a_bad_card_is_one_line(bundle, checkpoint, tmp_path, content, message):
    path = tmp_path / "card.json"
    if content is not None:
        path.write_text(content)
    status, _, err = bundle(checkpoint, "-o", tmp_path / "ada", "--card", path)
    assert (status, err.count("\n")) == (2, 1)
    assert message in err
    assert not (tmp_path / "ada").exists()
