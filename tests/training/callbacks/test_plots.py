import pytest

from vits.training.callbacks.plots import curve_figure


@pytest.mark.parametrize("count", [1, 3, 4, 6])
def test_every_curve_has_a_panel_and_no_panel_is_empty(count):
    curves = {f"curve {i}": ([1, 2], [0.5, 0.25]) for i in range(count)}
    titles = [axes.get_title() for axes in curve_figure(curves).axes]
    assert titles == list(curves)
