"""The table of docs/guides/text.md says what is read how."""

from pathlib import Path

import pytest

from vits.text import normalize

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "text.md"
TABLE = PAGE.read_text(encoding="utf-8").split("## What is read how")[1].split("## ")[0]
ROWS = [line.strip("| ").split(" | ") for line in TABLE.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize(("written", "spoken"), [row[1:] for row in ROWS])
def test_table(written, spoken):
    forms = [normalize(form, "en-us") for form in written.split(" · ")]
    assert forms == spoken.split(" · ")
