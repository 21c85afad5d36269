"""The life of one level under watch (semantics Q5): armed, approached, touched, held or broken.

Prices are whole numbers of 1e-12 quote units, distances whole ppm, so that a comparison is exact
and hangs on nothing but the prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from bot.market.alert_rules import APPROACH, BREAKOUT, SUPPORT, TOUCH, Alert

PPM = 1_000_000
PRICE_PLACES = 12
ARMED, APPROACHED, TOUCHED, OVER = "armed", "approached", "touched", "over"
# How an episode ends.
HELD, BROKEN, TIMED_OUT, TURNED = "held", "broken", "timed_out", "turned"


def whole_price(text: str) -> int:
    """A price in 1e-12 quote units."""
    return int(Decimal(text).scaleb(PRICE_PLACES))


@dataclass(frozen=True, slots=True)
class Candle:
    """One hour as levels read it; prices in 1e-12 quote units."""

    open_time: int
    high: int
    low: int
    close: int


@dataclass(frozen=True, slots=True)
class Episode:
    """A level under watch: its price as text, the side it stands on, and how far it came."""

    level: str
    side: str
    phase: str = ARMED
    bars: int = 0  # since the approach


@dataclass(frozen=True, slots=True)
class Turn:
    """What one bar did to a level: the events in their order, and the end, "" for none."""

    episode: Episode
    events: tuple[str, ...] = ()
    end: str = ""


def follow(episode: Episode, bar: Candle, tick: int, alert: Alert) -> Turn:
    """One bar later; `tick` in the unit of the prices.

    A level that is over stays so: `is_rearmed` says when it may be watched anew.
    """
    if episode.phase == OVER:
        return Turn(episode)
    price = whole_price(episode.level)
    is_support = episode.side == SUPPORT
    distance = bar.low - price if is_support else price - bar.high
    close = bar.close - price if is_support else price - bar.close
    events = []
    phase, bars = episode.phase, episode.bars
    if phase == ARMED:
        if not _within(distance, price, alert.approach):
            return Turn(episode)
        events.append(APPROACH)
        phase = APPROACHED
    else:
        bars += 1
    if phase == APPROACHED and (distance <= tick or _within(distance, price, alert.touch)):
        events.append(TOUCH)
        phase = TOUCHED
    end = ""
    if close < 0 and not _within(-close, price, alert.breakout):
        events.append(BREAKOUT)
        end = BROKEN
    elif close * PPM >= price * alert.rearm:
        end = HELD if phase == TOUCHED else TURNED
    elif bars >= alert.timeout:
        end = TIMED_OUT
    after = replace(episode, phase=OVER if end else phase, bars=bars)
    return Turn(after, tuple(events), end)


def is_rearmed(episode: Episode, close: int, alert: Alert) -> bool:
    """Whether a close is so far from a level that is over that it may be watched anew."""
    price = whole_price(episode.level)
    return episode.phase == OVER and not _within(abs(close - price), price, alert.rearm)


def is_near(level: int, close: int, alert: Alert) -> bool:
    """Whether a close is already where an approach would be told: nothing comes nearer then."""
    return _within(abs(close - level), level, alert.approach)


def is_same(one: int, two: int, merge: int) -> bool:
    """Whether two prices are one level: nearer than the strategy merges (L1)."""
    return abs(one - two) * PPM <= two * merge


def _within(distance: int, price: int, ppm: int) -> bool:
    return distance * PPM <= price * ppm
