"""Values of a strategy that follow from others where the file leaves them on `auto` (G7, G11)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bot.domain.instants import DAY, SECOND
from bot.market.column_names import is_local
from bot.market.parameter_groups import AUTO, Auto

if TYPE_CHECKING:
    from bot.market.strategy import Strategy

SHARPE_BAND = Decimal("0.2")
DRAWDOWN_BAND = Decimal("0.05")
HISTORY = 30 * DAY
# Provider metrics run from 2019, so every large token has fallen by three quarters in them (G11).
RECORDED_SHARPE, RECORDED_DRAWDOWN = Decimal("0.8"), Decimal("0.95")
WINDOWED_SHARPE, WINDOWED_DRAWDOWN = Decimal("1.0"), Decimal("0.35")


def _on_auto(strategy: Strategy, key: str) -> bool:
    return getattr(strategy, key) is AUTO


def derived_values(strategy: Strategy) -> dict[str, object]:
    """Every value that is to be set: those on auto, and leave limits that are the enter limit."""
    limits = _limits(strategy)
    values = limits | _leave_limits(strategy, limits)
    if _on_auto(strategy, "latency"):
        values["latency"] = 0 if strategy.bars == "1h" else 120 * SECOND
    if _on_auto(strategy, "min_history"):
        values["min_history"] = HISTORY if strategy.uses_local else 0
    return values


def _limits(strategy: Strategy) -> dict[str, object]:
    values: dict[str, object] = {
        "sharpe_min": strategy.sharpe_min,
        "sortino_min": strategy.sortino_min,
        "mdd_max": strategy.mdd_max,
        "volatility_max": strategy.volatility_max,
        "grade_min": strategy.grade_min,
    }
    if _on_auto(strategy, "sharpe_min"):
        windowed = is_local(strategy.sharpe_column)
        values["sharpe_min"] = WINDOWED_SHARPE if windowed else RECORDED_SHARPE
    if _on_auto(strategy, "mdd_max"):
        windowed = is_local(strategy.mdd_column)
        values["mdd_max"] = WINDOWED_DRAWDOWN if windowed else RECORDED_DRAWDOWN
    return values


def _leave_limits(strategy: Strategy, limits: dict[str, object]) -> dict[str, object]:
    """Auto keeps the band of G7; none means that a token leaves where it entered."""
    bands = {
        "sharpe": (strategy.sharpe_leave, "sharpe_min", -SHARPE_BAND),
        "sortino": (strategy.sortino_leave, "sortino_min", Decimal(0)),
        "mdd": (strategy.mdd_leave, "mdd_max", DRAWDOWN_BAND),
        "volatility": (strategy.volatility_leave, "volatility_max", Decimal(0)),
        "grade": (strategy.grade_leave, "grade_min", Decimal(0)),
    }
    values: dict[str, object] = {}
    for name, (leave, enter_key, band) in bands.items():
        enter = limits[enter_key]
        if isinstance(leave, Auto):
            values[f"{name}_leave"] = enter + band if isinstance(enter, Decimal) else None
        elif leave is None:
            values[f"{name}_leave"] = enter
    return values
