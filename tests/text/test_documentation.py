"""The tables of docs/guides/text.md say what is read how."""

from pathlib import Path

import pytest

from vits.text import normalize

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "text.md"


def rows(heading):
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in section.splitlines() if line[:2] == "| "][1:]


CASES = [("en-us", *row[1:]) for row in rows("What is read how")]
CASES += [tuple(row[1:]) for row in rows("Other languages")]


@pytest.mark.parametrize(("language", "written", "spoken"), CASES)
def test_table(language, written, spoken):
    forms = [normalize(form, language) for form in written.split(" · ")]
    assert forms == spoken.split(" · ")
