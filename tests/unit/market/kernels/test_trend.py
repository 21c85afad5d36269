"""Moving average, price channel and the trend they give."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bot.market.kernels.trend import donchian_mid, ema, trend


def test_ema_vector() -> None:
    values = [10.0, 11.0, 12.0, 11.0, 13.0, 14.0]
    found = [ema(values[:n], 3) for n in range(1, 7)]
    assert all(math.isnan(value) for value in found[:2])
    assert found[2:] == pytest.approx([11.0, 11.0, 12.0, 13.0], rel=1e-12)


def plain_ema(values: list[float], span: int) -> float:
    weight = 2 / (span + 1)
    value = math.fsum(values[:span]) / span
    for v in values[span:]:
        value = weight * v + (1 - weight) * value
    return value


def digits10(value: float) -> float:
    return float(f"{value:.9e}")


def plain_trend(highs: list[float], lows: list[float], closes: list[float]) -> int:
    fast, slow = digits10(plain_ema(closes, 24)), digits10(plain_ema(closes, 96))
    mid = digits10((max(highs[-49:-1]) + min(lows[-49:-1])) / 2)
    if fast > slow and closes[-1] > mid:
        return 1
    return -1 if fast < slow and closes[-1] < mid else 0


def check_against_plain(bars: Any, step: int) -> set[int]:
    seen = set()
    for first in range(0, len(bars.closes) - 384, step):
        w = bars.part(first, first + 384)
        expected = plain_trend(w.highs, w.lows, w.closes)
        assert trend(w.highs, w.lows, w.closes) == expected
        assert ema(w.closes, 24) == pytest.approx(plain_ema(w.closes, 24), rel=1e-9)
        seen.add(expected)
    return seen


def test_random_markets_match_the_plain_definition(synthetic: Any) -> None:
    assert len(check_against_plain(synthetic, 7)) >= 2


def test_real_windows_match_the_plain_definition(real: Any) -> None:
    assert check_against_plain(real, 29) == {-1, 0, 1}


def test_lists_and_arrays_agree(synthetic: Any) -> None:
    for first in range(0, 600, 50):
        w = synthetic.part(first, first + 384)
        arrays = [np.array(w.highs), np.array(w.lows), np.array(w.closes)]
        assert trend(*arrays) == trend(w.highs, w.lows, w.closes)
        assert ema(arrays[2], 96) == ema(w.closes, 96)


def test_the_channel_leaves_the_current_bar_out() -> None:
    highs = [99.0, 5.0, 6.0, 7.0, 50.0]
    lows = [0.1, 4.0, 3.0, 5.0, 0.2]
    assert donchian_mid(highs, lows, 3) == 5.0
    assert donchian_mid(highs, lows, 4) == 0.5 * 99.1
    assert math.isnan(donchian_mid(highs, lows, 5))
    assert math.isnan(donchian_mid(highs, lows[1:], 3))
    assert math.isnan(donchian_mid(highs, lows, 0))


def ramp(bars: int, step: float) -> tuple[list[float], list[float], list[float]]:
    closes = [100.0 * math.exp(step * i) for i in range(bars)]
    return [c * 1.001 for c in closes], [c * 0.999 for c in closes], closes


def test_a_long_rise_is_up_and_a_long_fall_is_down() -> None:
    assert trend(*ramp(384, 0.001)) == 1
    assert trend(*ramp(384, -0.001)) == -1


def test_fewer_than_288_bars_give_no_signal() -> None:
    assert trend(*ramp(287, 0.001)) == 0
    assert trend(*ramp(288, 0.001)) == 1
    assert trend([], [], []) == 0
    assert trend([], [], [], 0) == 0


def test_disagreement_gives_no_signal() -> None:
    highs, lows, closes = ramp(384, 0.001)
    closes[-1] = closes[-40]
    assert trend(highs, lows, closes) == 0


def test_flat_prices_give_no_signal() -> None:
    flat = [100.1] * 384
    assert trend(flat, flat, flat) == 0


@pytest.mark.parametrize(("row", "at"), [(0, -2), (0, -40), (1, -49), (2, -1), (2, 0), (2, 100)])
def test_a_missing_price_gives_no_signal(row: int, at: int) -> None:
    rows = ramp(384, 0.001)
    rows[row][at] = math.nan
    assert trend(*rows) == 0


def test_the_unit_of_the_price_changes_nothing(synthetic: Any) -> None:
    for first in range(0, 600, 40):
        w = synthetic.part(first, first + 384)
        scaled = [[v * 10.0 for v in row] for row in (w.highs, w.lows, w.closes)]
        assert trend(*scaled) == trend(w.highs, w.lows, w.closes)
