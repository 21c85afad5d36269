"""A replay's performance: its equity, trades and fills against the data's own benchmarks."""

from __future__ import annotations

import numpy as np

from bot.app.benchmark_portfolios import Costs, PricedTokens
from bot.app.performance import Performance, performance
from bot.app.performance_equity import Equity
from bot.app.replay import Replay
from bot.app.tally import EQUITY, SLOT, VALUE
from bot.domain.bar_table import BarTable, History, impossible_rows
from bot.market.strategy import Strategy


def performance_of(result: Replay, history: History) -> Performance:
    """Every figure of a run with its n; tokens whose bars stand in no table have no benchmark."""
    return performance(
        equity_of(result),
        [trade for slot in result.busy for trade in slot.trades],
        [fill for slot in result.busy for fill in slot.fills],
        priced_tokens(result, history),
        costs_of(result.loaded.strategy),
    )


def equity_of(result: Replay) -> Equity:
    """The account at every slot."""
    marks = result.tally.marks()
    return Equity(
        slot=marks[:, SLOT].copy(),
        equity=marks[:, EQUITY].copy(),
        value=marks[:, VALUE].copy(),
        cash=result.loaded.strategy.cash,
    )


def priced_tokens(result: Replay, history: History) -> PricedTokens:
    """The bars of the data, impossible ones left out."""
    return PricedTokens(
        bars={table.token_id: possible(table) for table in history.tables if len(table)},
        symbols={token.token_id: token.symbol for token in history.rest.tokens},
        universe=result.universe,
    )


def costs_of(strategy: Strategy) -> Costs:
    """What a strategy assumes that trading costs."""
    return Costs(k=strategy.k, taker=strategy.taker, maker=strategy.maker)


def possible(table: BarTable) -> BarTable:
    """The bars that a market can have made."""
    bad = impossible_rows(table.prices)
    return table.take(np.flatnonzero(~bad)) if bad.any() else table
