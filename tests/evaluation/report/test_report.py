import json
from html.parser import HTMLParser

import pytest

from vits.errors import DataError, MissingFileError
from vits.evaluation.evaluators.language_model import CorpusCounts, LanguageModel
from vits.evaluation.report.report import write_report
from vits.evaluation.report.tables import to_figures
from vits.evaluation.results import Summary

BAD = "<script>alert('x')</script> & \"quotes\""
UTTERANCE = {
    "id",
    "text",
    "seconds",
    "heard",
    "word_errors",
    "words",
    "character_errors",
    "characters",
    "aligned",
    "naturalness",
    "mel_l1",
    "mcd",
    "real_time_factor",
}


class Page(HTMLParser):
    """Collects tags and text; scripts and styles apart."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.sources, self._inside = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._inside = tag if tag in ("script", "style") else ""
        self.sources += [value for name, value in attrs if name == "src"]

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if not self._inside:
            self.words.append(data)


@pytest.mark.parametrize(("n_voices", "recorded"), [(1, True), (2, False), (1, False)])
def test_the_page_escapes_everything_and_plays_what_is_there(
    comparison, tmp_path, n_voices, recorded
):
    page = write_report(tmp_path / "report", comparison(n_voices, recorded), plots=1)
    found = Page(page.read_text(encoding="utf-8"))
    blind = n_voices + recorded > 1
    assert found.tags.count("script") == blind
    assert BAD in "".join(found.words)
    assert found.sources
    assert all((page.parent / source).is_file() for source in found.sources)
    assert found.tags.count("img") == n_voices
    n_texts = 2 if recorded else 1
    assert found.tags.count("audio") == n_texts * (n_voices + recorded + 2 * blind)


def test_the_figures_have_exactly_these_keys(comparison, tmp_path):
    counted = CorpusCounts(sentences=3, left_out=1, words=20, unknown_words=2)
    shown = comparison(model=LanguageModel("text.txt", counted, 4, 30))
    write_report(tmp_path / "report", shown, plots=0)
    found = json.loads((tmp_path / "report" / "figures.json").read_text(encoding="utf-8"))
    assert found == json.loads(json.dumps(to_figures(shown), allow_nan=False))
    assert found.keys() == {
        *("format", "manifest", "recogniser", "naturalness", "language_model", "seed"),
        *("recordings", "voices", "best"),
    }
    assert found["language_model"] == {
        **{"file": "text.txt", "sentences": 3, "left_out": 1, "words": 20},
        **{"unknown_words": 2, "absent_words": 4, "texts": 30},
    }
    (voice,) = found["voices"]
    assert voice.keys() == {"name", "source", "training_steps", "score", "summary", "utterances"}
    assert voice["score"].keys() == {
        *("value", "intelligibility", "naturalness", "spectrum", "pitch", "rate"),
    }
    assert found["naturalness"] == "critic"
    assert voice["summary"]["naturalness"] == voice["utterances"][0]["naturalness"] == 3.5
    for part in (voice, found["recordings"]):
        assert part["summary"].keys() == set(Summary._fields)
        assert len(part["utterances"]) == 2
        assert all(row.keys() == UTTERANCE for row in part["utterances"])


def test_an_earlier_report_is_replaced_and_nothing_else(comparison, tmp_path):
    folder = tmp_path / "report"
    write_report(folder, comparison(), plots=0)
    assert len(list(folder.glob("audio/*/*.wav"))) == 4
    write_report(folder, comparison(recorded=False), plots=0)
    assert len(list(folder.glob("audio/*/*.wav"))) == 1
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary" / "today.txt").write_text("dear diary")
    for place, kind in (
        (tmp_path / "diary", DataError),
        (tmp_path / "diary" / "today.txt", DataError),
        (tmp_path / "no" / "report", MissingFileError),
    ):
        with pytest.raises(kind):
            write_report(place, comparison(recorded=False))
    assert [path.name for path in (tmp_path / "diary").iterdir()] == ["today.txt"]
