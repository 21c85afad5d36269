"""What an alert means, in a sentence."""

from __future__ import annotations

from decimal import Decimal

from bot.domain.decimals import plain
from bot.market.alert_rules import ANY, COLUMN, SIGNAL, Alert
from bot.market.parameters import PPM, duration_text


def alert_words(alert: Alert) -> str:
    """The alert as one sentence without its name."""
    if alert.on == COLUMN:
        said = _column(alert)
    elif alert.on == SIGNAL:
        said = "the trend turns" + ("" if alert.signal == ANY else f" {alert.signal}")
    else:
        said = _levels(alert)
    tokens = [*(f"token {i}" for i in alert.token_ids), *alert.symbols]
    whose = ", ".join(tokens) or "every token of the universe"
    often = f"; at most once in {duration_text(alert.throttle)}" if alert.throttle else ""
    return f"{said}, for {whose}{often}"


def _column(alert: Alert) -> str:
    parts = []
    if alert.above is not None:
        parts.append(f"rises to {plain(alert.above)} or above")
    if alert.below is not None:
        parts.append(f"falls to {plain(alert.below)} or below")
    band = f" (armed again {plain(alert.hysteresis)} beyond)" if alert.hysteresis else ""
    return f"{alert.column} {' or '.join(parts)}{band}"


def _levels(alert: Alert) -> str:
    side = "support or resistance" if alert.side == ANY else alert.side
    strength = f" of strength {plain(alert.min_strength)} or more" if alert.min_strength else ""
    near = f"within {_percent(alert.approach)}"
    return f"{', '.join(alert.events)} ({near}) of the nearest {side}{strength}"


def _percent(ppm: int) -> str:
    return f"{plain(Decimal(ppm) * 100 / PPM)} %"
