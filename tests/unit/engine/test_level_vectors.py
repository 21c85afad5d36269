"""The bracket vectors LV1 to LV11: stop, target, net reward:risk and the refusals, exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from bot.engine import layout as at
from bot.engine.bracket import entry_prices, reward_risk
from bot.engine.costs import net_entry, net_stop, net_target
from bot.engine.params import Params
from bot.engine.reasons import NAMES, OK
from tests.support.engine_market import BASE_LEVELS, VECTOR_PARAMS, Market, calm_coin, decisions_of

PARAMS = VECTOR_PARAMS._replace(min_rr=1_000_000)


def decide(levels: list[tuple[str, float]], params: Params = PARAMS) -> tuple[str, Any, Any]:
    """Reason and details of one decision at P = 100, ATR 1.2, with these levels."""
    coin = calm_coin(2)
    coin.levels = levels
    coin.signals = [(1, 0, -1), (2, 1, 1)]
    _, reason, details, floats = decisions_of(Market([coin], params).run(1, 2))[0]
    return reason, details, floats


def exact(details: Any, params: Params = PARAMS) -> tuple[Fraction, Fraction, Fraction]:
    """e, s and t of L6 in quote units; a tick is .01."""
    scale = 100 * 1_000_000
    entry = Fraction(net_entry(int(details[at.D_ENTRY]), params), scale)
    stop = Fraction(net_stop(int(details[at.D_STOP]), int(details[at.D_K]), params), scale)
    target = Fraction(net_target(int(details[at.D_TARGET]), params), scale)
    return entry, stop, target


def failed(details: Any) -> set[str]:
    return {name for n, name in enumerate(NAMES) if n and int(details[at.D_FAILED]) >> n & 1}


def test_lv1_the_base_case_to_the_last_digit() -> None:
    reason, details, floats = decide(BASE_LEVELS)
    assert reason == "ENTRY"
    assert (details[at.D_STOP], details[at.D_TARGET]) == (9720, 10389)
    assert exact(details) == (
        Fraction("100.15005"), Fraction("97.05285"), Fraction("103.838055"),
    )  # fmt: skip
    assert floats[at.DX_RR] == pytest.approx(1.190755, abs=5e-7)
    assert 1 / (1 + floats[at.DX_RR]) == pytest.approx(0.456464, abs=5e-7)


def test_lv2_a_ratio_below_the_minimum_is_refused() -> None:
    assert decide(BASE_LEVELS, PARAMS._replace(min_rr=1_500_000))[0] == "RR_BELOW_MIN"


def test_lv3_no_farther_resistance_is_tried_to_rescue_the_ratio() -> None:
    levels = [("97.5", 4.0), ("95", 6.0), ("101", 3.0), ("104", 5.0)]
    reason, details, floats = decide(levels)
    assert (reason, details[at.D_TARGET]) == ("RR_BELOW_MIN", 10089)
    assert floats[at.DX_RR] == pytest.approx(0.222622, abs=5e-7)


def test_lv4_a_strong_resistance_at_exactly_the_veto_distance_vetoes() -> None:
    reason, details, _ = decide([*BASE_LEVELS, ("100.20", 4.0)])
    assert (reason, details[at.D_STRONG]) == ("NEAR_STRONG_RESISTANCE", 10020)


def test_lv5_one_tick_beyond_the_veto_distance_is_an_unprofitable_target() -> None:
    reason, details, _ = decide([*BASE_LEVELS, ("100.21", 4.0)])
    assert (reason, details[at.D_TARGET]) == ("TARGET_NOT_PROFITABLE", 10010)
    assert failed(details) == {"TARGET_NOT_PROFITABLE"}
    entry, _, target = exact(details)
    assert target - entry == Fraction("-0.1001")


def test_lv6_a_level_equal_to_the_price_is_a_resistance() -> None:
    assert decide([*BASE_LEVELS, ("100.00", 4.0)])[0] == "NEAR_STRONG_RESISTANCE"
    reason, details, _ = decide([*BASE_LEVELS, ("100.00", 3.0)])
    assert (reason, details[at.D_TARGET]) == ("TARGET_NOT_PROFITABLE", 9990)


def test_lv7_a_support_that_is_too_near_gives_way_to_the_next() -> None:
    reason, details, _ = decide([*BASE_LEVELS, ("99.5", 3.0)])
    assert (reason, details[at.D_SUPPORT], details[at.D_STOP]) == ("ENTRY", 9750, 9720)


def test_lv8_a_support_that_is_too_far_is_refused_unless_atr_falls_back() -> None:
    levels = [("95", 6.0), ("101", 2.0), ("104", 5.0)]
    reason, details, _ = decide(levels)
    assert (reason, details[at.D_STOP]) == ("STOP_TOO_FAR", 9470)
    reason, details, floats = decide(levels, PARAMS._replace(atr_fallback=2.0))
    assert (reason, details[at.D_STOP]) == ("ENTRY", 9760)
    assert details[at.D_FLAGS] == at.FLAG_ATR_FALLBACK
    assert floats[at.DX_RR] == pytest.approx(1.367143, abs=5e-7)


def test_lv9_without_a_resistance_the_target_gives_twice_the_risk() -> None:
    levels = [("97.5", 4.0), ("95", 6.0)]
    assert decide(levels)[0] == "NO_RESISTANCE"
    reason, details, floats = decide(levels, PARAMS._replace(target_fallback=2_000_000))
    assert (reason, details[at.D_TARGET]) == ("ENTRY", 10640)
    assert details[at.D_FLAGS] == at.FLAG_TARGET_FALLBACK
    assert floats[at.DX_RR] == pytest.approx(2.000759, abs=5e-7)


@pytest.mark.parametrize(
    ("stop", "target", "rr", "breakeven"),
    [
        pytest.param(9500, 11000, 1.849849, 0.350896, id="LV10"),
        pytest.param(9950, 10080, 0.749906, 0.571459, id="LV11"),
    ],
)
def test_costs_worsen_a_gross_ratio(stop: int, target: int, rr: float, breakeven: float) -> None:
    details = np.zeros(at.DECISION_INT_COLS, np.int64)
    floats = np.zeros(at.DX_GATES)
    entry_prices(10_000, 500, 1, VECTOR_PARAMS, details)
    details[at.D_STOP], details[at.D_TARGET] = stop, target
    assert reward_risk(VECTOR_PARAMS, details, floats) == OK
    assert floats[at.DX_RR] == pytest.approx(rr, abs=5e-7)
    assert 1 / (1 + floats[at.DX_RR]) == pytest.approx(breakeven, abs=5e-7)
    if stop == 9500:
        assert exact(details) == (
            Fraction("100.15005"), Fraction("94.85505"), Fraction("109.945"),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("multiple", "reason"),
    [(0.74, "NO_SUPPORT"), (0.75, "ENTRY"), (4.0, "ENTRY"), (4.01, "STOP_TOO_FAR")],
)
@pytest.mark.parametrize("support", [[], [("90", 6.0)]], ids=["none", "too far"])
def test_the_distance_limits_hold_for_a_stop_by_atr_as_well(
    support: list[tuple[str, float]], multiple: float, reason: str
) -> None:
    params = PARAMS._replace(atr_fallback=multiple, min_rr=0)
    assert decide([*support, ("108", 5.0)], params)[0] == reason
