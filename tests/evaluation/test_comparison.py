from vits.evaluation import score, summarise
from vits.evaluation.comparison import VoiceComparison, summarise_voice
from vits.evaluation.evaluate import EvaluatedUtterance


def evaluated(metrics):
    return [EvaluatedUtterance(one, None, None, None) for one in metrics]


def compare(voices, recordings):
    return VoiceComparison("texts", "recogniser", "predictor", 1, tuple(recordings), tuple(voices))


def test_a_voice_is_summarised_and_scored(spoken_metrics, recorded_metrics):
    utterances, recordings = evaluated(spoken_metrics), evaluated(recorded_metrics)
    voice = summarise_voice("ada", "voices/ada", 7, utterances, recordings)
    assert voice.metrics == tuple(spoken_metrics)
    summaries = summarise(spoken_metrics, recorded_metrics), summarise(recorded_metrics)
    assert voice.score == score(*summaries)
    assert compare([voice], recordings).recordings_summary == summaries[1]
    assert compare([voice], []).recordings_summary is None


def test_the_best_voice_has_the_lowest_score(spoken_metrics, recorded_metrics):
    recordings = evaluated(recorded_metrics)
    spoken = summarise_voice("spoken", "", 1, evaluated(spoken_metrics), recordings)
    copy = summarise_voice("copy", "", 1, recordings, recordings)
    assert compare([spoken, copy], recordings).best is copy
    unmeasured = [one._replace(recognition=None) for one in recorded_metrics]
    silent = summarise_voice("silent", "", 1, evaluated(unmeasured), [])
    assert compare([silent], []).best is None
