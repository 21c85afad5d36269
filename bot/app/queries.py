"""Orders, positions and trades of the ledger as documents: exact decimals as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.adapters.sql import ledger_read, slot_store
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import (
    CycleRow,
    FillRow,
    OrderEventRow,
    OrderRow,
    PositionRow,
)
from bot.app.account import Account
from bot.app.reading import Document, Reader
from bot.app.strategy_files import strategy_from_canonical
from bot.domain.decimals import MONEY_DECIMALS, money_text, plain
from bot.domain.ids import ID_SHOWN, order_id
from bot.domain.instants import HOUR, format_instant, parse_instant
from bot.domain.records import Scale
from bot.engine import layout as at
from bot.market.rules import build_rules
from bot.market.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChoice:
    """Which orders: those that still work, or the newest `limit` of all (None: every one)."""

    finished: bool = False
    limit: int | None = None
    token_id: int | None = None


def orders(reader: Reader, names: Iterable[str], choice: OrderChoice) -> Document:
    """Orders, newest first, each with what has become of it."""
    rows = [row for name in names for row in _orders_of(reader, name, choice.token_id)]
    working = [row for row in rows if row.state in _WORKING]
    shown = rows if choice.finished else working
    shown = sorted(shown, key=lambda row: row.order.slot, reverse=True)[: choice.limit]
    return {
        "orders": [
            order_document(reader, row.order, row.fills, row.events, row.state) for row in shown
        ],
        "working": len(working),
        "total": len(rows),
    }


_WORKING = ("pending", "working", "waiting")


@dataclass(frozen=True, slots=True)
class _Told:
    """An order with what has become of it."""

    order: OrderRow
    fills: list[FillRow]
    events: list[OrderEventRow]
    state: str


def _orders_of(reader: Reader, name: str, token_id: int | None) -> Iterator[_Told]:
    span = Span(strategy=name, token_id=token_id)
    fills: dict[str, list[FillRow]] = {}
    for fill in ledger_read.fills(reader.connection, span):
        fills.setdefault(fill.order_id, []).append(fill)
    events: dict[str, list[OrderEventRow]] = {}
    for event in ledger_read.order_events(reader.connection, span):
        events.setdefault(event.order_id, []).append(event)
    account = account_of(reader, name)
    alive = _alive(name, account)
    for order in ledger_read.orders(reader.connection, span):
        filled, told = fills.get(order.id, []), events.get(order.id, [])
        yield _Told(order, filled, told, _state(order, filled, told, alive, account.slot))


def account_of(reader: Reader, name: str) -> Account:
    """The account after its last slot."""
    stored = ledger_read.account(reader.connection, name)
    assert stored is not None, "the ledger names only strategies that have an account"
    return Account.from_bytes(stored.state)


def _alive(name: str, account: Account) -> dict[str, str]:
    """Ids of the orders that may still fill -> entry, bracket, held back or exit."""
    found: dict[str, str] = {}
    for token_id, row in account.tokens.items():
        entry, leave = row[at.T_ORDER_SLOT], row[at.T_EXIT_SLOT]
        held = row[at.T_QTY] > 0
        if not held and row[at.T_REST] == 0:
            continue
        for leg in ("STOP", "TARGET"):
            found[order_id(name, token_id, entry, leg, 0)] = "bracket" if held else "waiting"
        if row[at.T_REST] > 0:
            found[order_id(name, token_id, entry, "ENTRY", 0)] = "entry"
        if row[at.T_EXIT_REASON] > 0:
            found[order_id(name, token_id, leave, "EXIT", 0)] = "exit"
    return found


def _state(
    order: OrderRow,
    fills: list[FillRow],
    events: list[OrderEventRow],
    alive: dict[str, str],
    watermark: int,
) -> str:
    """pending, working, waiting (for its entry), filled, partly filled, cancelled or void."""
    if order.id in alive:
        if alive[order.id] == "waiting":
            return "waiting"
        return "pending" if order.eligible_from >= watermark else "working"
    cancelled = any(event.kind == "CANCEL" for event in events)
    if fills:
        return "partly filled" if cancelled else "filled"
    return "cancelled" if cancelled else "void"


def order_document(
    reader: Reader,
    order: OrderRow,
    fills: list[FillRow],
    events: list[OrderEventRow],
    state: str,
) -> Document:
    """One order with its fills and events."""
    scale = reader.scale(order.token_id)
    body: dict[str, Any] = json.loads(order.body)
    prices = {
        "price": body.get("price_ticks"),
        "stop": order.stop_ticks,
        "target": order.target_ticks,
        "cap": order.cap_ticks,
    }
    return {
        "id": order.id,
        "strategy": order.strategy,
        "slot": format_instant(order.slot),
        "token_id": order.token_id,
        "symbol": reader.symbol(order.token_id),
        "action": order.action,
        "state": state,
        "quantity": scale.quantity(order.quantity_lots),
        "filled": scale.quantity(sum(fill.quantity_lots for fill in fills)),
        **{key: scale.price(ticks) for key, ticks in prices.items() if ticks is not None},
        "eligible_from": format_instant(order.eligible_from),
        "reason": body["reason"],
        "decision_id": order.decision_id,
        "fills": [fill_document(fill, scale) for fill in fills],
        "events": [event_document(event, scale) for event in events],
    }


def fill_document(fill: FillRow, scale: Scale) -> Document:
    """One fill: what was paid or earned, in which bar, and the slot that booked it."""
    return {
        "open_time": format_instant(fill.open_time),
        "slot": format_instant(fill.slot),
        "side": fill.side,
        "quantity": scale.quantity(fill.quantity_lots),
        "price": scale.price(fill.price_ticks),
        "notional": money_text(fill.notional),
        "fee": money_text(fill.fee),
        "reason": fill.reason,
        "order_id": fill.order_id,
    }


def event_document(event: OrderEventRow, scale: Scale) -> Document:
    """A cancel, a resize or a trigger."""
    return {
        "kind": event.kind,
        "slot": format_instant(event.slot),
        "open_time": None if event.open_time is None else format_instant(event.open_time),
        "quantity": scale.quantity(event.quantity_lots),
        "reason": event.reason,
        "order_id": event.order_id,
    }


def positions(reader: Reader, names: Iterable[str]) -> Document:
    """Open positions at the closes that each strategy's last slot knew."""
    rows = [row for name in names for row in _positions_of(reader, name)]
    value = sum((Decimal(row["value"]) for row in rows), Decimal(0))
    unrealised = sum((Decimal(row["unrealised"]) for row in rows), Decimal(0))
    return {"positions": rows, "value": plain(value), "unrealised": plain(unrealised)}


