"""Alerts over what one slot saw: pure, so that daemon and audit find the same."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.decimals import plain
from bot.market.alert_memory import AlertMemory, Memory, TokenMemory
from bot.market.alert_rules import ANY, BEARISH, BULLISH, COLUMN, RESISTANCE, SIGNAL, SUPPORT, Alert
from bot.market.level_episode import (
    ARMED,
    OVER,
    Candle,
    Episode,
    follow,
    is_near,
    is_rearmed,
    is_same,
    whole_price,
)

ABOVE, BELOW = "above", "below"
TOLD, THROTTLED = "told", "throttled"


@dataclass(frozen=True, slots=True)
class LevelSeen:
    """A merged level of a slot's book: its price, and its strength in 1e-9."""

    price: str
    strength: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a slot saw of one token, in the numbers that alerts name."""

    token_id: int
    symbol: str
    in_universe: bool
    numbers: dict[str, float]
    trend: tuple[int, int] = (0, 0)  # before the slot, and after it
    bars: tuple[Candle, ...] = ()  # in time order
    close: str = ""
    tick: int = 0  # 1e-12 quote units
    book: tuple[LevelSeen, ...] = ()  # ascending


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing to tell; `key` names it within its slot, `facts` are decimals as text."""

    alert: str
    on: str
    token_id: int
    symbol: str
    key: str
    at: int
    facts: dict[str, str]
    kept: int  # of its kind that the throttle kept back since the last message


def watch(
    alerts: Sequence[Alert], memory: Memory, sights: Sequence[Sight], slot: int, merge: int
) -> list[Event]:
    """Move the memory on by one slot; what is to be told, in the order of alerts and tokens."""
    found = []
    for alert in alerts:
        remembered = memory.alerts.setdefault(alert.name, AlertMemory())
        for sight in sights:
            if _is_meant(alert, sight):
                token = remembered.tokens.setdefault(sight.token_id, TokenMemory())
                for event in _happened(alert, remembered, token, sight, slot, merge):
                    found += _throttled(alert, remembered, token, event, slot)
    return found


def _is_meant(alert: Alert, sight: Sight) -> bool:
    if not alert.names_tokens:
        return sight.in_universe
    return sight.token_id in alert.token_ids or sight.symbol.casefold() in {
        symbol.casefold() for symbol in alert.symbols
    }


def _happened(
    alert: Alert, all_: AlertMemory, token: TokenMemory, sight: Sight, slot: int, merge: int
) -> Iterator[Event]:
    if alert.on == COLUMN:
        return _column(alert, token, sight, slot)
    if alert.on == SIGNAL:
        return _signal(alert, sight, slot)
    return _levels(alert, all_, token, sight, merge)


def _throttled(
    alert: Alert, all_: AlertMemory, token: TokenMemory, event: Event, slot: int
) -> list[Event]:
    """The event unless one of its kind was told too shortly before; that is counted."""
    kind = event.facts["event"]
    last = token.told.get(kind)
    if last is not None and slot - last < alert.throttle:
        token.kept[kind] = token.kept.get(kind, 0) + 1
        all_.count(THROTTLED)
        return []
    token.told[kind] = slot
    all_.count(TOLD)
    kept = token.kept.pop(kind, 0)
    return [
        Event(
            alert=event.alert, on=event.on, token_id=event.token_id, symbol=event.symbol,
            key=event.key, at=event.at, facts=event.facts, kept=kept,
        )
    ]  # fmt: skip


def _event(alert: Alert, sight: Sight, at: int, **facts: str) -> Event:
    key = "|".join([alert.name, str(sight.token_id), facts["event"], facts.get("level", ""),
                    facts.get("bar", "")])  # fmt: skip
    return Event(
        alert=alert.name, on=alert.on, token_id=sight.token_id, symbol=sight.symbol, key=key,
        at=at, facts=facts, kept=0,
    )  # fmt: skip


