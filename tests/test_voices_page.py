import re

import pytest

from vits.synthesis import write_voice


@pytest.fixture
def page(root):
    return (root / "docs" / "guides" / "voices.md").read_text(encoding="utf-8")


def test_the_python_on_the_page_runs(page, make_bundle, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_voice("voices/ada", make_bundle())
    write_voice("voices/duo", make_bundle(["ada", "bob"]))
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/guides/voices.md", "exec"), {})
    assert (tmp_path / "morning.wav").stat().st_size > 1000
    assert (tmp_path / "bob.wav").stat().st_size > 1000
    assert "Good" in capsys.readouterr().out