def _positions_of(reader: Reader, name: str) -> list[Document]:
    watermark = ledger_read.watermark(reader.connection, name)
    assert watermark is not None, "the ledger names only strategies that have an account"
    return open_positions(reader, name, watermark, slot_inputs(reader, name, watermark)["tokens"])


def open_positions(reader: Reader, name: str, watermark: int, seen: Document) -> list[Document]:
    """A strategy's open positions at the closes of its last slot, whose inputs `seen` are."""
    found = ledger_read.positions(reader.connection, Span(strategy=name))
    return [
        position_document(reader, row, seen.get(str(row.token_id), {}), watermark)
        for row in found
        if row.status == "OPEN"
    ]


def strategy_of(reader: Reader, cycle: CycleRow) -> Strategy:
    """The strategy as a slot ran it."""
    versions = ledger_read.configs(reader.connection)
    return strategy_from_canonical(versions[(cycle.config_sha256, cycle.rules_version)].body)


def series_read(strategy: Strategy) -> tuple[str, ...]:
    """The provider's series that a strategy reads; of others a status means nothing to it."""
    params = build_rules(strategy)[0].params
    reads = {
        "quantmetrics": bool(params.use_quant),
        "grade": bool(params.use_grade),
        "levels": strategy.levels == "provider",
    }
    return tuple(series for series, is_read in reads.items() if is_read)


def slot_inputs(reader: Reader, name: str, slot: int) -> Document:
    """What the engine saw in a slot; `source` and one entry per token."""
    body = slot_store.load_slot_input(reader.connection, name, slot)
    found: Document = {"source": "", "tokens": {}} if body is None else json.loads(body)
    return found


