"""The quantile is numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stats.linear_quantile import linear_quantile

samples = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@given(samples, st.floats(0, 1))
def test_a_quantile_is_that_of_numpy(values: list[float], share: float) -> None:
    expected = float(np.quantile(values, share))
    assert linear_quantile(values, share) == pytest.approx(expected, rel=1e-9, abs=1e-6)
