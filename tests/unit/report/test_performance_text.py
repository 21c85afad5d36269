"""The summary on a terminal: whole on 80 columns, and plain about what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from bot.app.benchmark_portfolios import PricedTokens
from bot.app.performance import performance
from bot.domain.instants import DAY
from bot.report.performance_text import performance_text
from bot.report.tables import Page
from tests.unit.app.runs import (
    CASH,
    COSTS,
    DAY_0,
    FREE,
    NO_TOKENS,
    UNIT,
    fill,
    flat,
    of_days,
    of_returns,
    result,
    zigzag,
)

TERMINAL = Page(width=80)


def tokens(days: int) -> PricedTokens:
    prices = [10_000 + 50 * (hour % 37) + hour for hour in range(24 * days)]
    bars = [flat(1, prices), flat(2, prices[24:], first=DAY_0 + DAY), flat(3, prices[::-1])]
    return PricedTokens(
        bars={one.token_id: one for one in bars},
        symbols={1: "BTC", 2: "SAFE\x1b[31mMOON"},
        universe=[2, 1, 3],
    )


def document(days: int, **given: Any) -> dict[str, Any]:
    results = [3, -1, 2, -2, 4, -1, -1, 2]
    values: dict[str, Any] = {
        "trades": [result(n * 10 * UNIT, hours=n + 9) for n in results],
        "fills": [fill("BUY", 10, 10_005, "100")], "tokens": tokens(days), "costs": COSTS,
    }  # fmt: skip
    return performance(of_returns(zigzag(days)), **{**values, **given}).document()


def line_of(text: str, start: str) -> str:
    (found,) = [line for line in text.splitlines() if line.strip().startswith(start)]
    return " ".join(found.split())


def benchmark_rows(text: str) -> list[str]:
    return [line.split()[0] for line in text[text.index("benchmarks") :].splitlines()[1:]]


@pytest.mark.parametrize("days", [1, 29, 45, 75, 400])
def test_every_line_fits_eighty_columns_and_shows_no_machine_word(days: int) -> None:
    text = performance_text(document(days), TERMINAL)
    assert max(map(len, text.splitlines())) <= 80
    assert "None" not in text
    assert "nan" not in text
    assert "\x1b" not in text
    assert "-0.00%" not in text
    assert " -0.00 " not in text


def test_a_long_run_shows_every_row_with_its_n_and_bounds() -> None:
    text = performance_text(document(400), TERMINAL)
    assert line_of(text, "Sharpe ratio").endswith("400 days")
    assert " to " in line_of(text, "Sharpe ratio")
    assert " to " in line_of(text, "growth a year (CAGR)")
    assert line_of(text, "won") == "won 50.00% 21.52% to 78.48% 8 trades"
    mean = line_of(text, "net result, mean")
    assert mean == "net result, mean +0.150 R sd 0.45, t 0.94, p 0.378 8 trades"
    assert "not distinguishable from zero (p 0.378)" in " ".join(text.split())
    assert "8 closed and 1 still open" in text
    assert "5000 histories drawn from the 400 daily returns" in text
    assert line_of(text, "turnover a year").endswith("1 fill")
    assert "Not shown" not in text.split("benchmarks")[1]  # that cash does not vary is no news


def test_net_stands_between_gross_and_where_it_came_from() -> None:
    text = performance_text(document(45), TERMINAL)
    head = text.split("returns")[0]
    assert "2021-03-01 01:00 to 2021-04-15 00:00 UTC, 1080 hourly slots, 45 days" in head
    for word in ("net", "fees 0.00", "slippage 0.00", "gross", "open positions have"):
        assert word in head


def test_missing_figures_are_named_once_with_their_reason() -> None:
    text = " ".join(performance_text(document(45), TERMINAL).split())
    assert "Not shown: growth a year (CAGR), Calmar ratio: fewer than 90 days (n 45 days)." in text
    assert "No 95% bounds: fewer than 60 daily returns (n 45)." in text


def test_a_strategy_that_does_nothing_is_told_plainly() -> None:
    idle = performance(of_days([CASH] * 100), (), (), NO_TOKENS, COSTS).document()
    text = " ".join(performance_text(idle, TERMINAL).split())
    assert "the daily returns do not vary (n 100 days)." in text
    assert "best 5 trades' share of pnl, hours held, median: no trade was closed (n 0" in text
    assert "0 closed and 0 still open" in text
    assert "R is the money at risk" not in text
    assert "Not shown: btc, no token of the data is called BTC." in text


def test_benchmarks_are_named_once_and_a_late_one_says_since_when() -> None:
    text = performance_text(document(45), TERMINAL)
    assert benchmark_rows(text)[:5] == ["this", "BTC", "equal", "SAFE[31mMOON", "cash"]
    assert "SAFE[31mMOON bought 2021-03-02, its first bar." in " ".join(text.split())
    alone = PricedTokens(bars={1: flat(1, range(100, 1400))}, symbols={1: "BTC"}, universe=[1])
    text = performance_text(document(45, tokens=alone), TERMINAL)
    assert "(first by id)" not in text
    assert benchmark_rows(text)[:3] == ["this", "BTC", "cash"]


@pytest.mark.parametrize(("last", "shown"), [(900_000, "+89,900%"), (10**10, "+1.0e+09%")])
def test_a_return_of_thousands_of_percent_still_fits(last: int, shown: str) -> None:
    grown = PricedTokens(
        bars={1: flat(1, [1_000, 1_000, *[last] * 9_600])}, symbols={1: "PEPE"}, universe=[1]
    )
    costless = document(400, tokens=grown, costs=FREE)
    text = performance_text(costless, TERMINAL)
    assert shown in line_of(text, "equal weight of 1")
    assert max(map(len, text.splitlines())) <= 80


def test_a_narrow_terminal_loses_beta_before_the_return() -> None:
    text = performance_text(document(400), Page(width=60))
    head = line_of(text, "benchmarks")
    assert "return" in head
    assert "beta" not in head
    assert max(map(len, text[text.index("benchmarks") :].splitlines())) <= 60


def test_a_small_p_is_not_shown_as_zero() -> None:
    sure = [result(n * UNIT) for n in (9, 10, 11) * 9]
    text = performance_text(document(45, trades=sure), TERMINAL)
    assert "p < 0.001" in text
    assert "not distinguishable" not in text
