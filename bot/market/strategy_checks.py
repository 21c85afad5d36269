"""What a strategy's parameters may not say against each other."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bot.domain.decimals import plain
from bot.market.column_names import is_local, named_column
from bot.market.parameter_groups import Fault
from bot.market.parameters import PPM, duration_text
from bot.market.strategy_columns import all_columns

if TYPE_CHECKING:
    from bot.market.strategy import Gate, Strategy


def strategy_faults(strategy: Strategy) -> list[Fault]:
    """Every contradiction between parameters, each at the key to change."""
    return [
        *_time_faults(strategy),
        *_leave_faults(strategy),
        *_column_faults(strategy),
        *_stop_faults(strategy),
        *_alert_faults(strategy),
    ]


def _time_faults(s: Strategy) -> list[Fault]:
    """A row later than the freeze of its slot would always be used one slot late (T2)."""
    return [
        Fault(
            (key,), f"{duration_text(lag)} is after settle ({duration_text(s.settle)})", ("settle",)
        )
        for key, lag in (
            ("publish_lag_hourly", s.publish_lag_hourly),
            ("bar_lag", s.bar_lag),
            ("poll_offset", s.poll_offset),
        )
        if lag > s.settle
    ]


def _leave_faults(s: Strategy) -> list[Fault]:
    """A token must not leave where it may enter (G7)."""
    floors = (
        ("sharpe", s.sharpe_min, s.sharpe_leave),
        ("sortino", s.sortino_min, s.sortino_leave),
        ("grade", s.grade_min, s.grade_leave),
    )
    ceilings = (
        ("mdd", s.mdd_max, s.mdd_leave),
        ("volatility", s.volatility_max, s.volatility_leave),
    )
    found: list[Fault] = []
    for name, enter, leave in floors:
        found += _leave_fault(f"{name}_leave", f"{name}_min", enter, leave, -1)
    for name, enter, leave in ceilings:
        found += _leave_fault(f"{name}_leave", f"{name}_max", enter, leave, 1)
    return found


def _leave_fault(
    key: str, enter_key: str, enter: Decimal | None, leave: Decimal | None, side: int
) -> list[Fault]:
    if leave is None:
        return []
    if enter is None:
        return [Fault((key,), f"has no effect while {enter_key} is off", (enter_key,))]
    if (leave - enter) * side >= 0:
        return []
    word = "above" if side < 0 else "below"
    reason = f"{plain(leave)} is {word} {enter_key} ({plain(enter)}): tokens would leave at once"
    return [Fault((key,), reason, (enter_key,))]


def _column_faults(s: Strategy) -> list[Fault]:
    """Columns that could never give a number."""
    found: list[Fault] = []
    if s.gate_on == "lower_bound" and s.sharpe_min is not None and not is_local(s.sharpe_column):
        reason = (
            '"lower_bound" needs a local window such as "sharpe_90d" as sharpe_column: '
            "the provider does not say over how many days its metrics run"
        )
        found.append(Fault(("gate_on",), reason, ("sharpe_column", "sharpe_min")))
    for name in dict.fromkeys(all_columns(s)):
        days = named_column(name).window_days
        if 0 < days < s.min_obs:
            reason = f"{s.min_obs} is more than the {days} returns of {name}: always missing"
            found.append(Fault(("min_obs",), reason))
    return found


def _stop_faults(s: Strategy) -> list[Fault]:
    """Stop distances that leave no room between nearest and farthest (L4)."""
    found: list[Fault] = []
    if s.stop_min_pct >= s.stop_max_pct:
        least, most = (plain(Decimal(ppm) / PPM) for ppm in (s.stop_min_pct, s.stop_max_pct))
        reason = f"{least} is not below stop_max_pct ({most})"
        found.append(Fault(("stop_min_pct",), reason, ("stop_max_pct",)))
    if s.stop_max_atr is None:
        return found
    if s.stop_min_atr >= s.stop_max_atr:
        reason = f"{plain(s.stop_min_atr)} is not below stop_max_atr ({plain(s.stop_max_atr)})"
        found.append(Fault(("stop_min_atr",), reason, ("stop_max_atr",)))
    if s.atr_fallback is not None and not s.stop_min_atr <= s.atr_fallback <= s.stop_max_atr:
        reason = f"{plain(s.atr_fallback)} is outside stop_min_atr to stop_max_atr: never allowed"
        found.append(Fault(("atr_fallback",), reason, ("stop_min_atr", "stop_max_atr")))
    return found


def _alert_faults(s: Strategy) -> list[Fault]:
    """Alerts of one name, and columns that this strategy does not compute."""
    found: list[Fault] = []
    names: set[str] = set()
    windows = {named_column(name).name for name in all_columns(s) if is_local(name)}
    for n, alert in enumerate(s.alert):
        if alert.name in names:
            found.append(Fault(("alert", n, "name"), f"{alert.name!r} is there already"))
        names.add(alert.name)
        column = alert.column
        if column is None or not is_local(column) or named_column(column).name in windows:
            continue
        there = ", ".join(sorted(windows)) or "none"
        reason = (
            f"{column} is a window that this strategy does not compute (it computes: {there}): "
            f"name it in a gate or a rank, or take a recorded column"
        )
        found.append(Fault(("alert", n, "column"), reason))
    return found


def gate_faults(gate: Gate) -> list[Fault]:
    """Contradictions inside one further gate."""
    found: list[Fault] = []
    low, high = gate.min, gate.max
    if low is None and high is None:
        found.append(Fault(("column",), "a gate needs min or max", ("min", "max")))
    if low is not None and high is not None and low > high:
        reason = f"{plain(low)} is above max ({plain(high)})"
        found.append(Fault(("min",), reason, ("max",)))
    if gate.leave_min is not None and (low is None or gate.leave_min > low):
        found.append(Fault(("leave_min",), "must be at or below min, and needs it", ("min",)))
    if gate.leave_max is not None and (high is None or gate.leave_max < high):
        found.append(Fault(("leave_max",), "must be at or above max, and needs it", ("max",)))
    return found
