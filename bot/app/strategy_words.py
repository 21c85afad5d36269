"""What a strategy means, in sentences: universe, signals, gates, bracket, size, exits, costs."""

from __future__ import annotations

import math
from decimal import Decimal

from bot.app.alert_words import alert_words
from bot.domain.decimals import money_text, plain
from bot.domain.instants import DAY, HOUR
from bot.domain.plurals import counted
from bot.engine import layout as at
from bot.market.rules import build_rules
from bot.market.strategy import Strategy, Universe

_SERIES = {
    "hourly": "the provider's hourly signal turns Bullish",
    "daily": "the provider's daily signal turns Bullish",
    "local": "the trend of the candles turns up",
}


def describe(strategy: Strategy) -> list[str]:
    """The strategy, one sentence a line."""
    return [
        f"Trades {_universe(strategy.universe)} with {money_text(strategy.cash)} to start.",
        _signals(strategy),
        *_gates(strategy),
        _stop(strategy),
        _target(strategy),
        _size(strategy),
        _limits(strategy),
        _exits(strategy),
        _costs(strategy),
        _source(strategy),
        *(f"Alert {alert.name}: {alert_words(alert)}." for alert in strategy.alert),
    ]


def _universe(universe: Universe) -> str:
    parts = [f"token {i}" for i in universe.token_ids]
    parts += list(universe.symbols)
    parts += [f"every token of {name!r}" for name in universe.categories]
    text = ", ".join(parts) or "every recorded token"
    if universe.exclude_categories:
        text += f" outside {', '.join(universe.exclude_categories)}"
    if universe.top is not None:
        text += f", of these the {universe.top} of the greatest market value"
    return text


def _signals(s: Strategy) -> str:
    first = ", also when it is first seen so" if s.enter_on_first_seen else ""
    confirm = f" and stays so for {s.confirm_bars} rows" if s.confirm_bars > 1 else ""
    again = (
        "after an exit only a new turn counts"
        if s.reentry == "new_edge"
        else "after an exit it may enter again while Bullish"
    )
    return (
        f"A token is a candidate when {_SERIES[s.signals]}{confirm}{first}, "
        f"for {counted(s.candidate_ttl, 'slot')}; {again}."
    )


def _gates(s: Strategy) -> list[str]:
    rules, plan = build_rules(s)
    lines = []
    for g, limits in enumerate(rules.limits.tolist()):
        column = int(rules.gates[g, at.GATE_COLUMN])
        name = "daily volume" if column < at.X_FIRST else plan.columns[column - at.X_FIRST].name
        low, high, leave_low, leave_high = limits
        parts = []
        if not math.isnan(low):
            parts.append(f"at least {low:g}{_stays(low, leave_low, 'below')}")
        if not math.isnan(high):
            parts.append(f"at most {high:g}{_stays(high, leave_high, 'above')}")
        lines.append(f"Gate: {name} {' and '.join(parts)}.")
    if s.min_history:
        lines.append(f"Gate: known for {_span(s.min_history)} or longer.")
    return lines or ["No gates."]


def _stays(enter: float, leave: float, side: str) -> str:
    return "" if math.isnan(leave) or leave == enter else f" (stays in until {side} {leave:g})"


def _stop(s: Strategy) -> str:
    tested = f" of strength {plain(s.stop_min_strength)}" if s.stop_min_strength else ""
    least = f"{_percent(s.stop_min_pct)} or {plain(s.stop_min_atr)} ATR"
    most = _percent(s.stop_max_pct)
    if s.stop_max_atr is not None:
        most += f" or {plain(s.stop_max_atr)} ATR"
    text = (
        f"Stop: below the nearest support{tested} by {_percent(s.stop_buf)} or "
        f"{plain(s.stop_buf_atr)} ATR, the greater; at least {least}, at most {most} away"
    )
    if s.atr_fallback is not None:
        text += f"; {plain(s.atr_fallback)} ATR below the price where no level fits"
    return text + "."


def _target(s: Strategy) -> str:
    tested = f" of strength {plain(s.target_min_strength)}" if s.target_min_strength else ""
    text = (
        f"Target: below the nearest resistance{tested} by {_percent(s.target_buf)}; "
        f"net reward:risk at least {_ratio(s.min_rr)}"
    )
    if s.target_fallback is not None:
        text += f"; at {_ratio(s.target_fallback)} times the risk where no level is above"
    if s.strong is not None:
        text += (
            f"; no entry with a level of strength {plain(s.strong)} within {_percent(s.veto)} above"
        )
    return text + "."


def _size(s: Strategy) -> str:
    over = "positions and candidates" if s.scope == "portfolio" else "candidates"
    vol = "" if s.pos_vol is None else f", {_percent(s.pos_vol)} of annual volatility added"
    return (
        f"Size: inverse volatility ({s.sigma}) over {over}; at most {_percent(s.gross)} of equity "
        f"invested, {_percent(s.risk)} lost at the stop, {_percent(s.position_cap)} in a token, "
        f"{_percent(s.sector_cap)} in a sector{vol}."
    )


def _limits(s: Strategy) -> str:
    parts = [f"{s.max_open} positions and working entries"]
    if s.top_n is not None:
        parts.append(f"entries only for the best {s.top_n} by {s.rank_by}")
    text = f"At most {', '.join(parts)}; no entries while equity is down"
    halts = []
    if s.daily_loss_limit is not None:
        halts.append(f"{_percent(s.daily_loss_limit)} since 00:00 UTC")
    if s.dd_halt is not None:
        halts.append(f"{_percent(s.dd_halt)} from its peak")
    if not halts:
        return f"At most {', '.join(parts)}; no halts."
    return f"{text} {' or '.join(halts)}."


def _exits(s: Strategy) -> str:
    return (
        f"Exits: at the stop, at the target, when the signal turns Bearish, or after "
        f"{s.max_hold} h; then a rest of {counted(s.cooldown_stop, 'slot')} after a stop, "
        f"{s.cooldown_other} after other exits."
    )


def _costs(s: Strategy) -> str:
    return (
        f"Costs: {_percent(s.k)} of slippage, {_percent(s.taker)} taker and {_percent(s.maker)} "
        f"maker fee; an order fills at most {_percent(s.part)} of a bar's volume."
    )


def _source(s: Strategy) -> str:
    if s.uses_local:
        return "Runs on columns computed from candles (source=local)."
    return "Runs on the provider's recorded columns (source=recorded)."


def _percent(ppm: int) -> str:
    return f"{plain(Decimal(ppm) / 10_000)} %"


def _ratio(ppm: int) -> str:
    return plain(Decimal(ppm) / 1_000_000)


def _span(ms: int) -> str:
    return f"{ms // DAY} d" if ms % DAY == 0 else f"{ms / HOUR:g} h"
