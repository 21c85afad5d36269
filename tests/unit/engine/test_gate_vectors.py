"""The gate vectors GV1, GV4 and GV5, and what membership, pool and Top-N settle."""

from __future__ import annotations

import pytest

from bot.engine import layout as at
from bot.engine import reasons
from tests.support.engine_market import (
    OFF,
    VECTOR_PARAMS,
    Coin,
    Market,
    bullish_from,
    calm_coin,
    decisions_of,
    story,
)

SHARPE = ([3, at.FROM_QUANT, reasons.SHARPE_LOW, 0], [1.0, OFF, 0.8, OFF])
COMPOSITE = [(3, 0, at.FROM_QUANT), (4, 0, at.FROM_QUANT), (5, 1, at.FROM_QUANT)]


def ranked(cagr: float, sharpe: float, drawdown: float) -> Coin:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.values = [0.5, 120.0, OFF, cagr, sharpe, drawdown]
    return coin


def four() -> list[Coin]:
    return [
        ranked(0.8, 1.2, 0.6), ranked(0.3, 1.5, 0.3), ranked(0.5, 0.9, 0.5), ranked(0.1, 0.2, 0.8),
    ]  # fmt: skip


def test_gv1_the_composite_ranks_by_percentiles() -> None:
    market = Market(four(), VECTOR_PARAMS._replace(rank_composite=1), ranks=COMPOSITE)
    output = market.run(1, 2)
    scores = [decisions_of(output, i)[0][3][at.DX_SCORE] for i in range(4)]
    assert scores == pytest.approx([0.666667, 0.777778, 0.555556, 0.0], abs=5e-7)
    order = [r[at.R_TOKEN] for r in output.records if r[at.R_KIND] == at.ORDER]
    assert order == [1, 0, 2, 3]


def test_top_n_counts_places_in_the_whole_pool() -> None:
    coins = four()
    coins[1].signals = []  # the best of the pool is no candidate, and still takes its place
    params = VECTOR_PARAMS._replace(rank_composite=1, top_n=2)
    output = Market(coins, params, ranks=COMPOSITE).run(1, 2)
    assert [story(output, i) for i in range(4)] == [
        ["2 ENTRY"], [], ["2 NOT_IN_TOP_N"], ["2 NOT_IN_TOP_N"],
    ]  # fmt: skip


def test_equal_scores_go_by_sortino_and_then_by_token() -> None:
    coins = [ranked(0.5, 1.0, 0.5) for _ in range(3)]
    coins[2].values.append(2.0)
    coins[0].values.append(1.0)
    coins[1].values.append(1.0)
    params = VECTOR_PARAMS._replace(rank_composite=1, sortino_column=6)
    output = Market(coins, params, ranks=COMPOSITE).run(1, 2)
    order = [r[at.R_TOKEN] for r in output.records if r[at.R_KIND] == at.ORDER]
    assert order == [2, 0, 1]


def test_a_token_missing_a_rank_metric_leaves_the_pool_and_is_refused() -> None:
    coins = four()
    coins[0].values[4] = OFF
    market = Market(coins, VECTOR_PARAMS._replace(rank_composite=1), ranks=COMPOSITE)
    output = market.run(1, 2)
    assert story(output, 0) == ["2 METRIC_MISSING"]
    # Of three: B 0.5 1 1, C 1 0.5 0.5, D 0.
    scores = [decisions_of(output, i)[0][3][at.DX_SCORE] for i in (1, 2, 3)]
    assert scores == pytest.approx([2.5 / 3, 2 / 3, 0.0])


def test_a_candidate_whose_rank_metric_is_stale_is_refused_as_missing() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.values = [0.5, 120.0, OFF, 1.0]
    coin.cells_at = {0: {at.C_QUANT: at.STALE}}
    output = Market([coin], ranks=[(3, 0, at.FROM_QUANT)]).run(1, 2)
    assert story(output) == ["2 METRIC_MISSING"]


