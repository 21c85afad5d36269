"""The size vectors ZV1 to ZV8 and ZV10: every bound, the binding one, quantities and rooms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bot.engine import layout as at
from bot.engine.costs import net_entry, net_stop, reserve_of
from bot.engine.params import Params
from bot.engine.reasons import BOUND_NAMES
from bot.engine.sizing import inverse_sigma, scale_to_portfolio_vol, whole_sigma
from bot.engine.tables import State
from tests.support.engine_market import (
    VECTOR_PARAMS,
    Coin,
    Market,
    decisions_of,
    hold,
    points,
)

BY_COLUMN = [(3, 0, at.FROM_LOCAL)]  # ranked by a fourth column, the greater first
ALL_IN = 1_000_000
OPEN_PARAMS = VECTOR_PARAMS._replace(
    stop_buf=0, stop_buf_atr=0.0, target_buf=0, stop_min_atr=0.0, stop_max_atr=0.0,
    position_cap=ALL_IN, sector_cap=ALL_IN, risk=ALL_IN, pos_vol=-1,
)  # fmt: skip


def candidate(sigma: float, rank: float, price: str = "100", **kwargs: Any) -> Coin:
    """A coin whose edge fires in slot 2, with stop 5 % below and target 10 % above its price."""
    coin = Coin(**kwargs).flat(0, 2, f"{price} {price} {price} {price}")
    tick = points(price, coin.decimals) // 20
    coin.levels = [
        (str((points(price, coin.decimals) - tick) / 10**coin.decimals), 4.0),
        (str((points(price, coin.decimals) + 2 * tick) / 10**coin.decimals), 4.0),
    ]
    coin.signals = [(1, 0, -1), (2, 1, 1)]
    coin.values = [sigma, 120.0, math.nan, rank]
    return coin


def bystander(sigma: float, **kwargs: Any) -> Coin:
    coin = Coin(**kwargs).flat(0, 2, "100 100 100 100")
    coin.values = [sigma, 120.0, math.nan, 0.0]
    return coin


def sized(
    coins: list[Coin], params: Params, cash: str = "100000", held: tuple[int, int] | None = None
) -> list[tuple[str, Any]]:
    """Reason and details of each candidate's decision; `held` is a token and its units at 100."""
    market = Market(coins, params, ranks=BY_COLUMN)
    state: State = market.account(cash)
    if held:
        hold(state, held[0], held[1] * 1000, 10_000, 1000, 0)
    output = market.run(1, 2, state)
    found = [decisions_of(output, i) for i in range(len(coins))]
    return [(rows[0][1], rows[0][2]) for rows in found if rows]


def money(value: Any) -> float:
    return round(int(value) / 1e8, 2)


def targets(rows: list[tuple[str, Any]]) -> list[float]:
    return [money(details[at.D_BOUND]) for _, details in rows]


def three() -> list[Coin]:
    return [candidate(0.4, 3.0), candidate(0.8, 2.0), candidate(1.2, 1.0)]


def test_zv1_shares_are_inverse_to_volatility() -> None:
    assert targets(sized(three(), OPEN_PARAMS)) == [49090.91, 24545.45, 16363.64]


def test_zv2_what_the_position_cap_cuts_off_stays_in_cash() -> None:
    rows = sized(three(), OPEN_PARAMS._replace(position_cap=300_000))
    used = [money(min(details[at.D_BOUND], details[at.D_BOUND + 3])) for _, details in rows]
    assert used == [30000.0, 24545.45, 16363.64]
    assert [BOUND_NAMES[d[at.D_BINDING]] for _, d in rows] == ["POSITION", "INV_VOL", "INV_VOL"]


def test_zv2_waterfill_gives_it_to_the_others() -> None:
    rows = sized(three(), OPEN_PARAMS._replace(position_cap=300_000, waterfill=1))
    assert targets(rows) == [30000.0, 30000.0, 30000.0]


