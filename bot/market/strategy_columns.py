"""Which metric columns a strategy names, and what for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.market.strategy import Strategy


def gate_columns(strategy: Strategy) -> list[str]:
    """The names of the gates that are on, in the order of G1; the grade's has no choice."""
    limited = (
        (strategy.sharpe_min, strategy.sharpe_column),
        (strategy.sortino_min, strategy.sortino_column),
        (strategy.mdd_max, strategy.mdd_column),
        (strategy.volatility_max, strategy.volatility_column),
    )
    named = [column for limit, column in limited if limit is not None]
    return named + [gate.column for gate in strategy.gates]


def rank_columns(strategy: Strategy) -> list[str]:
    """The names of the columns that rank; a token without one of them has no rank."""
    if strategy.rank_by == "sortino":
        return [strategy.sortino_column]
    return [name for name, _ in strategy.composite]


def all_columns(strategy: Strategy) -> list[str]:
    """Every name that decides something, the one that breaks ties included."""
    return [*gate_columns(strategy), *rank_columns(strategy), strategy.sortino_column]
