"""Which windows and series a strategy reads, so that nothing else is computed or polled."""

from __future__ import annotations

from dataclasses import dataclass

from bot.market.column_names import is_local, named_column
from bot.market.covariance import RETURN_DAYS
from bot.market.local_columns import HOURLY_WINDOW
from bot.market.local_levels import ATR_WINDOW, WINDOW
from bot.market.strategy import Strategy
from bot.market.strategy_columns import gate_columns, rank_columns

DAILY_ROWS = {"30d": 33 * 24, "90d": 93 * 24, "1y": 368 * 24}
WEEK_ROWS = 9 * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one strategy asks of the market."""

    atr: bool
    pivots: bool
    strengths: bool  # provider levels get theirs from local touches
    local_sigma: bool
    local_atr: bool
    bars: int  # rows of the longest window


def needs_of(strategy: Strategy) -> Needs:
    """What a strategy's columns, levels and sizes read."""
    multiples = (
        strategy.stop_buf_atr, strategy.stop_min_atr, strategy.stop_max_atr, strategy.atr_fallback
    )  # fmt: skip
    atr = any(multiple is not None and multiple > 0 for multiple in multiples)
    strengths = strategy.levels == "provider" and (
        strategy.strong is not None
        or strategy.stop_min_strength > 0
        or strategy.target_min_strength > 0
    )
    pivots = strategy.levels == "local" or strengths
    local_sigma = strategy.sigma != "quantmetrics" and not strategy.sigma.startswith("column:")
    rows = [HOURLY_WINDOW, WEEK_ROWS]
    if pivots:
        rows.append(WINDOW + ATR_WINDOW)
    if strategy.portfolio_vol is not None:
        rows.append((RETURN_DAYS + 3) * 24)
    for name in (*gate_columns(strategy), *rank_columns(strategy)):
        if is_local(name):
            rows.append(DAILY_ROWS[named_column(name).name.rsplit("_", 1)[1]])
    return Needs(
        atr=atr,
        pivots=pivots,
        strengths=strengths,
        local_sigma=local_sigma,
        local_atr=atr and strategy.atr == "local",
        bars=max(rows),
    )
