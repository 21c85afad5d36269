"""`why`: one token in one slot, from what was seen to what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.adapters.sql import ledger_read, overview
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import CycleRow, DecisionRow, FillRow, OrderEventRow, OrderRow
from bot.app.bracket_words import book_near, bracket_arithmetic
from bot.app.operator_view import held_document
from bot.app.queries import (
    event_document,
    fill_document,
    series_read,
    slot_inputs,
    strategy_of,
    trade_document,
)
from bot.app.reading import Document, Reader, instant_text
from bot.domain.errors import UsageError
from bot.domain.ids import order_id
from bot.domain.instants import HOUR, format_instant, parse_instant
from bot.market.strategy import Strategy

# How far back the newest readable signal is looked for, in slots.
_SIGNALS_BACK = 72
_TREND = {1: "Bullish", -1: "Bearish", 0: "Neutral"}
_READABLE = (-1, 0, 1)
_SERIES = ("quantmetrics", "grade", "levels")


def why(reader: Reader, token_id: int, names: Iterable[str], instant: int | None) -> Document:
    """What each strategy thought of a token in the slot at or before `instant` (None: the last).

    Raises UsageError where no strategy has a slot so early.
    """
    slots = {name: overview.slot_at(reader.connection, name, instant) for name in names}
    found = {name: slot for name, slot in slots.items() if slot is not None}
    if not found:
        raise UsageError(_nothing_so_early(reader, instant))
    token = reader.tokens[token_id]
    return {
        "token_id": token_id,
        "symbol": token.symbol,
        "name": token.name,
        "at": instant_text(instant),
        "strategies": [_in_slot(reader, name, token_id, slot) for name, slot in found.items()],
    }


def _nothing_so_early(reader: Reader, instant: int | None) -> str:
    spans = [overview.slot_span(reader.connection, name) for name in reader.strategies(None)]
    firsts = [span[0] for span in spans if span is not None]
    if not firsts or instant is None:
        return "the ledger holds no slot yet"
    return (
        f"--at: no slot at or before {format_instant(instant)}: the first is "
        f"{format_instant(min(firsts))}"
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """One strategy, token and slot, with what the slot ran under and saw."""

    reader: Reader
    strategy: Strategy
    cycle: CycleRow
    token_id: int
    seen: Document

    @property
    def name(self) -> str:
        return self.cycle.strategy

    def span(self, start: int, end: int | None) -> Span:
        """This token's rows of slots in [start, end)."""
        return Span(strategy=self.name, token_id=self.token_id, start=start, end=end)


def _in_slot(reader: Reader, name: str, token_id: int, slot: int) -> Document:
    span = Span(strategy=name, start=slot, end=slot + 1)
    cycle = ledger_read.cycles(reader.connection, span)[0]
    inputs = slot_inputs(reader, name, slot)
    seen = inputs["tokens"].get(str(token_id))
    place = _Place(reader, strategy_of(reader, cycle), cycle, token_id, seen or {})
    decisions = ledger_read.decisions(reader.connection, place.span(slot, slot + 1))
    document: Document = {
        "strategy": name,
        "slot": format_instant(slot),
        "as_of": format_instant(cycle.as_of),
        "missed": cycle.missed,
        "source": inputs["source"],
        "config_sha256": cycle.config_sha256,
        "inputs": _inputs(place) if seen is not None else None,
        "decisions": [_decision(place, row) for row in decisions],
        "book": [],
        "also": _also(place, {row.id for row in decisions}),
        "notices": _notices(place),
        "held": held_document(reader, name, cycle.as_of) if inputs.get("paused") else [],
        "acknowledged": bool(inputs.get("acknowledged")),
    }
    if seen is not None and "bar" in seen:
        document["book"] = book_near(place.strategy, seen, slot, _chosen(document["decisions"]))
    if not decisions:
        before, after = overview.decision_slot_beside(reader.connection, name, token_id, slot)
        document["before"] = _brief(place, before)
        document["after"] = _brief(place, after)
    return document


def _inputs(place: _Place) -> Document:
    """What the slot saw of the token, the level book apart; signals as words.

    The provider's series have a status only where the strategy reads them.
    """
    unread = set(_SERIES) - set(series_read(place.strategy))
    left_out = {"book", "signals"} | unread
    shown = {key: value for key, value in place.seen.items() if key not in left_out}
    shown["levels_known"] = len(place.seen.get("book", ()))
    shown["new_signals"] = [_signal(row) for row in place.seen.get("signals", ())]
    newest = _newest_signal(place)
    if newest is not None:
        shown["newest_signal"] = newest
    return shown


def _signal(row: list[Any]) -> Document:
    return {"valid_time": row[0], "signal": _TREND.get(row[1], "unreadable")}


