"""The judges that a creation chooses."""

import pytest

import vits.evaluation
from vits.cli.creation.stages import judges
from vits.errors import ConfigError, MissingExtraError


@pytest.mark.parametrize(
    ("language", "absent", "chosen"),
    [
        ("en-gb", [], ("whisper", "distill-mos")),
        ("en-us", ["whisper", "distill-mos"], ("pocketsphinx", "dnsmos")),
        ("nl", [], ("none", "distill-mos")),
        ("en-us", ["whisper", "pocketsphinx", "distill-mos", "dnsmos"], ("none", "none")),
    ],
)
def test_the_best_judges_that_can_be_loaded_are_chosen(monkeypatch, language, absent, chosen):
    def load(name):
        if name in absent:
            error = ConfigError if name == "whisper" else MissingExtraError
            raise error(f"{name} is not here")

    for function in ("load_recogniser", "load_predictor"):
        monkeypatch.setattr(vits.evaluation, function, load)
    assert judges(language) == chosen