def _column(alert: Alert, token: TokenMemory, sight: Sight, slot: int) -> Iterator[Event]:
    """A limit that is crossed; a number first seen beyond it crossed nothing."""
    assert alert.column is not None, "the alert was read with a column"
    value = sight.numbers.get(alert.column, math.nan)
    if not math.isfinite(value):
        return
    for event, limit, side in ((ABOVE, alert.above, 1), (BELOW, alert.below, -1)):
        if limit is None:
            continue
        beyond = (Decimal(repr(value)) - limit) * side  # at the limit: 0
        was = token.armed.get(event)
        if beyond < 0 and beyond <= -alert.hysteresis:
            token.armed[event] = True
        elif beyond >= 0:
            token.armed[event] = False
            if was:
                facts = {"column": alert.column, "value": _text(value), "limit": plain(limit)}
                yield _event(alert, sight, slot, event=event, **facts)
        elif was is None:
            token.armed[event] = True


def _signal(alert: Alert, sight: Sight, slot: int) -> Iterator[Event]:
    before, after = sight.trend
    turn = BULLISH if after > 0 else BEARISH
    if before * after < 0 and alert.signal in (ANY, turn):
        yield _event(alert, sight, slot, event=turn)


def _levels(
    alert: Alert, all_: AlertMemory, token: TokenMemory, sight: Sight, merge: int
) -> Iterator[Event]:
    """Levels known before a bar are held against it; then those of this slot are armed."""
    fresh = [bar for bar in sight.bars if bar.open_time > token.seen] if token.seen else []
    for bar in fresh:
        yield from _bar(alert, all_, token, sight, bar)
    if sight.bars:
        token.seen = max(token.seen, sight.bars[-1].open_time)
    if sight.close:
        _arm(alert, token, sight, merge)


def _bar(
    alert: Alert, all_: AlertMemory, token: TokenMemory, sight: Sight, bar: Candle
) -> Iterator[Event]:
    for n, episode in enumerate(token.levels):
        turn = follow(episode, bar, sight.tick, alert)
        token.levels[n] = turn.episode
        for event in turn.events:
            all_.count(event)
            if event in alert.events:
                facts = {"level": episode.level, "side": episode.side, "bar": str(bar.open_time)}
                yield _event(alert, sight, bar.open_time, event=event, **facts)
        if turn.end:
            all_.count(turn.end)
    token.levels = [one for one in token.levels if not is_rearmed(one, bar.close, alert)]


def _arm(alert: Alert, token: TokenMemory, sight: Sight, merge: int) -> None:
    """The nearest level on each side, unless it is near already or its episode is not over."""
    close = whole_price(sight.close)
    going = [one for one in token.levels if one.phase != ARMED]
    armed = []
    for side, level in _nearest(alert, sight, close):
        price = whole_price(level.price)
        known = any(is_same(whole_price(one.level), price, merge) for one in going)
        if not known and not is_near(price, close, alert):
            armed.append(Episode(level.price, side))
    token.levels = going + armed


def _nearest(alert: Alert, sight: Sight, close: int) -> list[tuple[str, LevelSeen]]:
    least = int(alert.min_strength * 1_000_000_000)
    strong = [level for level in sight.book if level.strength >= least]
    below = [level for level in strong if whole_price(level.price) < close]
    above = [level for level in strong if whole_price(level.price) >= close]
    found = []
    if below and alert.side in (ANY, SUPPORT):
        found.append((SUPPORT, below[-1]))
    if above and alert.side in (ANY, RESISTANCE):
        found.append((RESISTANCE, above[0]))
    return found


def open_episodes(memory: AlertMemory) -> int:
    """Levels that were approached and whose end is not known yet."""
    return sum(
        one.phase not in (ARMED, OVER) for token in memory.tokens.values() for one in token.levels
    )


def _text(value: float) -> str:
    return plain(Decimal(repr(value)))