@pytest.mark.parametrize(
    ("scope", "units", "expected"),
    [
        (0, 200, [41538.46, 20769.23]),
        (1, 200, [46666.67, 23333.33]),
        (0, 300, [40000.0, 20000.0]),
    ],
)
def test_zv3_open_positions_count_in_the_shares(
    scope: int, units: int, expected: list[float]
) -> None:
    coins = [bystander(0.6), candidate(0.4, 2.0), candidate(0.8, 1.0)]
    params = OPEN_PARAMS._replace(scope_candidates=scope)
    assert targets(sized(coins, params, held=(0, units))) == expected


def test_zv4_the_risk_cap_includes_the_costs() -> None:
    ((reason, details),) = sized([candidate(0.4, 1.0)], OPEN_PARAMS._replace(risk=5000))
    assert reason == "ENTRY"
    assert BOUND_NAMES[details[at.D_BINDING]] == "RISK"
    assert details[at.D_QTY] == 94_428
    assert details[at.D_QTY] * details[at.D_ENTRY] * 1000 == points("9447.5214", 8)
    per_unit = net_entry(int(details[at.D_ENTRY]), OPEN_PARAMS) - net_stop(
        int(details[at.D_STOP]), 500, OPEN_PARAMS
    )
    assert per_unit == 5_295 * 100_000  # 5.295 in ticks of .01 times 10^6
    loss = details[at.D_QTY] * per_unit * 1000 // 10**6
    assert loss == points("499.99626", 8)


def zv5(risk: int) -> Any:
    first = candidate(0.4, 3.0)
    first.values = [0.4, 120.0, 1_500_000.0, 3.0]
    coins = [first, candidate(0.8, 2.0, sector=1), candidate(1.2, 1.0, sector=1)]
    params = OPEN_PARAMS._replace(
        risk=risk, pos_vol=100_000, position_cap=300_000, sector_cap=200_000, max_adv_frac=0.01
    )
    return sized(coins, params)[0][1]


def test_zv5_all_bounds_are_kept_and_the_smallest_binds() -> None:
    details = zv5(5000)
    bounds = [money(details[at.D_BOUND + n]) for n in range(8)]
    # Cash: 100 000 at the cap of 101 and its fee, in money at the estimated price.
    assert bounds == [
        49090.91, 9447.59, 25000.0, 30000.0, 20000.0, 90000.0, 98960.45, 15000.0,
    ]  # fmt: skip
    assert BOUND_NAMES[details[at.D_BINDING]] == "RISK"


def test_zv5_with_more_risk_the_daily_volume_binds() -> None:
    details = zv5(20_000)
    assert money(details[at.D_BOUND + 1]) == 37790.37
    assert BOUND_NAMES[details[at.D_BINDING]] == "ADV"
    assert details[at.D_QTY] == 149_925


def test_zv6_each_order_reserves_cash_at_its_cap() -> None:
    coins = [
        candidate(0.75, 3.0, sector=0, min_notional=points("500", 8)),
        candidate(1.0, 2.0, "50", sector=1, min_notional=points("500", 8)),
        candidate(1.5, 1.0, "20", sector=2, min_notional=points("500", 8)),
    ]
    rows = sized(coins, OPEN_PARAMS._replace(gross=1_350_000), cash="20000")
    assert [reason for reason, _ in rows] == ["ENTRY", "ENTRY", "MIN_NOTIONAL"]
    assert [int(d[at.D_ENTRY]) for _, d in rows] == [10_005, 5_003, 2_001]
    assert [int(d[at.D_CAP]) for _, d in rows] == [10_100, 5_050, 2_020]
    assert [int(d[at.D_QTY]) for _, d in rows[:2]] == [119_940, 155_763]
    assert BOUND_NAMES[rows[1][1][at.D_BINDING]] == "CASH"
    reserves = [
        reserve_of(int(d[at.D_QTY]), int(d[at.D_CAP]), 1000, OPEN_PARAMS) for _, d in rows[:2]
    ]
    assert reserves == [points("12126.05394", 8), points("7873.8975315", 8)]
    assert points("20000", 8) - sum(reserves) == points("0.0485285", 8)


