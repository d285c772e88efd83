import pytest

from vits.evaluation import Item, evaluate, measure_recordings
from vits.evaluation.comparison import VoiceComparison, summarise_voice
from vits.evaluation.evaluate import Evaluators

BAD = "<script>alert('x')</script> & \"quotes\""


class Critic:
    def rate(self, samples, sample_rate):
        return 3.5


@pytest.fixture
def comparison(voice, items, parrot, steady_pitch):
    def make(n_voices=1, recorded=True, **changes):
        evaluators = Evaluators(recogniser=parrot, predictor=Critic())
        texts = items if recorded else [Item(BAD, f"Good night {BAD}.")]
        recordings = tuple(measure_recordings(items, evaluators)) if recorded else ()
        voices = []
        for number in range(n_voices):
            spoken = tuple(evaluate(voice, texts, evaluators, recordings or None, seed=number))
            voices.append(summarise_voice(f"voice {BAD}{number}", BAD, 7, spoken, recordings))
        parts = {"manifest": BAD, "recogniser": "parrot", "predictor": "critic", "seed": 1}
        return VoiceComparison(**(parts | changes), recordings=recordings, voices=tuple(voices))

    return make
