"""Audit of exits not taken: no bar before the exit may have reached the stop or the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bot.adapters.sql.ledger_rows import FillRow, OrderRow
from bot.app.audit_bars import BarBook, StoredBar
from bot.app.audit_book import Book
from bot.app.audit_fills import Terms
from bot.app.audit_finding import Code, Finding, guarded, unmet
from bot.domain.instants import HOUR, format_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A position from its first fill to the bar after which nothing is to be checked."""

    entry: OrderRow
    first: FillRow
    lots: int
    stopped_at: int | None  # open time of the bar in which the stop was reached
    ends_at: int | None  # open time of its last exit, or from which a market exit was due
    targets: frozenset[int]  # open times of bars that filled the target


def check_exits(book: Book, bars: BarBook) -> Iterator[Finding]:
    """The first bar that reaches a level is the one that was acted on (18); hourly bars only."""
    for life in _lives(book):
        if book.config(life.entry.slot).bars == "1h":
            where = f"position of order {life.entry.id}"
            yield from guarded(where, _check_life, book, bars, life)


def _lives(book: Book) -> Iterator[Life]:
    """Every position, from its fills, triggers and market exits."""
    fills: dict[str, list[FillRow]] = {}
    holder: dict[int, str] = {}
    for fill in book.fills:
        if fill.side == "BUY":
            holder[fill.token_id] = fill.order_id
        if fill.token_id in holder:
            fills.setdefault(holder[fill.token_id], []).append(fill)
    for identity, mine in fills.items():
        entry = book.orders.get(identity)
        if entry is not None:
            yield _life(book, entry, mine)


def _life(book: Book, entry: OrderRow, fills: list[FillRow]) -> Life:
    bought = sum(fill.quantity_lots for fill in fills if fill.side == "BUY")
    sold = sum(fill.quantity_lots for fill in fills if fill.side == "SELL")
    stops = [fill.open_time for fill in fills if fill.reason.startswith("STOP")]
    stop_ids = {
        order.id
        for order in book.orders.values()
        if order.action == "STOP" and order.decision_id == entry.decision_id
    }
    stops += [
        event.open_time or 0
        for event in book.events
        if event.kind == "TRIGGER" and event.order_id in stop_ids
    ]
    last = fills[-1].slot if sold == bought else None
    exits = [
        order.eligible_from
        for order in book.orders.values()
        if order.action == "EXIT"
        and order.token_id == entry.token_id
        and order.slot >= entry.slot
        and (last is None or order.slot <= last)
    ]
    if last is not None:
        exits.append(fills[-1].open_time)
    return Life(
        entry=entry,
        first=fills[0],
        lots=bought,
        stopped_at=min(stops, default=None),
        ends_at=min(exits, default=None),
        targets=frozenset(fill.open_time for fill in fills if fill.reason == "TARGET"),
    )


def _check_life(book: Book, bars: BarBook, life: Life) -> Iterator[Finding]:
    token_id = life.entry.token_id
    tick = book.units[token_id].tick
    strategy = book.config(life.entry.slot)
    terms = Terms(
        stop=tick * (life.entry.stop_ticks or 0),
        target=tick * (life.entry.target_ticks or 0),
        k=0,
        tick=tick,
        strategy=strategy,
    )
    hour, slot = life.first.open_time, life.first.slot
    ends = [at for at in (life.stopped_at, life.ends_at) if at is not None]
    while slot in book.cycles and not any(hour >= end for end in ends):
        bar, slot = _matched(book, bars, token_id, hour, max(slot, hour + HOUR))
        if bar is not None and slot in book.cycles:
            yield from _check_hour(book, life, terms, bar)
        hour += HOUR
        slot = max(slot, hour + HOUR)


def _matched(
    book: Book, bars: BarBook, token_id: int, hour: int, slot: int
) -> tuple[StoredBar | None, int]:
    """The bar that an hour was matched against, None for a hole, and the slot that did it."""
    while slot in book.cycles:
        strategy = book.config(slot)
        bar = bars.at(token_id, "1h", hour, book.cycles[slot].as_of, strategy.bar_lag)
        if bar is not None or slot - (hour + HOUR) >= strategy.bar_wait * HOUR:
            return bar, slot
        slot += HOUR
    return None, slot


def _check_hour(book: Book, life: Life, terms: Terms, bar: StoredBar) -> Iterator[Finding]:
    if bar.volume == 0:
        return
    where = f"position of order {life.entry.id} in the bar of {format_instant(bar.open_time)}"
    if bar.low <= terms.stop:
        yield unmet(Code.MISSED_EXIT, where, f"an exit at the stop {terms.stop}", f"low {bar.low}")
        return
    opened_in_it = bar.open_time == life.first.open_time
    reached = terms.beyond_target(bar.high) and bar.open_time not in life.targets
    if reached and not opened_in_it and _has_volume(book, life, terms, bar):
        rule = f"an exit at the target {terms.target}"
        yield unmet(Code.MISSED_EXIT, where, rule, f"high {bar.high}")


def _has_volume(book: Book, life: Life, terms: Terms, bar: StoredBar) -> bool:
    """Whether the bar's volume surely allows a sale, whatever unit it is in."""
    if bar.volume is None:
        return True
    lots = book.units[life.entry.token_id].lot * life.lots
    share = bar.volume * terms.strategy.part / 10**6
    return bool(share >= lots * max(Decimal(1), bar.high))
