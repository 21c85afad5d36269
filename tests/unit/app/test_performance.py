"""The summary of a run: its daily points, what small samples leave out, and what scales."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app.performance import Performance, performance
from bot.app.performance_equity import Equity
from bot.domain.instants import DAY, HOUR
from tests.unit.app.runs import (
    CASH,
    COSTS,
    DAY_0,
    NO_TOKENS,
    UNIT,
    fill,
    flat,
    hourly,
    of_days,
    of_returns,
    result,
    zigzag,
)
from tests.unit.stats.vectors import R12


def summary(equity: Equity, **given: Any) -> Performance:
    values: dict[str, Any] = {"trades": (), "fills": (), "tokens": NO_TOKENS, "costs": COSTS}
    return performance(equity, **{**values, **given})


def every_figure(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, dict):
        own = [document] if "value" in document else []
        return own + [one for part in document.values() for one in every_figure(part)]
    return []


def test_the_starting_cash_is_the_first_daily_point_and_only_midnights_follow() -> None:
    marks = [CASH + hour * UNIT for hour in range(50)]  # 22:00, 23:00, 00:00, ...
    daily = hourly(marks, first=DAY_0 + 22 * HOUR).daily()
    assert daily.instants.tolist() == [DAY_0, DAY_0 + DAY, DAY_0 + 2 * DAY]
    assert daily.equity.tolist() == [10_000.0, 10_002.0, 10_026.0]


def test_a_run_that_begins_at_midnight_has_no_return_for_that_instant() -> None:
    daily = hourly([CASH] * 25, first=DAY_0).daily()
    assert daily.n == 1
    assert daily.instants.tolist() == [DAY_0, DAY_0 + DAY]


def test_pv1_of_twelve_days_shows_returns_and_falls_and_no_ratio() -> None:
    found = summary(of_returns(R12)).returns
    assert found["total_return"].value == pytest.approx(0.0324836956, abs=1e-10)
    assert found["max_drawdown"].value == pytest.approx(0.022, abs=1e-10)
    assert found["under_water"].value == pytest.approx(8 / 12)
    assert (found["longest_drawdown_days"].value, found["longest_drawdown_days"].n) == (4.0, 12)
    assert found["drawdown_at_end"].value == 0.0
    for name in ("sharpe", "sortino", "volatility", "value_at_risk", "psr", "skewness"):
        assert found[name].value is None
        assert found[name].why == "fewer than 30 daily returns"
    assert found["cagr"].why == found["calmar"].why == "fewer than 90 days"


def test_thirty_days_have_ratios_and_twenty_nine_have_none() -> None:
    assert summary(of_returns(zigzag(29))).returns["sharpe"].value is None
    found = summary(of_returns(zigzag(30))).returns
    assert found["sharpe"].n == 30
    assert all(found[name].value is not None for name in ("sharpe", "sortino", "psr", "kurtosis"))


def test_sixty_days_have_bounds_and_fifty_nine_say_why_not() -> None:
    short = summary(of_returns(zigzag(59)))
    assert short.intervals == {"n": 59, "why": "fewer than 60 daily returns"}
    assert not short.returns["sharpe"].more
    long = summary(of_returns(zigzag(60)))
    assert (long.intervals["seed"], long.intervals["draws"]) == (1, 5000)
    bounds = long.returns["sharpe"]
    assert bounds.value is not None
    assert bounds.more["low"] < bounds.value < bounds.more["high"]  # type: ignore[operator]
    assert set(long.returns["max_drawdown"].more) == {"low", "high"}
    assert long.returns["cagr"].document() == {
        "value": None, "n": 60, "of": "days", "why": "fewer than 90 days",
    }  # fmt: skip


def test_ninety_days_have_a_growth_rate_and_eighty_nine_have_none() -> None:
    assert summary(of_returns(zigzag(89))).returns["cagr"].value is None
    closes = [CASH] * 89 + [CASH * 11 // 10]
    found = summary(of_days(closes)).returns
    assert found["cagr"].value == pytest.approx(1.1 ** (365 / 90) - 1)
    assert found["calmar"].why == "nothing fell"
    assert {"low", "high"} <= set(summary(of_returns(zigzag(90))).returns["cagr"].more)


def test_a_strategy_that_does_nothing_has_no_sharpe_ratio_and_says_why() -> None:
    found = summary(of_days([CASH] * 100))
    assert found.returns["total_return"].value == 0.0
    assert found.returns["volatility"].value == 0.0
    assert found.returns["cagr"].value == 0.0
    for name in ("sharpe", "psr", "min_track_record_days", "skewness"):
        assert found.returns[name].document() == {
            "value": None, "n": 100, "of": "days", "why": "the daily returns do not vary",
        }  # fmt: skip
    assert found.returns["sortino"].why == "no daily return was below 0"
    assert found.intervals == {"n": 100, "why": "the daily returns do not vary"}
    assert found.returns["turnover"].value == 0.0


def test_a_losing_record_is_never_long_enough() -> None:
    found = summary(of_returns([-x for x in zigzag(40)])).returns
    assert found["sharpe"].value is not None
    assert found["sharpe"].value < 0.0
    assert found["min_track_record_days"].why.startswith("the Sharpe ratio is not above 0")
    assert found["psr"].value is not None
    assert found["psr"].value < 0.5


def test_a_few_hours_have_a_return_and_a_fall_and_no_day() -> None:
    found = summary(hourly([CASH, CASH * 9 // 10, CASH * 19 // 20])).returns
    assert found["total_return"].value == pytest.approx(-0.05)
    assert (found["max_drawdown_hourly"].value, found["max_drawdown_hourly"].n) == (
        pytest.approx(0.1), 3,
    )  # fmt: skip
    assert found["max_drawdown"].document() == {
        "value": None, "n": 0, "of": "days", "why": "no 00:00 UTC after the first slot",
    }  # fmt: skip


def test_an_account_that_lost_everything_says_so() -> None:
    found = summary(of_days([CASH] * 50 + [0] * 50)).returns
    assert found["total_return"].value == -1.0
    assert found["max_drawdown"].value == 1.0
    assert found["sharpe"].why == found["volatility"].why == "the account was at 0"
    assert found["exposure"].why == "the account was at 0"


def test_exposure_and_turnover_use_every_hour() -> None:
    equity = hourly([CASH] * 48, value=CASH // 4)
    fills = [fill("BUY", 10_000, 20_000, "200"), fill("SELL", 10_000, 20_000, "200")]
    found = summary(equity, fills=fills).returns
    assert found["exposure"].value == 0.25
    assert found["exposure"].n == 48
    # 4,000 traded on 10,000 in two days: 0.2 times, 182.5 such stretches a year.
    assert found["turnover"].value == pytest.approx(36.5)
    assert found["turnover"].n == 2


def test_every_figure_has_its_n_and_every_missing_one_its_reason() -> None:
    for days in (1, 29, 30, 60, 90):
        found = summary(of_returns(zigzag(days)), trades=[result(-UNIT)]).document()
        figures = every_figure(found)
        assert len(figures) > 25
        for one in figures:
            assert isinstance(one["n"], int)
            assert one["of"]
            assert one["value"] is not None or one["why"]
        json.dumps(found, allow_nan=False)


def test_a_gap_in_the_slots_is_refused() -> None:
    whole = hourly([CASH] * 3)
    with pytest.raises(ValueError, match="one after the other"):
        replace(whole, slot=whole.slot * 2)
    with pytest.raises(ValueError, match="not of the same slots"):
        replace(whole, value=whole.value[1:])
    with pytest.raises(ValueError, match="0 slots"):
        hourly([])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-300, 300), min_size=31, max_size=40), st.integers(1, 40))
def test_ten_times_the_money_changes_money_and_no_ratio(moves: list[int], lots: int) -> None:
    def run(factor: int) -> dict[str, Any]:
        closes, level = [], CASH
        for move in moves:
            level += move * UNIT // 10
            closes.append(level * factor)
        equity = replace(of_days(closes), cash=CASH * factor)
        equity = replace(equity, equity=equity.equity.copy())
        equity.equity[:23] = CASH * factor
        trades = [result(move * UNIT * factor, lots=factor) for move in moves]
        buy = replace(fill("BUY", lots * factor, 10_005, "100"), fee=lots * factor)
        tokens = replace(NO_TOKENS, bars={1: flat(1, range(100, 1100))}, universe=(1,))
        return summary(equity, trades=trades, fills=[buy], tokens=tokens).document()

    once, tenfold = run(1), run(10)
    for name, text in once["money"].items():
        assert float(tenfold["money"][name]) == pytest.approx(10 * float(text))
    for own, other in zip(every_figure(once), every_figure(tenfold), strict=True):
        assert own.keys() == other.keys()
        for key, value in own.items():
            same = pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value
            assert other[key] == same
