"""A strategy as a value: documented defaults, what follows from what, and contradictions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.domain.errors import ConfigError
from bot.domain.instants import DAY, HOUR, MINUTE, SECOND
from bot.market.parameter_groups import read_table, show_table
from bot.market.strategy import Gate, Strategy, Universe, category_slug

# Every default that the rules name, in file units.
NAMED_DEFAULTS: dict[str, object] = {
    "cash": 10000, "bars": "1h", "settle": "10m", "poll_offset": "5s", "max_slot_delay": "30m",
    "bar_wait": 3, "bar_lag": "0s", "publish_lag_hourly": "1m", "publish_lag_daily": "6h",
    "signal_label": "open", "enter_on_first_seen": False, "max_signal_gap": 3, "confirm_bars": 1,
    "candidate_ttl": 3, "reentry": "new_edge", "cooldown_stop": 6, "cooldown_other": 2,
    "max_hold": 168, "sharpe_min": "0.8", "sharpe_leave": "0.6", "mdd_max": "0.95",
    "mdd_leave": "1", "min_adv": "off", "sortino_min": "off", "volatility_max": "off",
    "grade_min": "off", "min_obs": 30, "rf": 0, "gate_on": "value", "z": 1, "rank_by": "sortino",
    "top_n": "off", "max_open": 8, "daily_loss_limit": "0.03", "dd_halt": "0.2", "merge": "0.0025",
    "strong": 4, "veto": "0.002", "stop_min_strength": 2, "stop_buf": "0.002",
    "stop_buf_atr": "0.25", "stop_min_pct": "0.005", "stop_min_atr": "0.75",
    "stop_max_pct": "0.08", "stop_max_atr": 4, "atr_fallback": "off", "target_min_strength": 3,
    "target_buf": "0.001", "target_fallback": "off", "min_rr": "1.5", "max_drift": "0.01",
    "sigma": "ewma", "sigma_floor": "0.1", "scope": "portfolio", "redistribute": "none",
    "gross": "0.9", "risk": "0.005", "pos_vol": "0.1", "position_cap": "0.25",
    "sector_cap": "0.5", "max_adv_frac": "0.01", "portfolio_vol": "off", "k": "0.0005",
    "taker": "0.001", "maker": "0.0005", "limit_rule": "through", "limit_gap": "limit",
    "part": "0.1", "entry_ttl": 1, "jump": 10,
}  # fmt: skip


@pytest.mark.parametrize("key", sorted(NAMED_DEFAULTS))
def test_a_key_has_the_default_of_the_rules(key: str) -> None:
    shown = show_table(Strategy(name="x"))[key]
    wanted = NAMED_DEFAULTS[key]
    if isinstance(shown, Decimal):
        wanted = Decimal(str(wanted))
    assert shown == wanted


def test_durations_are_milliseconds_and_rates_millionths_inside() -> None:
    strategy = Strategy(name="x")
    assert (strategy.settle, strategy.publish_lag_daily) == (600 * SECOND, 6 * HOUR)
    assert (strategy.risk, strategy.min_rr, strategy.cash) == (5000, 1_500_000, 10000 * 10**8)


@pytest.mark.parametrize(
    ("written", "inside"), [("600s", 600_000), ("30m", 30 * MINUTE), ("1d", DAY), (90, 90_000)]
)
def test_a_duration_may_be_written_in_any_unit(written: object, inside: int) -> None:
    assert read_table(Strategy, {"name": "x", "max_slot_delay": written}).max_slot_delay == inside


@pytest.mark.parametrize(("bars", "latency"), [("1h", 0), ("5m", 120_000), ("1m", 120_000)])
def test_latency_follows_from_the_bars_unless_it_is_given(bars: str, latency: int) -> None:
    assert Strategy(name="x", bars=bars).latency_ms == latency
    assert Strategy(name="x", bars=bars, latency=7).latency_ms == 7


def test_limits_follow_from_the_source_of_their_columns() -> None:
    windowed = Strategy(name="x", sharpe_column="sharpe_90d", mdd_column="mdd_90d")
    assert (windowed.sharpe_min, windowed.mdd_max) == (Decimal("1.0"), Decimal("0.35"))
    assert (windowed.sharpe_leave, windowed.mdd_leave) == (Decimal("0.8"), Decimal("0.40"))


def test_a_leave_limit_that_is_off_is_the_enter_limit() -> None:
    assert Strategy(name="x", sharpe_leave=None).sharpe_leave == Decimal("0.8")
    assert Strategy(name="x", grade_min=Decimal(60)).grade_leave == Decimal(60)
    assert Strategy(name="x", sharpe_min=None).sharpe_leave is None


@pytest.mark.parametrize(
    "changed",
    [
        {"signals": "local"},
        {"levels": "local"},
        {"sharpe_column": "sharpe_30d"},
        {"sortino_column": "local:sortino_1y"},
        {"gates": (Gate(column="cagr_1y", min=Decimal(0)),)},
        {"rank_by": "composite", "composite": (("mdd_90d", Decimal(1)),)},
    ],
)
def test_anything_computed_from_candles_makes_it_local_and_asks_for_history(
    changed: dict[str, Any],
) -> None:
    strategy = Strategy(name="x", **changed)
    assert strategy.uses_local
    assert strategy.min_history == 30 * DAY


def test_provider_metrics_alone_are_not_local_and_need_no_history() -> None:
    strategy = Strategy(name="x", volatility_column="volatility_90d")  # named, but its gate is off
    assert not strategy.uses_local
    assert strategy.min_history == 0


def test_the_signal_series_gives_the_period() -> None:
    assert Strategy(name="x", signals="daily").period_ms == DAY
    assert Strategy(name="x", signals="local").period_ms == HOUR


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"settle": "30s"}, "publish_lag_hourly: 1m is after settle (30s)"),
        ({"bar_lag": "11m"}, "bar_lag: 11m is after settle (10m)"),
        ({"poll_offset": "11m"}, "poll_offset: 11m is after settle (10m)"),
        ({"sharpe_leave": Decimal("0.9")}, "sharpe_leave: 0.9 is above sharpe_min (0.8)"),
        ({"mdd_leave": Decimal("0.9")}, "mdd_leave: 0.9 is below mdd_max (0.95)"),
        ({"grade_leave": 50}, "grade_leave: has no effect while grade_min is off"),
        ({"gate_on": "lower_bound"}, 'gate_on: "lower_bound" needs a local window'),
        ({"min_obs": 31, "sharpe_column": "sharpe_30d"}, "min_obs: 31 is more than the 30 returns"),
        ({"stop_min_pct": Decimal("0.08")}, "stop_min_pct: 0.08 is not below stop_max_pct (0.08)"),
        ({"stop_min_atr": 4}, "stop_min_atr: 4 is not below stop_max_atr (4)"),
        ({"atr_fallback": 5}, "atr_fallback: 5 is outside stop_min_atr to stop_max_atr"),
        ({"gates": [{"column": "cagr"}]}, "gates[0].column: a gate needs min or max"),
        ({"gates": [{"column": "a", "min": 2, "max": 1}]}, "gates[0].min: 2 is above max (1)"),
        ({"gates": [{"column": "a", "min": 2, "leave_min": 3}]}, "gates[0].leave_min: must be"),
        ({"gates": [{"column": "a", "min": 2, "leave_max": 3}]}, "gates[0].leave_max: must be"),
    ],
)
def test_a_contradiction_is_refused_at_the_key_to_change(
    changed: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ConfigError) as problem:
        read_table(Strategy, {"name": "x", **changed})
    assert len(problem.value.faults) == 1
    assert problem.value.faults[0].startswith(complaint)


def test_a_contradiction_is_told_beside_faults_it_does_not_rest_on() -> None:
    with pytest.raises(ConfigError) as problem:
        read_table(Strategy, {"name": "Not A Name", "risk": 7, "settle": 30, "stop_max_pct": 9})
    told = [fault.split(":")[0] for fault in problem.value.faults]
    assert told == ["name", "risk", "stop_max_pct", "publish_lag_hourly"]


def test_equal_limits_are_no_contradiction() -> None:
    raw = {"name": "x", "settle": "60s", "sharpe_leave": Decimal("0.8"), "atr_fallback": 4}
    assert read_table(Strategy, raw).sharpe_leave == Decimal("0.8")


@pytest.mark.parametrize("name", ["sharpe_60d", "mdd_1m", "local:sharpe", "a b", "column:", "9a"])
def test_a_column_that_nobody_could_fill_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="sharpe_column: expected a column"):
        read_table(Strategy, {"name": "x", "sharpe_column": name})


def test_categories_are_compared_without_case_punctuation_and_plural() -> None:
    assert category_slug("Wrapped Tokens") == category_slug("wrapped-token")
    assert category_slug("Stablecoin") == category_slug(Universe().exclude_categories[0])
    assert category_slug("Memes") != category_slug("Meta")
