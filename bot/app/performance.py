"""The summary of a run with its statistics: account, trades and benchmarks (semantics section 7).

No figure is invented: where a sample is too small it is missing, and its reason stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.app.benchmark_portfolios import Benchmark, Costs, PricedTokens, benchmarks
from bot.app.performance_equity import DailyPoints, Equity
from bot.app.performance_figures import Figure, Figures, documents, figure
from bot.app.performance_returns import (
    MIN_RETURNS,
    RUINED,
    growth_figures,
    of_returns,
    return_figures,
    with_intervals,
)
from bot.app.performance_trades import Money, money_of, open_at_end, trade_figures
from bot.domain.decimals import scaled
from bot.domain.instants import format_instant
from bot.domain.records import Fill, Trade
from bot.stats.beta import beta
from bot.stats.excess_return import excess_return
from bot.stats.information_ratio import information_ratio
from bot.stats.simple_returns import simple_returns
from bot.stats.total_return import total_return

_RATE_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """A benchmark, its own figures and those of the account against it."""

    benchmark: Benchmark
    figures: Figures

    def document(self) -> dict[str, Any]:
        """Everything but the values of every day."""
        held = self.benchmark
        return {
            "name": held.name,
            "token_ids": list(held.token_ids),
            "bought": None if held.bought is None else format_instant(held.bought),
            **documents(self.figures),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Performance:
    """A run in figures. Rates are fractions, money is in 1e-8, instants are UTC milliseconds.

    daily: the points that all daily figures read. intervals: how the bounds of Sharpe ratio, CAGR
    and drawdown were drawn, or why there are none. absent: by kind, why a benchmark is missing.
    """

    start: int
    end: int
    slots: int
    daily: DailyPoints
    money: Money
    returns: Figures
    intervals: Mapping[str, Any]
    trades: Figures
    closed: int
    open: int
    benchmarks: Sequence[Compared]
    absent: Mapping[str, str]
    costs: Costs

    def document(self) -> dict[str, Any]:
        """The summary for `--json`; every figure has its n, a missing one is null with its why."""
        compared = {one.benchmark.kind: one.document() for one in self.benchmarks}
        return {
            "from": format_instant(self.start),
            "to": format_instant(self.end),
            "slots": self.slots,
            "days": {
                "n": self.daily.n,
                "from": format_instant(int(self.daily.instants[0])),
                "to": format_instant(int(self.daily.instants[-1])),
            },
            "costs": {name: scaled(rate, _RATE_DECIMALS) for name, rate in self._rates()},
            "money": self.money.document(),
            "returns": documents(self.returns),
            "intervals": dict(self.intervals),
            "trades": {"closed": self.closed, "open": self.open, **documents(self.trades)},
            "benchmarks": compared | {kind: {"why": why} for kind, why in self.absent.items()},
        }

    def _rates(self) -> tuple[tuple[str, int], ...]:
        return ("k", self.costs.k), ("taker", self.costs.taker), ("maker", self.costs.maker)


def performance(
    equity: Equity,
    trades: Sequence[Trade],
    fills: Sequence[Fill],
    tokens: PricedTokens,
    costs: Costs,
) -> Performance:
    """Every figure of a run.

    Total return, exposure, turnover and the hourly drawdown go from the starting cash to the last
    slot; everything called daily, and CAGR, read the points at 00:00 UTC. Positions still open are
    in the equity, at their marks, and in no figure of trades.

    Raises ValueError where the equity is not one of hourly slots (see `Equity`).
    """
    daily = equity.daily()
    returns, intervals = with_intervals(return_figures(equity, fills), daily)
    made, absent = benchmarks(equity, tokens, costs)
    return Performance(
        start=equity.start,
        end=equity.end,
        slots=equity.n,
        daily=daily,
        money=money_of(equity, trades, fills),
        returns=returns,
        intervals=intervals,
        trades=trade_figures(trades, fills, tokens.bars),
        closed=len(trades),
        open=open_at_end(fills),
        benchmarks=[_compared(one, equity, daily) for one in made],
        absent=absent,
        costs=costs,
    )


def _compared(held: Benchmark, equity: Equity, daily: DailyPoints) -> Compared:
    whole = equity.points()[[0, -1]]
    other = [whole[0], held.final]
    own = {"total_return": figure(total_return(other), equity.n, "slots", RUINED)}
    against = {"excess_return": figure(excess_return(whole, other), equity.n, "slots", RUINED)}
    return Compared(
        benchmark=held,
        figures=own | growth_figures(held.daily) | against | _against(held.daily, daily),
    )


def _against(held: DailyPoints, daily: DailyPoints) -> Figures:
    """Beta and information ratio of the account's daily returns."""
    own, other = simple_returns(daily.equity), simple_returns(held.equity)
    if own is None or other is None:
        missing: Figure = of_returns(None, daily.n, RUINED)
        return {"beta": missing, "information_ratio": missing}
    ratio = information_ratio(own, other, MIN_RETURNS)
    return {
        "beta": of_returns(beta(own, other, MIN_RETURNS), daily.n, "the benchmark does not vary"),
        "information_ratio": of_returns(ratio, daily.n, "the distance to it does not vary"),
    }
