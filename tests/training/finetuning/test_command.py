"""``vits finetune`` as a user runs it: what wins, what it prints, going on, and what it refuses."""

import shutil

import pytest
import torch
import yaml

from vits.cli import main
from vits.config import to_dict


def load(path):
    return torch.load(path, weights_only=True)


def test_command_line_wins_over_file_over_checkpoint(duo, more, tune, tuned, tmp_path):
    path = tmp_path / "more.yaml"
    path.write_text(yaml.safe_dump({"model": {"training": {"betas": [0.7, 0.98], "eps": 1e-7}}}))
    status, _, line = tune(
        duo.checkpoint, more, "-c", path, "--model.training.optimizer.eps", "1e-6"
    )
    assert status == 0, line
    kept = load(tuned)
    recipe = kept["vits"]["training"]["optimizer"]
    assert recipe["learning_rate"] == 3e-3  # the checkpoint's
    assert recipe["decay"] == 0.9
    assert recipe["betas"] == [0.7, 0.98]  # the file's
    assert recipe["eps"] == 1e-6  # the command line's
    assert kept["vits"]["model"]["hidden_channels"] == 24
    groups = [state["param_groups"][0] for state in kept["optimizer_states"]]
    assert [group["eps"] for group in groups] == [1e-6, 1e-6]


def test_rates_start_anew_and_moments_go_on(duo, more, tune, tuned):
    assert tune(duo.checkpoint, more, "--model.training.optimizer.decay_steps", 1)[0] == 0
    kept = load(tuned)
    assert kept["global_step"] == 2
    for state in kept["optimizer_states"]:
        assert state["param_groups"][0]["lr"] == pytest.approx(3e-3 * 0.9**2)
        assert max(float(entry["step"]) for entry in state["state"].values()) == 5


def test_new_discriminators_are_warmed_up(duo, more, tune, tuned):
    status, shown, _ = tune(duo.voice, more)
    assert status == 0
    assert "discriminators: new" in shown
    assert "warm-up: from step 0 to 1000 the discriminators train alone" in shown
    assert "the generator does not train in a run of 2 steps" in shown
    kept, base = load(tuned), load(duo.checkpoint)["vits"]["ema"]
    for name, value in base.items():
        assert torch.equal(kept["state_dict"][f"generator.{name}"][: len(value)], value)


def test_a_checkpoints_discriminators_go_on(duo, more, tune, tuned):
    status, shown, _ = tune(duo.checkpoint, more, "--trainer.max_steps", 0)
    assert status == 0
    assert "discriminators: the checkpoint's" in shown
    assert "warm-up" not in shown
    kept = load(tuned)
    assert all(state["state"] for state in kept["optimizer_states"])
    kept, base = kept["state_dict"], load(duo.checkpoint)["state_dict"]
    judges = [name for name in base if name.startswith("discriminators.")]
    assert len(judges) > 0
    for name in judges:
        assert torch.equal(kept[name], base[name])


def test_old_and_new_speakers_speak(duo, more, tune, tuned, tmp_path):
    assert tune(duo.checkpoint, more)[0] == 0
    voice = tmp_path / "voice"
    assert main(["bundle", str(tuned), "-o", str(voice)]) == 0
    for speaker in ("anna", "bert", "carla", "dora"):
        out = tmp_path / f"{speaker}.wav"
        arguments = ["say", "abcxé", "-o", str(out), "--voice", str(voice), "--seed", "1"]
        assert main([*arguments, "--speaker", speaker]) == 0
        assert out.stat().st_size > 44


@pytest.mark.slow
def test_going_on_is_the_uninterrupted_run_and_needs_no_voice(
    duo, more, tune, tmp_path, duo_corpus
):
    whole, halves = tmp_path / "whole", tmp_path / "half"
    voice = shutil.copytree(duo.voice.parent / "run", tmp_path / "base")
    options = ("--data.replay", duo_corpus, "--data.replay_share", "0.5", "--data.workers", "1")
    options += ("--model.training.seed", "5", "--model.training.adversarial.warmup_steps", "1")
    root = "--trainer.default_root_dir"
    saves = ("--checkpoint.every_n_steps", 2, "--checkpoint.keep_last", 2)
    assert tune(voice, more, *options, *saves, root, whole, "--trainer.max_steps", 4)[0] == 0
    (halves / "checkpoints").mkdir(parents=True)
    shutil.copy(whole / "checkpoints/step-0000002.ckpt", halves / "checkpoints")
    shutil.rmtree(voice)
    again = ("--resume", "auto", "--trainer.max_steps", 4)
    # the recipe is the run's own: seed and warm-up need not be said again
    status, shown, line = tune(voice, more, *options[:6], root, halves, *again)
    assert status == 0, line
    assert "fine-tuning" not in shown  # nothing is grown a second time
    first, second = (load(folder / "checkpoints/last.ckpt") for folder in (whole, halves))
    assert first["global_step"] == second["global_step"] == 4
    assert first["vits"]["training"] == second["vits"]["training"]
    for name, value in first["state_dict"].items():
        assert torch.equal(value, second["state_dict"][name]), name
    for name, value in first["vits"]["ema"].items():
        assert torch.equal(value, second["vits"]["ema"][name]), name
    for one, other in zip(first["optimizer_states"], second["optimizer_states"], strict=True):
        for i, state in one["state"].items():
            for key, value in state.items():
                assert torch.equal(value, other["state"][i][key])


