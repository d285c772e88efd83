"""How good a voice is, with a report, and which texts a voice finds wrong for their audio."""

from vits.evaluation.evaluate import evaluate, measure_recordings
from vits.evaluation.judges.naturalness import DnsMos, Predictor, load_predictor
from vits.evaluation.judges.recogniser import PocketSphinx, Recogniser, load_recogniser
from vits.evaluation.results import Summary, Take, summarise
from vits.evaluation.score import Score, score
from vits.evaluation.test_set import Item, read_material

__all__ = [
    "DnsMos",
    "Item",
    "PocketSphinx",
    "Predictor",
    "Recogniser",
    "Score",
    "Summary",
    "Take",
    "evaluate",
    "load_predictor",
    "load_recogniser",
    "measure_recordings",
    "read_material",
    "score",
    "summarise",
]