@pytest.mark.parametrize(
    ("coin", "cash", "share", "entry", "qty", "notional", "reason"),
    [
        (
            {"price": "0.01234567", "decimals": 8, "unit": 1},
            "10000", 25_000, 1_235_185, 20_239, "249.98909215", "ENTRY",
        ),
        (
            {"price": "67123.45", "unit": 10},
            "20000", 250_000, 6_715_702, 7_445, "4999.840139", "ENTRY",
        ),
        (
            {"price": "67123.45", "unit": 10, "min_notional": points("10", 8)},
            "1000", 10_000, 6_715_702, 14, "9.4019828", "MIN_NOTIONAL",
        ),
    ],
)  # fmt: skip
def test_zv7_quantities_are_cut_to_the_lot(
    coin: dict[str, Any], cash: str, share: int, entry: int, qty: int, notional: str, reason: str
) -> None:
    params = OPEN_PARAMS._replace(position_cap=share)
    ((got, details),) = sized([candidate(0.4, 1.0, **coin)], params, cash=cash)
    assert (got, details[at.D_ENTRY], details[at.D_QTY]) == (reason, entry, qty)
    assert qty * entry * coin["unit"] == points(notional, 8)


def test_zv8_the_portfolio_target_scales_all_candidates_alike() -> None:
    sigma = [0.4, 0.8, 1.2]
    corr = [[1, 0.6, 0.3], [0.6, 1, 0.5], [0.3, 0.5, 1]]
    covariance = np.array([[corr[a][b] * sigma[a] * sigma[b] for b in range(3)] for a in range(3)])
    wanted = [points(text, 8) for text in ("49090.90909090", "24545.45454545", "16363.63636363")]
    scaled = np.array(wanted, np.int64)
    scale_to_portfolio_vol(
        np.zeros((3, 3)), covariance, np.arange(3), 3, points("100000", 8),
        OPEN_PARAMS._replace(portfolio_vol=0.3), scaled,
    )  # fmt: skip
    assert [money(value) for value in scaled] == [31142.05, 15571.03, 10380.68]
    assert scaled[0] / wanted[0] == pytest.approx(0.634375, abs=5e-7)


def test_zv8_a_calm_portfolio_is_never_scaled_up() -> None:
    scaled = np.array([points("100", 8)], np.int64)
    scale_to_portfolio_vol(
        np.zeros((1, 3)), np.array([[0.01]]), np.arange(1), 1, points("100000", 8),
        OPEN_PARAMS._replace(portfolio_vol=0.3), scaled,
    )  # fmt: skip
    assert scaled[0] == points("100", 8)


def test_zv10_a_sector_gives_what_is_left_of_it() -> None:
    coins = [
        bystander(0.6, sector=7),
        candidate(0.4, 2.0, sector=7),
        candidate(0.4, 1.0, sector=7),
    ]
    params = OPEN_PARAMS._replace(k=0, position_cap=200_000, sector_cap=400_000, scope_candidates=1)
    rows = sized(coins, params, held=(0, 150))
    assert [int(d[at.D_QTY]) // 1000 for _, d in rows] == [200, 50]
    assert [BOUND_NAMES[d[at.D_BINDING]] for _, d in rows] == ["POSITION", "SECTOR"]


def test_a_bound_too_far_away_to_be_written_never_binds() -> None:
    # One basis point of stop without costs, in an account of a billion: 5e10 by the risk cap.
    coin = candidate(0.4, 1.0)
    coin.levels = [("99.99", 4.0), ("110", 4.0)]
    params = OPEN_PARAMS._replace(risk=5000, stop_min_pct=0, k=0, taker=0)
    ((reason, details),) = sized([coin], params, cash="1000000000")
    assert reason == "ENTRY"
    assert details[at.D_BOUND + 1] == (1 << 62) - 1
    assert BOUND_NAMES[details[at.D_BINDING]] == "INV_VOL"


@pytest.mark.parametrize(
    ("sigma", "whole"),
    [(0.5, 500_000_000), (0.3333333333333, 333_333_333), (1.2345678905, 1_234_567_891)],
)
def test_a_volatility_enters_as_the_nearest_integer_of_its_ten_digits(
    sigma: float, whole: int
) -> None:
    assert whole_sigma(sigma) == whole
    assert inverse_sigma(sigma) == 10**18 // whole
