"""Tiny voices, in memory and on the disk."""

import pytest

from vits.synthesis import Voice, write_voice


@pytest.fixture
def frontend(make_bundle):
    return make_bundle().frontend


@pytest.fixture
def voice(make_bundle):
    return Voice(make_bundle())


@pytest.fixture
def duo(make_bundle):
    return Voice(make_bundle(["ada", "bob"]))


@pytest.fixture
def sung(make_pitched):
    """A voice with pitch."""
    return Voice(make_pitched())


@pytest.fixture
def voice_folder(make_bundle, tmp_path):
    return write_voice(tmp_path / "voice", make_bundle())
