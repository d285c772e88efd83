"""The journal of a creation."""

import json

import pytest

from vits.cli.creation import journal
from vits.cli.creation.journal import Journal, digest, listing
from vits.errors import DataError


@pytest.fixture
def time(monkeypatch):
    """A clock that stands still until it is set."""
    now = [100.0]
    monkeypatch.setattr(journal.time, "monotonic", lambda: now[0])
    return now


def test_results_are_found_again_with_the_same_inputs_only(tmp_path):
    Journal(tmp_path / "j.json").finish("check", "a", {"left_out": 3})
    again = Journal(tmp_path / "j.json")
    assert again.facts("check", "a") == again.facts("check") == {"left_out": 3}
    assert again.facts("check", "b") is None
    assert again.facts("train") is None


def test_time_adds_up_over_starts_up_to_the_last_save(tmp_path, time):
    first = Journal(tmp_path / "j.json")
    time[0] += 7
    first.save()
    time[0] += 1000  # between the starts, or lost by a kill
    second = Journal(tmp_path / "j.json")
    assert second.seconds == 7
    time[0] += 2
    second.save()
    assert (second.seconds, Journal(tmp_path / "j.json").seconds) == (9, 9)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}'])
def test_a_damaged_file_is_an_error_and_stays(tmp_path, text):
    (tmp_path / "j.json").write_text(text)
    with pytest.raises(DataError, match="is not a journal"):
        Journal(tmp_path / "j.json")
    assert (tmp_path / "j.json").read_text() == text


def test_a_later_format_is_an_error(tmp_path):
    values = {"format": 2, "seconds": 0, "stages": {}}
    (tmp_path / "j.json").write_text(json.dumps(values))
    with pytest.raises(DataError, match="has format 2, not 1"):
        Journal(tmp_path / "j.json")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    kept = Journal(tmp_path / "j.json")
    kept.finish("check", "a", {})
    before = (tmp_path / "j.json").read_bytes()
    with pytest.raises(TypeError):
        kept.finish("train", "b", {"value": object()})
    assert (tmp_path / "j.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["j.json"]


def test_a_listing_notices_every_change_of_a_file(tmp_path):
    (tmp_path / "a").write_text("one")
    seen = [listing(tmp_path)]
    (tmp_path / "a").write_text("three")
    seen.append(listing(tmp_path))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").touch()
    seen.append(listing(tmp_path))
    (tmp_path / "a").rename(tmp_path / "d")
    seen.append(listing(tmp_path))
    assert len({digest(one) for one in seen}) == 4
    assert listing(tmp_path / "d")[0][:2] == [".", 5]
