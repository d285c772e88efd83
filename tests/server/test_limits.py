"""Limits of a server are checked."""

from dataclasses import fields

import pytest

from vits.errors import ConfigError
from vits.server.limits import ServerLimits

MAY_BE_ZERO = ("per_client", "connections_per_client", "batch_wait")


@pytest.mark.parametrize("name", [field.name for field in fields(ServerLimits)])
@pytest.mark.parametrize("value", [-1, 0, float("nan"), float("inf")])
def test_a_limit_out_of_range_is_named(name, value):
    if value == 0 and name in MAY_BE_ZERO:
        assert getattr(ServerLimits(**{name: value}), name) == 0
    else:
        with pytest.raises(ConfigError, match=f"{name} .* must be"):
            ServerLimits(**{name: value})


def test_the_longest_text_fits_into_the_body_however_it_is_escaped():
    import json

    limits = ServerLimits(characters=100)
    assert len(json.dumps({"model": "tiny", "input": "😀" * 100})) <= limits.body
