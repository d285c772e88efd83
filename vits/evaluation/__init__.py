"""Evaluate voices and write a report; align corpora and score their texts."""

from vits.evaluation.evaluate import evaluate, measure_recordings
from vits.evaluation.evaluators.naturalness import DistillMos, DnsMos, Predictor, load_predictor
from vits.evaluation.evaluators.recogniser import PocketSphinx, Recogniser, load_recogniser
from vits.evaluation.results import Summary, UtteranceMetrics, summarise
from vits.evaluation.score import Score, score
from vits.evaluation.test_set import Item, read_test_set

__all__ = [
    "DistillMos",
    "DnsMos",
    "Item",
    "PocketSphinx",
    "Predictor",
    "Recogniser",
    "Score",
    "Summary",
    "UtteranceMetrics",
    "evaluate",
    "load_predictor",
    "load_recogniser",
    "measure_recordings",
    "read_test_set",
    "score",
    "summarise",
]
