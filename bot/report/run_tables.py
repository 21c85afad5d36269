"""A run's records as CSV files: fills, orders, decisions, trades, equity; exact decimals."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.domain.decimals import money_text
from bot.domain.instants import format_instant
from bot.domain.records import Decision, Fill, Mark, Order, OrderEvent, SlotRecords, Trade

FILLS = (
    "slot", "open_time", "token_id", "side", "quantity", "price", "fee", "reason", "order_id"
)  # fmt: skip
ORDERS = (
    "slot", "token_id", "kind", "action", "quantity", "price", "stop", "target", "cap",
    "eligible_from", "open_time", "reason", "order_id",
)  # fmt: skip
DECISIONS = ("slot", "token_id", "outcome", "reason", "kind", "edge_time", "failed", "details")
TRADES = (
    "token_id", "decided", "opened", "closed", "closed_bar", "quantity", "paid", "proceeds",
    "fees", "pnl", "risk", "reason", "order_id",
)  # fmt: skip
EQUITY = (
    "slot", "cash", "value", "equity", "realised", "unrealised", "peak", "open_positions", "halts",
    "missed",
)  # fmt: skip

Row = tuple[object, ...]


def write_csv_folder(folder: Path, records: list[SlotRecords]) -> None:
    """Write the five files into `folder`, which must exist."""
    tables: dict[str, tuple[tuple[str, ...], Iterator[Row]]] = {
        "fills": (FILLS, (fill_row(fill) for slot in records for fill in slot.fills)),
        "orders": (ORDERS, (row for slot in records for row in order_rows(slot))),
        "decisions": (DECISIONS, (decision_row(d) for slot in records for d in slot.decisions)),
        "trades": (TRADES, (trade_row(trade) for slot in records for trade in slot.trades)),
        "equity": (EQUITY, (equity_row(slot.mark, slot.missed) for slot in records)),
    }
    for name, (header, rows) in tables.items():
        _write(folder / f"{name}.csv", header, rows)


def _write(path: Path, header: tuple[str, ...], rows: Iterable[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def fill_row(fill: Fill) -> Row:
    """One line of fills.csv."""
    return (
        format_instant(fill.slot), format_instant(fill.open_time), fill.token_id, fill.side,
        fill.scale.quantity(fill.quantity), fill.scale.price(fill.price), money_text(fill.fee),
        fill.reason, fill.order_id,
    )  # fmt: skip


def order_rows(slot: SlotRecords) -> Iterator[Row]:
    """Lines of orders.csv: the slot's cancels, resizes and triggers, then its new orders."""
    for event in slot.events:
        yield event_row(event)
    for order in slot.orders:
        yield order_row(order)


def order_row(order: Order) -> Row:
    """A new order; an exit at market has no prices of its own."""
    prices = tuple(
        "" if ticks is None else order.scale.price(ticks)
        for ticks in (order.price, order.stop, order.target, order.cap)
    )
    return (
        format_instant(order.slot), order.token_id, "ORDER", order.action,
        order.scale.quantity(order.quantity), *prices, format_instant(order.eligible_from), "",
        order.reason, order.id,
    )  # fmt: skip


def event_row(event: OrderEvent) -> Row:
    """What happened to an order besides its fills."""
    return (
        format_instant(event.slot), event.token_id, event.kind, "",
        event.scale.quantity(event.quantity), "", "", "", "", "", format_instant(event.open_time),
        event.reason, event.order_id,
    )  # fmt: skip


def decision_row(decision: Decision) -> Row:
    """One line of decisions.csv; details as JSON."""
    return (
        format_instant(decision.slot), decision.token_id, decision.outcome, decision.reason,
        decision.kind, format_instant(decision.edge_time),
        " ".join(decision.details.get("failed", ())),
        json.dumps(decision.details, sort_keys=True),
    )  # fmt: skip


def trade_row(trade: Trade) -> Row:
    """One line of trades.csv; pnl is net of all fees."""
    return (
        trade.token_id, format_instant(trade.decided), format_instant(trade.opened),
        format_instant(trade.closed), format_instant(trade.closed_bar),
        trade.scale.quantity(trade.quantity), money_text(trade.paid), money_text(trade.proceeds),
        money_text(trade.fees), money_text(trade.realised), money_text(trade.risk), trade.reason,
        trade.entry_order_id,
    )  # fmt: skip


def equity_row(mark: Mark, missed: object) -> Row:
    """One line of equity.csv."""
    return (
        format_instant(mark.slot), money_text(mark.cash), money_text(mark.value),
        money_text(mark.equity), money_text(mark.realised), money_text(mark.unrealised),
        money_text(mark.peak), mark.open_positions, " ".join(mark.halts),
        "true" if missed else "false",
    )  # fmt: skip