def members(series: list[float], gate: tuple[list[int], list[float]] = SHARPE) -> list[int]:
    coin = calm_coin()
    coin.values_at = {n + 1: [0.5, 120.0, OFF, value] for n, value in enumerate(series)}
    market = Market([coin], gates=[gate])
    state = market.account()
    found = []
    for slot in range(1, len(series) + 1):
        market.run(slot, slot, state)
        found.append(int(state.tokens[0, at.T_MEMBER]))
    return found


def test_gv4_membership_is_entered_at_one_limit_and_left_below_another() -> None:
    assert members([1.0, 0.9, 0.81, 0.79, 0.9, 1.0]) == [1, 1, 1, 0, 0, 1]


def test_membership_by_a_maximum_is_left_above_its_limit_and_margin() -> None:
    gate = ([3, at.FROM_QUANT, 0, reasons.DRAWDOWN_HIGH], [OFF, 0.35, OFF, 0.40])
    assert members([0.36, 0.35, 0.40, 0.41, 0.40, 0.35], gate) == [0, 1, 1, 0, 0, 1]


def test_a_missing_or_stale_metric_refuses_and_leaves_membership_as_it_was() -> None:
    assert members([1.0, OFF, 0.9]) == [1, 1, 1]
    coin = bullish_from(calm_coin(), 3, 9)
    coin.values = [0.5, 120.0, OFF, 1.0]
    coin.cells_at = {2: {at.C_QUANT: at.STALE}}
    market = Market([coin], VECTOR_PARAMS._replace(use_quant=1), gates=[SHARPE])
    state = market.account()
    assert story(market.run(1, 3, state)) == ["3 QUANT_STALE"]
    assert state.tokens[0, at.T_MEMBER] == 1


@pytest.mark.parametrize(
    ("sharpe", "reason"), [(1.0, "ENTRY"), (OFF, "METRIC_MISSING"), (0.99, "SHARPE_LOW")]
)
def test_gv5_a_minimum_is_inclusive_and_nothing_missing_passes(sharpe: float, reason: str) -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.values = [0.5, 120.0, OFF, sharpe]
    assert story(Market([coin], gates=[SHARPE]).run(1, 2)) == [f"2 {reason}"]


def test_a_member_within_the_margin_may_enter() -> None:
    coin = bullish_from(calm_coin(), 3, 9)
    coin.values = [0.5, 120.0, OFF, 1.0]
    coin.values_at = {2: [0.5, 120.0, OFF, 0.85]}
    assert story(Market([coin], gates=[SHARPE]).run(1, 3)) == ["3 ENTRY"]


def test_a_drawdown_outside_its_domain_is_named_and_moves_no_membership() -> None:
    gate = ([3, at.FROM_QUANT, 0, reasons.DRAWDOWN_HIGH], [OFF, 0.95, OFF, 0.99])
    coin = bullish_from(calm_coin(), 2, 9)
    coin.values = [0.5, 120.0, OFF, -0.62]
    params = VECTOR_PARAMS._replace(domain_column=3)
    market = Market([coin], params, gates=[gate])
    state = market.account()
    assert story(market.run(1, 2, state)) == ["2 METRIC_OUT_OF_DOMAIN"]
    assert state.tokens[0, at.T_MEMBER] == 0


def test_of_gates_on_other_columns_the_first_in_file_order_gives_the_reason() -> None:
    high = ([3, at.FROM_LOCAL, 0, reasons.GATE_HIGH], [OFF, 0.5, OFF, 0.5])
    low = ([4, at.FROM_LOCAL, reasons.GATE_LOW, 0], [0.5, OFF, 0.5, OFF])
    coin = bullish_from(calm_coin(), 2, 9)
    coin.values = [0.5, 120.0, OFF, 0.9, 0.1]
    output = Market([coin], gates=[high, low]).run(1, 2)
    ((_, reason, details, _),) = decisions_of(output)
    assert (reason, details[at.D_GATES]) == ("GATE_HIGH", 0b11)
    output = Market([coin], gates=[low, high]).run(1, 2)
    assert story(output) == ["2 GATE_LOW"]
