"""A replay's performance: its equity, trades and fills against the data's own benchmarks."""

from __future__ import annotations

import numpy as np

from bot.app.benchmark_portfolios import Costs, PricedTokens
from bot.app.performance import Performance, performance
from bot.app.performance_equity import Equity
from bot.app.replay import Replay
from bot.app.tally import EQUITY, SLOT, VALUE
from bot.domain.bar_table import BarTable, History, impossible_rows


def performance_of(result: Replay, history: History) -> Performance:
    """Every figure of a run with its n; tokens whose bars stand in no table have no benchmark."""
    marks = result.tally.marks()
    strategy = result.loaded.strategy
    equity = Equity(
        slot=marks[:, SLOT].copy(),
        equity=marks[:, EQUITY].copy(),
        value=marks[:, VALUE].copy(),
        cash=strategy.cash,
    )
    tokens = PricedTokens(
        bars={table.token_id: _possible(table) for table in history.tables if len(table)},
        symbols={token.token_id: token.symbol for token in history.rest.tokens},
        universe=result.universe,
    )
    return performance(
        equity,
        [trade for slot in result.busy for trade in slot.trades],
        [fill for slot in result.busy for fill in slot.fills],
        tokens,
        Costs(k=strategy.k, taker=strategy.taker, maker=strategy.maker),
    )


def _possible(table: BarTable) -> BarTable:
    bad = impossible_rows(table.prices)
    return table.take(np.flatnonzero(~bad)) if bad.any() else table
