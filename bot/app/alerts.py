"""A slot's alerts: what it saw, held against the rules of the strategy's file, as messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from bot.adapters.sql.ledger_rows import OutboxRow
from bot.app.account import Account
from bot.app.stepper import Stepped
from bot.app.strategy_files import alert_text
from bot.domain.ids import message_id, slot_event
from bot.domain.instants import format_instant
from bot.domain.records import canonical
from bot.domain.values import Slot
from bot.engine import layout as at
from bot.engine.levels import merge_book
from bot.market.alert_memory import Memory, digest
from bot.market.alert_rules import COLUMN, LEVEL, NUMBERS
from bot.market.alert_watch import Event, LevelSeen, Sight, watch
from bot.market.bar_series import Prices
from bot.market.column_names import named_column
from bot.market.inputs import Market, MarketSlice
from bot.market.level_episode import Candle, whole_price
from bot.market.strategy import Strategy

RULES, PREFIX = "alert.rules", "alert."
_TEXT_PLACES = {"column": "{symbol} {column} {value} is {event} {limit}",
                "signal": "{symbol} turned {event}",
                "level": "{symbol}: {event} of {side} {level}"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alerted:
    """What a slot's alerts came to: messages, and the memory after it; None where none was kept."""

    messages: tuple[OutboxRow, ...]
    memory: str | None


def slot_alerts(
    strategy: Strategy, market: Market, accounts: tuple[Account, Account], stepped: Stepped,
    slot: Slot, memory_text: str | None,
) -> Alerted:  # fmt: skip
    """The alerts of the strategy's last stepped slot.

    A file whose alerts are others than before says so by a message, with which the new ones
    begin; those that stayed the same go on.
    """
    if not strategy.alert and memory_text is None:
        return Alerted((), None)
    memory = Memory() if memory_text is None else Memory.from_text(memory_text)
    rules = {alert.name: alert_text(alert) for alert in strategy.alert}
    messages = []
    if rules != memory.rules:
        messages.append(_rules_message(strategy.name, slot, rules))
        memory.alerts = {
            name: kept for name, kept in memory.alerts.items()
            if name in rules and memory.rules.get(name) == rules[name]
        }  # fmt: skip
        memory.rules = rules
    sights = _sights(strategy, market, accounts, stepped.market, slot)
    events = watch(strategy.alert, memory, sights, slot.slot, strategy.merge)
    messages += [_message(strategy.name, slot, event) for event in events]
    return Alerted(tuple(messages), memory.to_text())


def _rules_message(strategy: str, slot: Slot, rules: dict[str, str]) -> OutboxRow:
    names = ", ".join(sorted(rules)) or "none"
    facts = {"text": f"{strategy}: alerts from here on: {names}", "rules": rules}
    event = slot_event(strategy, slot.slot, digest(canonical(rules)))
    return _row(strategy, slot, RULES, (event, slot.slot), facts)


def _message(strategy: str, slot: Slot, event: Event) -> OutboxRow:
    symbol = _printable(event.symbol) or str(event.token_id)
    said = _TEXT_PLACES[event.on].format(symbol=symbol, **event.facts)
    more = f" ({event.kept} more since the last message)" if event.kept else ""
    facts: dict[str, Any] = {
        "text": f"{strategy}: {event.alert}: {said}{more}",
        "alert": event.alert, "token_id": event.token_id, "symbol": symbol, **event.facts,
    }  # fmt: skip
    if "bar" in event.facts:
        facts["bar"] = format_instant(int(event.facts["bar"]))
    if event.kept:
        facts["kept_back"] = event.kept
    key = slot_event(strategy, slot.slot, event.key)
    return _row(strategy, slot, PREFIX + event.on, (key, event.at), facts)


def _row(
    strategy: str, slot: Slot, topic: str, event: tuple[str, int], facts: dict[str, Any]
) -> OutboxRow:
    """`event`: what identifies it, and its instant."""
    return OutboxRow(
        dedup=message_id(topic, event[0]), topic=topic, strategy=strategy, slot=slot.slot,
        event_time=event[1], late=slot.missed, body=canonical(facts),
    )  # fmt: skip


