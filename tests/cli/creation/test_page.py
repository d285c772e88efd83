"""The report page of a creation."""

import pytest

from vits.cli.creation.page import advice, write_page

PREPARED = {"utterances": 100, "rejected": 0}
CHECKED = {"seconds": 900, "signal_to_noise": 40, "left_out": 0}
TRAINED = {"expired": False, "gains": [(20, 0.5), (40, -0.25)]}


@pytest.mark.parametrize(
    ("group", "change", "words"),
    [
        (1, {"seconds": 90}, "there are 1.5 minutes"),
        (1, {"signal_to_noise": 12}, "12 dB signal to noise"),
        (1, {"left_out": 11}, "11 recordings were not used"),
        (0, {"rejected": 40}, "40 recordings were not used"),
        (2, {"expired": True}, "more --minutes"),
    ],
)
def test_each_weakness_has_its_advice(group, change, words):
    facts = [PREPARED, CHECKED, TRAINED]
    facts[group] = facts[group] | change
    (line,) = advice(*facts)
    assert words in line


def test_the_page_names_stages_gains_and_advice_and_escapes_them(tmp_path):
    stages = [("prepare", "3 rows <b>"), ("train", "40 steps")]
    page = write_page(tmp_path, "R & D", stages, TRAINED, ["Record <more>."])
    text = page.read_text(encoding="utf-8")
    for part in ("R &amp; D", "3 rows &lt;b&gt;", "Record &lt;more&gt;.", "-0.2500 to step 40"):
        assert part in text
    assert "report/report.html" not in text
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.html").touch()
    page = write_page(tmp_path, "me", stages, {"gains": []}, [])
    assert "report/report.html" in page.read_text(encoding="utf-8")