def test_a_run_does_not_go_on_with_other_data(duo, more, duo_corpus, tune):
    assert tune(duo.checkpoint, duo_corpus)[0] == 0
    status, _, line = tune(duo.checkpoint, more, "--resume", "auto", "--trainer.max_steps", 4)
    assert status == 2
    assert "does not know the symbols 'x', 'y', 'é' of the data" in line


def test_an_old_run_is_not_written_over(duo, more, tune):
    assert tune(duo.checkpoint, more, "--trainer.max_steps", 0)[0] == 0
    status, _, line = tune(duo.checkpoint, more)
    assert status == 2
    assert "already has checkpoints" in line


@pytest.mark.slow
def test_what_no_weight_depends_on_may_change(duo, solo, more, tune, tuned):
    assert tune(duo.checkpoint, more, "--model.config.segment_frames", 10)[0] == 0
    assert load(tuned)["vits"]["model"]["segment_frames"] == 10
    shutil.rmtree(tuned.parents[1])
    options = ("--model.config.discriminator.periods", "[2]", "--model.config.speaker_channels", 5)
    status, _, line = tune(solo.voice, more, *options, "--trainer.max_steps", 0)
    assert status == 0, line
    state = load(tuned)["state_dict"]
    assert state["generator.speaker_embedding.weight"].shape == (4, 5)
    assert not any(name.startswith("discriminators.members.2") for name in state)


def test_a_file_for_the_same_model_fits(duo, more, tune, tmp_path, config):
    path = tmp_path / "model.yaml"
    path.write_text(yaml.safe_dump({"model": {"config": to_dict(config)}}))
    assert tune(duo.checkpoint, more, "-c", path, "--trainer.max_steps", 0)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model.config.hidden_channels", "48"), "hidden_channels 48 must equal the voice's 24"),
        (
            ("--model.config.discriminator.periods", "[2]"),
            "discriminator.periods [2] must equal the voice's [2, 3]",
        ),
        (("--model.config.audio.sample_rate", "16000"), "audio.sample_rate 16000 must equal"),
        (("--model.config.n_speakers", "7"), "n_speakers 7 must equal"),
        (("--model.config.n_layers", "7"), "n_layers"),
        (("--model.training.freeze", "all"), "freeze"),
        (("--data.replay_share", "1.5"), "replay_share 1.5"),
        (("--data.speaker", "zoe"), "speaker 'zoe' would name 3 speakers"),
        (("--resume", "/nowhere.ckpt"), "/nowhere.ckpt does not exist"),
    ],
)
def test_wrong_options_are_one_line(duo, more, tune, arguments, words):
    status, _, line = tune(duo.checkpoint, more, *arguments)
    assert status == 2
    assert line.startswith("vits: error: ")
    assert words in line


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("nowhere", "nowhere does not exist; name a voice folder, a checkpoint or"),
        ("empty", "empty is neither a voice (it lacks config.json, model.safetensors, card.json"),
        ("half", "half lacks model.safetensors, card.json"),
        ("damaged.ckpt", "damaged.ckpt is damaged, or not in the zip format"),
        ("other.ckpt", "put the voice's JSON, with its phoneme_id_map, beside the checkpoint"),
        ("odd.ckpt", "odd.ckpt: unknown key training.wobble"),
    ],
)
def test_what_is_no_voice_is_named(duo, more, tune, tmp_path, place, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "config.json").touch()
    (tmp_path / "damaged.ckpt").write_bytes(b"PK\x03\x04" + bytes(99))
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    values = load(duo.checkpoint)
    values["vits"]["training"]["wobble"] = 1
    torch.save(values, tmp_path / "odd.ckpt")
    status, _, line = tune(tmp_path / place, more)
    assert status == 2
    assert words in line


def test_data_that_is_none_is_named(duo, tune, tmp_path):
    status, _, line = tune(duo.voice, tmp_path / "nowhere")
    assert status == 2
    assert "nowhere is not a folder; make it with `vits prepare`" in line
