"""Arguments and help of `vits finetune`."""

import pytest

from vits.cli import main


@pytest.mark.parametrize(
    "arguments",
    [[], ["voice"], ["-c", "a.yaml", "voice", "data"], ["voice", "--data.workers", "0"]],
)
def test_voice_and_data_come_first(arguments, capsys):
    assert main(["finetune", *arguments]) == 2
    line = capsys.readouterr().err
    assert line.startswith("vits: error: VOICE and DATA must come first: vits finetune VOICE DATA")


def test_the_help_lists_voice_data_and_every_option(capfd):
    with pytest.raises(SystemExit) as stop:
        main(["finetune", "--help"])
    assert not stop.value.code
    shown = capfd.readouterr().out
    assert shown.startswith("usage: vits finetune VOICE DATA [options]")
    for option in ("--data.replay_share", "--data.speaker", "--data.add_speakers"):
        assert option in shown
    for option in ("--model.training.freeze", "--model.training.adversarial.warmup_steps"):
        assert option in shown
    assert "--checkpoint.patience" in shown
    assert "--data.train" in shown
