"""What the engine reads of a strategy: units, gates in their order, ranks and the columns."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from bot.domain.instants import DAY, HOUR
from bot.engine import layout as at
from bot.engine import reasons
from bot.engine.gates import gate_reason, update_membership
from bot.engine.layout import FROM_GRADE, FROM_LOCAL, FROM_QUANT, FROM_VOLUME, X_ADV, X_FIRST
from bot.engine.params import Params
from bot.engine.tables import Rules
from bot.market.column_names import Column
from bot.market.rules import build_rules
from bot.market.strategy import Gate, Strategy


def params(**changed: Any) -> Params:
    return build_rules(Strategy(name="x", **changed))[0].params


def test_the_gates_stand_in_the_order_of_the_rules() -> None:
    rules, plan = build_rules(
        Strategy(
            name="x",
            grade_min=Decimal(60),
            volatility_max=Decimal(2),
            sortino_min=Decimal(1),
            min_adv=Decimal(1_000_000),
            gates=(Gate(column="momentum", max=Decimal(3)), Gate(column="cagr", min=Decimal(0))),
        )
    )
    lows = rules.gates[:, at.GATE_LOW_REASON].tolist()
    assert lows[:3] == [reasons.LIQUIDITY_LOW, reasons.SHARPE_LOW, reasons.SORTINO_LOW]
    assert rules.gates[3:5, at.GATE_HIGH_REASON].tolist() == [
        reasons.DRAWDOWN_HIGH,
        reasons.VOLATILITY_HIGH,
    ]
    assert lows[5] == reasons.GRADE_LOW
    assert rules.gates[6, at.GATE_HIGH_REASON] == reasons.GATE_HIGH
    assert lows[7] == reasons.GATE_LOW
    assert rules.gates[0].tolist()[:2] == [X_ADV, FROM_VOLUME]
    names = [plan.columns[c - X_FIRST].name for c in rules.gates[1:, at.GATE_COLUMN]]
    assert names == [
        "sharpe", "sortino", "max_drawdown", "volatility", "grade", "momentum", "cagr"
    ]  # fmt: skip


def test_an_off_limit_is_no_number_and_an_off_gate_is_no_row() -> None:
    rules, plan = build_rules(Strategy(name="x", sharpe_min=None))
    assert rules.gates.shape == (1, at.GATE_INT_COLS)
    assert np.isnan(rules.limits[0, [at.GATE_MIN, at.GATE_LEAVE_MIN]]).all()
    assert rules.limits[0, [at.GATE_MAX, at.GATE_LEAVE_MAX]].tolist() == [0.95, 1.0]
    assert "sharpe" not in plan.recorded()


def test_no_gate_at_all_still_gives_tables_of_the_right_width() -> None:
    rules, _ = build_rules(Strategy(name="x", sharpe_min=None, mdd_max=None))
    assert rules.gates.shape == (0, at.GATE_INT_COLS)
    assert rules.limits.shape == (0, at.GATE_FLOAT_COLS)


@pytest.mark.parametrize(
    ("name", "column", "low", "high"),
    [
        ("sharpe_30d", Column("sharpe_30d", FROM_LOCAL), "SHARPE_LOW", "GATE_HIGH"),
        ("local:mdd_1y", Column("mdd_1y", FROM_LOCAL), "GATE_LOW", "DRAWDOWN_HIGH"),
        ("max_drawdown", Column("max_drawdown", FROM_QUANT), "GATE_LOW", "DRAWDOWN_HIGH"),
        ("volatility", Column("volatility", FROM_QUANT), "GATE_LOW", "VOLATILITY_HIGH"),
        ("tm_grade", Column("grade", FROM_GRADE), "GRADE_LOW", "GATE_HIGH"),
        ("column:sharpe_90d", Column("sharpe_90d", FROM_QUANT), "SHARPE_LOW", "GATE_HIGH"),
        ("sharpeness", Column("sharpeness", FROM_QUANT), "GATE_LOW", "GATE_HIGH"),
    ],
)
def test_a_column_name_gives_source_and_reasons(
    name: str, column: Column, low: str, high: str
) -> None:
    gate = Gate(column=name, min=Decimal(0), max=Decimal(1))
    rules, plan = build_rules(Strategy(name="x", sharpe_min=None, mdd_max=None, gates=(gate,)))
    assert plan.columns[0] == column
    row = [X_FIRST, column.source, reasons.NAMES.index(low), reasons.NAMES.index(high)]
    assert rules.gates[0].tolist() == row


def test_a_column_that_gate_and_rank_share_is_filled_once() -> None:
    _, plan = build_rules(Strategy(name="x", sortino_min=Decimal(1)))
    assert [column.name for column in plan.columns] == ["sharpe", "sortino", "max_drawdown"]


def test_a_lower_bound_is_another_column_than_the_value() -> None:
    strategy = Strategy(
        name="x", gate_on="lower_bound", sharpe_column="sharpe_90d",
        rank_by="composite", composite=(("sharpe_90d", Decimal(1)),),
    )  # fmt: skip
    rules, plan = build_rules(strategy)
    gated = plan.columns[rules.gates[0, at.GATE_COLUMN] - X_FIRST]
    ranked = plan.columns[rules.ranks[0, at.RANK_COLUMN] - X_FIRST]
    assert gated == Column("sharpe_90d", FROM_LOCAL, lower_bound=True)
    assert ranked == Column("sharpe_90d", FROM_LOCAL)
    assert plan.local() == ("sharpe_90d",)


def test_the_composite_reverses_drawdown_and_volatility() -> None:
    weights = {"volatility_90d": 2, "max_drawdown": 1, "cagr": Decimal("0.5")}
    composite = tuple((name, Decimal(weight)) for name, weight in sorted(weights.items()))
    rules, plan = build_rules(Strategy(name="x", rank_by="composite", composite=composite))
    assert rules.params.rank_composite == 1
    seen = {
        plan.columns[row[at.RANK_COLUMN] - X_FIRST].name: (row[at.RANK_REVERSED], weight)
        for row, weight in zip(rules.ranks.tolist(), rules.weights.tolist(), strict=True)
    }
    assert seen == {"cagr": (0, 0.5), "max_drawdown": (1, 1.0), "volatility_90d": (1, 2.0)}
    assert plan.columns[rules.params.sortino_column - X_FIRST].name == "sortino"


def test_a_local_strategy_with_a_recorded_tie_break_does_not_need_recorded_metrics() -> None:
    local: dict[str, Any] = {"sharpe_column": "sharpe_90d", "mdd_column": "mdd_90d"}
    ranks = {"rank_by": "composite", "composite": (("cagr_90d", Decimal(1)),)}
    assert params(**local, **ranks).use_quant == 0
    assert params(**local).use_quant == 1  # ranked by the recorded sortino
    assert params(**local, **ranks, sigma="quantmetrics").use_quant == 1
    assert params(**local, **ranks, atr="column:atr").use_quant == 1
    assert params(**local, **ranks, adv="column:adv").use_quant == 1


def test_the_domain_is_tested_only_where_the_recorded_drawdown_decides() -> None:
    rules, plan = build_rules(Strategy(name="x"))
    assert plan.columns[rules.params.domain_column - X_FIRST].name == "max_drawdown"
    assert params(mdd_column="mdd_90d").domain_column == -1
    assert params(mdd_max=None).domain_column == -1


def test_the_grade_is_fresh_or_refused_only_where_it_decides() -> None:
    assert params().use_grade == 0
    assert params(grade_min=Decimal(60)).use_grade == 1
    assert params(rank_by="composite", composite=(("grade", Decimal(1)),)).use_grade == 1


def test_atr_is_needed_while_any_multiple_of_it_is() -> None:
    none = {
        "stop_buf_atr": Decimal(0), "stop_min_atr": Decimal(0), "stop_max_atr": None,
        "atr_fallback": None,
    }  # fmt: skip
    assert params(**none).use_atr == 0
    assert params(**none).stop_max_atr == 0.0
    for key in none:
        assert params(**{**none, key: Decimal(1)}).use_atr == 1


def test_counts_of_bars_slots_and_periods_become_milliseconds() -> None:
    hourly = params(candidate_ttl=2, cooldown_stop=5, cooldown_other=1, max_hold=9, bar_wait=4)
    assert hourly.candidate_ttl == 2 * HOUR
    assert (hourly.cooldown_stop, hourly.cooldown_other) == (5 * HOUR, HOUR)
    assert (hourly.max_hold, hourly.bar_wait) == (9 * HOUR, 4 * HOUR)
    assert (hourly.stale_bars, hourly.stale_signal) == (2 * HOUR, 2 * HOUR)
    daily = params(signals="daily")
    assert (daily.signal_period, daily.stale_signal, daily.max_signal_gap) == (
        DAY,
        2 * DAY,
        3 * DAY,
    )
    assert daily.stale_bars == 2 * HOUR
    assert params(bars="5m").bar_span == 300_000


def test_off_is_written_as_the_engine_documents_it() -> None:
    off = params(
        daily_loss_limit=None, dd_halt=None, pos_vol=None, max_adv_frac=None, strong=None
    )  # fmt: skip
    assert (off.daily_loss_limit, off.dd_halt, off.top_n, off.pos_vol) == (-1, -1, -1, -1)
    assert off.target_fallback == -1
    assert off.max_adv_frac < 0
    assert all(math.isnan(x) for x in (off.atr_fallback, off.portfolio_vol, off.impact))
    assert off.strong > 10**6 * 10**9 * 1000


def test_strengths_are_billionths() -> None:
    found = params(strong=Decimal("4.000000001"), stop_min_strength=Decimal("0.25"))
    assert (found.strong, found.stop_min_strength) == (4_000_000_001, 250_000_000)


def test_every_scalar_of_the_engine_follows_some_key() -> None:
    usual = params()
    others = (
        params(bars="1m", signals="daily", bar_wait=9, stale_periods=5, max_signal_gap=9),
        params(confirm_bars=3, enter_on_first_seen=True, candidate_ttl=9, reentry="while_bullish"),
        params(cooldown_stop=9, cooldown_other=9, max_hold=9, levels="local", min_history=DAY),
        params(sharpe_column="sharpe_90d", mdd_column="mdd_90d", sortino_column="sortino_90d"),
        params(grade_min=Decimal(1), max_open=2, daily_loss_limit=1, dd_halt=1, top_n=4),
        params(rank_by="composite", merge=1, strong=None, veto=1, stop_min_strength=Decimal(9)),
        params(stop_buf=1, stop_buf_atr=Decimal(3), stop_min_pct=1, stop_min_atr=Decimal(1)),
        params(stop_max_pct=900_000, stop_max_atr=Decimal(9), atr_fallback=Decimal(2)),
        params(target_min_strength=Decimal(9), target_buf=2, target_fallback=2, min_rr=1),
        params(max_drift=1, scope="candidates", redistribute="waterfill", gross=1, risk=1),
        params(pos_vol=1, position_cap=1, sector_cap=1, max_adv_frac=None, k=1, taker=1, maker=1),
        params(portfolio_vol=Decimal(1), impact=Decimal(1), limit_rule="touch", limit_gap="open"),
        params(part=1, entry_ttl=4),
        params(stop_buf_atr=Decimal(0), stop_min_atr=Decimal(0), stop_max_atr=None),
    )
    unmoved = [
        name for name in Params._fields if all(_same(usual, other, name) for other in others)
    ]
    assert unmoved == ["target_first"]  # of the robustness table alone, no key sets it


def _same(one: Params, two: Params, name: str) -> bool:
    a, b = getattr(one, name), getattr(two, name)
    return bool(a == b or (a != a and b != b))


def test_the_engine_gets_arrays_that_compile() -> None:
    rules, _ = build_rules(Strategy(name="x"))
    for array in (rules.gates, rules.limits, rules.ranks, rules.weights):
        assert array.dtype in (np.int64, np.float64)
        assert array.flags.c_contiguous
        assert array.flags.writeable


def verdicts(rules: Rules, series: list[float]) -> list[int]:
    """The Sharpe gate's reason for each value in turn, one token, fresh metrics."""
    tokens = np.zeros(at.TOKEN_COLS, dtype=np.int64)
    cells = np.full(at.CELL_COLS, at.FRESH, dtype=np.int64)
    inst = np.ones(at.INST_COLS, dtype=np.int64)
    found = []
    for value in series:
        values = np.full(X_FIRST + 3, value)
        update_membership(tokens, cells, values, rules.gates, rules.limits, -1)
        found.append(gate_reason(tokens, inst, values, rules.gates, rules.limits, 0))
    return found


def test_gv4_a_member_stays_until_below_the_leave_limit() -> None:
    rules, _ = build_rules(Strategy(name="x", sharpe_min=Decimal(1)))
    ok, low = reasons.OK, reasons.SHARPE_LOW
    assert verdicts(rules, [1.0, 0.9, 0.81, 0.79, 0.9, 1.0]) == [ok, ok, ok, low, low, ok]


def test_gv5_a_limit_is_inclusive_and_a_missing_number_never_passes() -> None:
    rules, _ = build_rules(Strategy(name="x", sharpe_min=Decimal(1)))
    assert verdicts(rules, [1.0, math.nan]) == [reasons.OK, reasons.METRIC_MISSING]
