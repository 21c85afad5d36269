"""A logarithmic scale has numbers to read it by, however small its range."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.report.chart_specs import equity_spec, growth_y, style
from bot.report.palette import PICTURE
from bot.report.vega import svg


@given(st.floats(1e-6, 1e9), st.floats(3.01, 1000))
def test_a_logarithmic_scale_has_three_numbers_inside_its_range_and_no_crowd(
    low: float, ratio: float
) -> None:
    axis = growth_y("value", "~s", [low, low * ratio])["axis"]
    assert 3 <= len(axis["values"]) <= axis["tickCount"]
    assert all(low <= one <= low * ratio for one in axis["values"])


@pytest.mark.parametrize("low", [5300.0, 8900.0, 9990.0])
def test_a_small_logarithmic_range_is_drawn_with_three_numbers_or_more(low: float) -> None:
    pytest.importorskip("vl_convert", reason="needs the charting library (report extra)")
    values = [low, 3.2 * low]
    spec = equity_spec(["this strategy"], values, PICTURE) | {"width": 600}
    rows = [{"t": n * 86_400_000, "name": "this strategy", "value": value}
            for n, value in enumerate(values)]  # fmt: skip
    drawn = svg(spec | {"config": style(PICTURE), "datasets": {"equity": rows}}).decode()
    assert len(re.findall(r">\d+(?:\.\d)?k<", drawn)) >= 3
