import pytest
import torch

from vits.errors import ConfigError, VoiceError
from vits.interop.full_voice import check_discriminators, require_droppable, wrap_errors


def test_all_parts_that_may_not_be_dropped_are_named():
    unsupported = {"lexicon": "it has none", "discriminators": "it has none"}
    require_droppable("x", unsupported, ["lexicon", "discriminators"])
    with pytest.raises(VoiceError, match=r"x cannot hold: discriminators .* --drop discriminators"):
        require_droppable("x", unsupported, ["lexicon"])


def test_discriminators_must_be_those_of_the_configuration(make_voice):
    voice = make_voice(discriminators=True)
    weights, config = voice.discriminators, voice.bundle.generator.config
    assert check_discriminators(weights, config, "x") == weights
    name = "members.1.post.bias"
    others = {key: value for key, value in weights.items() if key != name}
    for changed, message in (
        (others, f"x lacks tensor {name}"),
        ({**weights, "more": torch.ones(1)}, "x has the unknown tensor more"),
        ({**others, name: torch.ones(2)}, rf"{name} .* is \(2,\), but must be \(1,\)"),
        ({**others, name: torch.tensor([torch.nan])}, "NaN or infinite values"),
    ):
        with pytest.raises(VoiceError, match=message):
            check_discriminators(changed, config, "x")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ConfigError("bad value"), "x.json: bad value"),
        (ConfigError("x.json: bad value"), "x.json: bad value"),
        (KeyError("a"), "x.json is damaged: KeyError: 'a'"),
        (RuntimeError("two\nlines"), "x.json is damaged: RuntimeError: two lines"),
    ],
)
def test_errors_name_the_file_once_and_are_one_line(error, message):
    def fail():
        raise error

    with pytest.raises(VoiceError) as caught:
        wrap_errors("x.json", fail)
    assert str(caught.value) == message
    assert wrap_errors("x.json", lambda: 3) == 3