def _printable(text: str) -> str:
    return "".join(sign for sign in text[:40] if sign.isprintable())


def _sights(
    strategy: Strategy, market: Market, accounts: tuple[Account, Account], made: MarketSlice,
    slot: Slot,
) -> list[Sight]:  # fmt: skip
    """What the last slot of a slice saw of each token, as far as the alerts ask for it."""
    named = [alert.column for alert in strategy.alert if alert.on == COLUMN]
    names = list(dict.fromkeys(name for name in named if name is not None))
    wanted = {name: named_column(name) for name in names if name not in NUMBERS}
    with_levels = any(alert.on == LEVEL for alert in strategy.alert)
    found = []
    for i, token_id in enumerate(made.token_ids):
        symbol, values = market.glimpse(token_id, slot, wanted)
        newest = int(made.inputs.newest[-1, i])
        bars = _bars(made, i, newest) if newest >= 0 else []
        sight = Sight(
            token_id=token_id, symbol=symbol,
            in_universe=bool(made.inputs.cells[-1, i, at.C_UNIVERSE]),
            numbers={**values, **_numbers(made, i, newest)},
            trend=_trends(accounts, token_id),
        )  # fmt: skip
        if with_levels and bars:
            instrument = made.instruments[i]
            sight = replace(
                sight,
                bars=tuple(bars),
                close=_close(made, i, newest),
                tick=whole_price(str(instrument.tick)) if instrument is not None else 0,
                book=_book(strategy, made, i, slot.slot),
            )
        found.append(sight)
    return found


def _trends(accounts: tuple[Account, Account], token_id: int) -> tuple[int, int]:
    column = at.T_SERIES + at.Q_TREND
    before, after = (one.tokens.get(token_id) for one in accounts)
    return (before[column] if before else 0, after[column] if after else 0)


def _numbers(made: MarketSlice, i: int, bar: int) -> dict[str, float]:
    sigma, reach, adv = made.inputs.values[-1, i, : at.X_FIRST].tolist()
    found = {"sigma": sigma, "atr": reach / 10.0 ** made.prices[i].decimals, "adv": adv}
    if bar >= 0:
        found["close"] = float(Decimal(_close(made, i, bar)))
    return {name: float(f"{value:.10g}") for name, value in found.items() if math.isfinite(value)}


def _close(made: MarketSlice, i: int, bar: int) -> str:
    return made.prices[i].text(int(made.inputs.bars[bar, at.B_CLOSE]))


def _bars(made: MarketSlice, i: int, newest: int) -> list[Candle]:
    """The bars of a token up to the newest known, each in its last version, oldest first."""
    start = int(made.inputs.bar_start[i])
    latest = {row[at.B_OPEN_TIME]: row for row in made.inputs.bars[start : newest + 1].tolist()}
    return [_candle(latest[open_time], made.prices[i]) for open_time in sorted(latest)]


def _candle(row: Sequence[int], prices: Prices) -> Candle:
    high, low, close = (whole_price(prices.text(row[n])) for n in (at.B_HIGH, at.B_LOW, at.B_CLOSE))
    return Candle(row[at.B_OPEN_TIME], high, low, close)


def _book(strategy: Strategy, made: MarketSlice, i: int, slot: int) -> tuple[LevelSeen, ...]:
    """The level book as the engine merges it; none where the list is too old."""
    cell = made.inputs.cells[-1, i]
    if strategy.levels == "provider" and cell[at.C_LEVELS] != at.FRESH:
        return ()
    start, end = int(cell[at.C_BOOK_START]), int(cell[at.C_BOOK_END])
    prices = np.zeros(max(1, end - start), dtype=np.int64)
    strengths = np.zeros_like(prices)
    count = merge_book(
        made.inputs.prices, made.inputs.strengths, start, end, int(cell[at.C_BOOK_BUILT]), slot,
        strategy.merge, int(made.inputs.insts[i, at.I_TICK]), prices, strengths,
    )  # fmt: skip
    return tuple(
        LevelSeen(made.prices[i].text(price), strength)
        for price, strength in zip(prices[:count].tolist(), strengths[:count].tolist(), strict=True)
    )