def position_document(reader: Reader, row: PositionRow, seen: Document, watermark: int) -> Document:
    """An open position, valued like the account: at the newest close, down to the tick."""
    scale = reader.scale(row.token_id)
    body: dict[str, Any] = json.loads(row.body)
    bar = seen.get("bar")
    ticks = int(Decimal(bar["close"]) // scale.tick) if bar else 0
    value = ticks * row.quantity_lots * _unit(scale)
    unrealised = value - row.cost - row.entry_fee
    return {
        "strategy": row.strategy,
        "token_id": row.token_id,
        "symbol": reader.symbol(row.token_id),
        "decided": format_instant(row.opened_slot),
        "opened": format_instant(body["opened_bar"]),
        "hours": (watermark - body["opened_bar"]) // HOUR,
        "quantity": scale.quantity(row.quantity_lots),
        "entry": mean_price(body["paid"], body["bought_lots"], scale),
        "stop": scale.price(body["stop_ticks"]),
        "target": scale.price(body["target_ticks"]),
        "mark": scale.price(ticks),
        "mark_time": format_instant(parse_instant(bar["open_time"]) + HOUR) if bar else None,
        "cost": money_text(row.cost + row.entry_fee),
        "value": money_text(value),
        "to_stop": _way(ticks, body["stop_ticks"]),
        "to_target": _way(ticks, body["target_ticks"]),
        "unrealised": money_text(unrealised),
        "realised": money_text(row.realised),
        "risk": money_text(body["risk"]),
        "r": r_multiple(row.realised + unrealised, body["risk"]),
    }


def _way(ticks: int, other: int) -> float | None:
    """How far another price is from the mark, as a fraction of the mark; None without a mark."""
    return float(f"{other / ticks - 1:.4g}") if ticks else None


def trades(reader: Reader, names: Iterable[str], limit: int | None) -> Document:
    """Closed positions, newest first, and what they came to together."""
    closed = [
        row
        for name in names
        for row in ledger_read.positions(reader.connection, Span(strategy=name))
        if row.status == "CLOSED"
    ]
    closed.sort(key=lambda row: (row.closed_slot or 0, row.strategy, row.token_id), reverse=True)
    pnl = sum(row.realised for row in closed)
    return {
        "trades": [trade_document(reader, row) for row in closed[:limit]],
        "n": len(closed),
        "won": sum(row.realised > 0 for row in closed),
        "pnl": money_text(pnl),
        "fees": money_text(sum(json.loads(row.body)["fees"] for row in closed)),
    }


def trade_document(reader: Reader, row: PositionRow) -> Document:
    """A round trip; pnl is net of all fees, r is pnl per money at risk at the stop."""
    scale = reader.scale(row.token_id)
    body: dict[str, Any] = json.loads(row.body)
    lots = body["bought_lots"]
    return {
        "id": row.id[:ID_SHOWN],
        "strategy": row.strategy,
        "token_id": row.token_id,
        "symbol": reader.symbol(row.token_id),
        "decided": format_instant(row.opened_slot),
        "opened": format_instant(body["opened_bar"]),
        "closed": format_instant(body["closed_bar"]),
        "hours": (body["closed_bar"] - body["opened_bar"]) // HOUR,
        "quantity": scale.quantity(lots),
        "entry": mean_price(body["paid"], lots, scale),
        "exit": mean_price(body["proceeds"], lots, scale),
        "fees": money_text(body["fees"]),
        "pnl": money_text(row.realised),
        "risk": money_text(body["risk"]),
        "r": r_multiple(row.realised, body["risk"]),
        "reason": body["reason"],
    }


def _unit(scale: Scale) -> int:
    """Money of one lot at one tick, in 1e-8; whole for every instrument."""
    return int(scale.tick * scale.lot * 10**MONEY_DECIMALS)


def mean_price(money: int, lots: int, scale: Scale) -> str:
    """Money per unit, to a tenth of a tick: the mean of several fills is no price of its own."""
    exact = Decimal(money) / (lots * _unit(scale)) * scale.tick
    return plain(exact.quantize(scale.tick / 10))


def r_multiple(part: int, whole: int) -> float | None:
    """A result per money at risk at the stop; None where nothing was at risk."""
    return None if whole <= 0 else float(f"{part / whole:.4g}")
