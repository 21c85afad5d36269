"""A recorded bracket worked through again, with the engine's own functions, for people."""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from typing import Any

import numpy as np

from bot.app.level_merge import merged_book, whole_strengths
from bot.app.reading import Document
from bot.domain.decimals import decimals_of, plain
from bot.domain.instants import parse_instant
from bot.engine.costs import net_entry, net_stop, net_target, sell_ticks
from bot.engine.levels import STRENGTH
from bot.engine.params import Params
from bot.market.bar_series import fitting
from bot.market.needs import needs_of
from bot.market.rules import build_rules
from bot.market.strategy import Strategy

_NEAR = 4  # levels shown on each side of the price, and every one that the bracket used
_PPM = Decimal(10**6)
_STRENGTH_DIGITS = 3


def book_near(
    strategy: Strategy, seen: Document, slot: int, chosen: dict[str, str]
) -> list[Document]:
    """The merged levels around the price, highest first, strengths as of the slot.

    A strength is None where none was sent and the strategy computes none.
    """
    if not seen.get("book") or "tick" not in seen:
        return []
    close = Decimal(seen["bar"]["close"])
    levels = merged_levels(build_rules(strategy)[0].params, seen, slot)
    known = _has_strengths(strategy, levels)
    middle = bisect_left([Decimal(price) for price, _ in levels], close)
    shown = [
        {
            "price": price,
            "strength": strength if known else None,
            "away": _share(Decimal(price) - close, close),
            "side": "resistance" if n >= middle else "support",
            "chosen": chosen.get(price, ""),
        }
        for n, (price, strength) in enumerate(levels)
        if middle - _NEAR <= n < middle + _NEAR or price in chosen
    ]
    return shown[::-1]


def _has_strengths(strategy: Strategy, levels: list[tuple[str, float]]) -> bool:
    computed = strategy.levels == "local" or needs_of(strategy).strengths
    return computed or any(strength > 0 for _, strength in levels)


def merged_levels(params: Params, seen: Document, slot: int) -> list[tuple[str, float]]:
    """The book as the engine read it: neighbours merged, strengths decayed; ascending."""
    tick = Decimal(seen["tick"])
    texts = [Decimal(price) for price, _ in seen["book"]]
    scale = fitting(max(map(decimals_of, texts), default=0), tick, max(texts, default=tick))
    prices = [scale.points(value) for value in texts]
    strengths = np.array([strength for _, strength in seen["book"]], dtype=np.float64)
    built = parse_instant(seen["book_built"]) if "book_built" in seen else 0
    levels = zip(prices, whole_strengths(strengths, built, slot), strict=True)
    points, weights = merged_book(levels, params.merge, scale.points(tick))
    return [
        (scale.text(price), round(weight / STRENGTH, _STRENGTH_DIGITS))
        for price, weight in zip(points, weights, strict=True)
    ]


def bracket_arithmetic(
    strategy: Strategy, details: dict[str, Any], seen: Document
) -> Document | None:
    """Net prices e, s and t of semantics L6 and their ratio; None where no entry was priced."""
    if "entry" not in details or "tick" not in seen:
        return None
    tick = Decimal(seen["tick"])
    params = build_rules(strategy)[0].params
    k = details["k_ppm"]
    found: Document = {
        "k": _rate(k),
        "taker": _rate(params.taker),
        "maker": _rate(params.maker),
        "e": _net(net_entry(_ticks(details["entry"], tick), params), tick),
        "min_rr": _rate(params.min_rr),
    }
    if "stop" in details:
        stop = _ticks(details["stop"], tick)
        found["stop_fill"] = plain(tick * sell_ticks(stop, k, 1))
        found["s"] = _net(net_stop(stop, k, params), tick)
        close = Decimal(details["close"])
        found["stop_distance"] = _share(close - Decimal(details["stop"]), close)
    if "target" in details:
        found["t"] = _net(net_target(_ticks(details["target"], tick), params), tick)
    if "s" in found and "t" in found:
        reward = Decimal(found["t"]) - Decimal(found["e"])
        risk = Decimal(found["e"]) - Decimal(found["s"])
        found |= {"reward": plain(reward), "risk": plain(risk), "net_rr": details.get("net_rr")}
    return found


def _ticks(price: str, tick: Decimal) -> int:
    return int(Decimal(price) / tick)


def _net(ticks_ppm: int, tick: Decimal) -> str:
    """A price of 10^-6 ticks as exact text."""
    return plain(tick * ticks_ppm / _PPM)


def _rate(ppm: int) -> str:
    return plain(ppm / _PPM)


def _share(part: Decimal, whole: Decimal) -> float:
    return float(f"{part / whole:.4g}")