def _newest_signal(place: _Place) -> Document | None:
    """The newest readable row that the strategy had seen by this slot, and its age in hours."""
    for back in range(_SIGNALS_BACK):
        slot = place.cycle.slot - back * HOUR
        seen = slot_inputs(place.reader, place.name, slot)["tokens"].get(str(place.token_id), {})
        rows = [row for row in seen.get("signals", ()) if row[1] in _READABLE]
        if rows:
            newest = max(rows, key=lambda row: str(row[0]))
            closed = parse_instant(newest[0]) + place.strategy.period_ms
            return {**_signal(newest), "age_hours": (place.cycle.slot - closed) // HOUR}
    return None


def _decision(place: _Place, row: DecisionRow) -> Document:
    details: dict[str, Any] = json.loads(row.details)
    document: Document = {
        "id": row.id,
        "kind": row.kind,
        "edge_time": None if row.edge_time is None else format_instant(row.edge_time),
        "outcome": row.outcome,
        "reason": row.reason,
        **details,
    }
    arithmetic = bracket_arithmetic(place.strategy, details, place.seen)
    if arithmetic is not None:
        document["bracket"] = arithmetic
    if "bounds" in details and place.strategy.scope == "portfolio":
        document["unweighed"] = _unweighed(place)
    if row.outcome == "ENTER":
        document["led_to"] = _led_to(place, row)
    return document


def _unweighed(place: _Place) -> list[str]:
    """Symbols of positions of which no volatility was known: nothing was shared with them."""
    slot = place.cycle.slot
    rows = ledger_read.positions(place.reader.connection, Span(strategy=place.name, end=slot + 1))
    seen = slot_inputs(place.reader, place.name, slot)["tokens"]
    held = {row.token_id for row in rows if row.closed_slot is None or row.closed_slot > slot}
    return [
        place.reader.symbol(token_id)
        for token_id in sorted(held)
        if "sigma" not in seen.get(str(token_id), {})
    ]


def _chosen(decisions: list[Document]) -> dict[str, str]:
    """Price of a level -> what the decision made of it."""
    found: dict[str, str] = {}
    for decision in decisions:
        for key, word in (("support", "stop"), ("resistance", "target"),
                          ("strong_resistance", "veto")):  # fmt: skip
            if key in decision:
                found[decision[key]] = word
    return found


def _led_to(place: _Place, decision: DecisionRow) -> Document:
    """Orders of an entry, their fills and events, the exits after it, and the round trip."""
    position = _position_document(place, decision)
    end = None if position is None or position["end"] is None else position["end"] + 1
    span = place.span(decision.slot, end)
    connection = place.reader.connection
    own = _orders_until_next_entry(ledger_read.orders(connection, span), decision)
    ids = {order.id for order in own}
    scale = place.reader.scale(place.token_id)
    fills = [fill for fill in ledger_read.fills(connection, span) if fill.order_id in ids]
    events = [row for row in ledger_read.order_events(connection, span) if row.order_id in ids]
    return {
        "orders": [_order(place, order) for order in own],
        "fills": [fill_document(fill, scale) for fill in fills],
        "events": [event_document(event, scale) for event in events],
        "position": None if position is None else position["shown"],
    }


def _orders_until_next_entry(rows: list[OrderRow], decision: DecisionRow) -> list[OrderRow]:
    """A decision's orders and the exits after it; a later entry's exits are not its own."""
    entries = [row.slot for row in rows if row.action == "ENTRY" and row.slot > decision.slot]
    return [
        row
        for row in rows
        if row.decision_id == decision.id
        or (row.action == "EXIT" and decision.slot < row.slot <= min(entries, default=row.slot))
    ]


def _order(place: _Place, order: OrderRow) -> Document:
    scale = place.reader.scale(place.token_id)
    body = json.loads(order.body)
    price = body.get("price_ticks")
    return {
        "id": order.id,
        "slot": format_instant(order.slot),
        "action": order.action,
        "quantity": scale.quantity(order.quantity_lots),
        "price": None if price is None else scale.price(price),
        "eligible_from": format_instant(order.eligible_from),
        "reason": body["reason"],
    }


def _position_document(place: _Place, decision: DecisionRow) -> Document | None:
    """The position that an entry opened: its last slot and what it came to; None: never filled."""
    wanted = order_id(place.name, place.token_id, decision.slot, "POSITION", 0)
    span = place.span(decision.slot, decision.slot + 1)
    for row in ledger_read.positions(place.reader.connection, span):
        if row.id != wanted:
            continue
        if row.status == "OPEN":
            return {"end": None, "shown": {"status": "open"}}
        trade = trade_document(place.reader, row)
        return {"end": row.closed_slot, "shown": {"status": "closed", **trade}}
    return None


def _also(place: _Place, decided: set[str]) -> Document:
    """What the slot booked for the token besides its decisions: fills, cancels, exits ordered."""
    span = place.span(place.cycle.slot, place.cycle.slot + 1)
    connection = place.reader.connection
    fills: list[FillRow] = ledger_read.fills(connection, span)
    events: list[OrderEventRow] = ledger_read.order_events(connection, span)
    exits = [row for row in ledger_read.orders(connection, span) if row.decision_id not in decided]
    if not (fills or events or exits):
        return {}
    scale = place.reader.scale(place.token_id)
    return {
        "fills": [fill_document(fill, scale) for fill in fills],
        "events": [event_document(event, scale) for event in events],
        "orders": [_order(place, order) for order in exits],
    }


def _notices(place: _Place) -> list[Document]:
    """What the input said about the token in this slot; `about` is the period that it concerns."""
    span = place.span(place.cycle.slot, place.cycle.slot + 1)
    rows = ledger_read.notices(place.reader.connection, span)
    return [{"kind": row.kind, "about": row.detail or None} for row in rows]


def _brief(place: _Place, slot: int | None) -> Document | None:
    """A decision elsewhere, in one line."""
    if slot is None:
        return None
    rows = ledger_read.decisions(place.reader.connection, place.span(slot, slot + 1))
    last = rows[-1]
    return {"slot": format_instant(slot), "outcome": last.outcome, "reason": last.reason}
