import pytest

from vits.evaluation.report.tables import ROWS, show, table
from vits.evaluation.results import Summary


def test_every_figure_is_in_the_table(comparison):
    assert {field for field, _, _ in ROWS} | {"utterances"} == set(Summary._fields)
    rows = table(comparison())
    assert len({len(row) for row in rows}) == 1
    assert rows[0][:2] == ["", "recordings"]
    assert {row[0] for row in rows} >= {"word error rate", "mel-cepstral distortion"}
    alone = [row[0] for row in table(comparison(recorded=False))]
    assert "mel-cepstral distortion" not in alone


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "%", "–"),
        (0.2157, "%", "21.6 %"),
        (0.0643, "ms", "64 ms"),
        (6.937, "dB", "6.94 dB"),
        (0.0421, "3", "0.042"),
        (44, "", "44"),
    ],
)
def test_figures_are_shown_with_their_unit(value, unit, text):
    assert show(value, unit) == text
