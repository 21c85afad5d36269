"""A run's records as tables: fills, orders, decisions, trades, equity, notices; exact."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bot.domain.decimals import money_text
from bot.domain.instants import format_instant
from bot.domain.records import Decision, Fill, Notice, Order, OrderEvent, SlotRecords, Trade

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
NOTICES = ("slot", "token_id", "kind", "valid_time")

Row = tuple[object, ...]
Table = tuple[tuple[str, ...], Iterable[Row]]


def run_tables(busy: Sequence[SlotRecords], equity: Iterable[Row]) -> dict[str, Table]:
    """The tables of a run: header and rows; `equity` are rows of `equity_row`."""
    return {
        "fills": (FILLS, (fill_row(fill) for slot in busy for fill in slot.fills)),
        "orders": (ORDERS, (row for slot in busy for row in order_rows(slot))),
        "decisions": (DECISIONS, (decision_row(d) for slot in busy for d in slot.decisions)),
        "trades": (TRADES, (trade_row(trade) for slot in busy for trade in slot.trades)),
        "equity": (EQUITY, equity),
        "notices": (NOTICES, (notice_row(notice) for slot in busy for notice in slot.notices)),
    }


def write_csv(folder: Path, tables: Mapping[str, Table]) -> None:
    """One CSV file for each table, into a folder that exists."""
    for name, (header, rows) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)


def write_parquet(folder: Path, tables: Mapping[str, Table]) -> None:
    """One Parquet file for each table; amounts are exact decimal text as in CSV."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, (header, rows) in tables.items():
        columns = list(zip(*rows, strict=True)) or [()] * len(header)
        table = pa.table({
            key: pa.array([None if cell == "" else str(cell) for cell in column], pa.string())
            for key, column in zip(header, columns, strict=True)
        })  # fmt: skip
        pq.write_table(table, folder / f"{name}.parquet")


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


def notice_row(notice: Notice) -> Row:
    """One line of notices.csv: what the input said, and of which period."""
    period = format_instant(notice.valid_time) if notice.valid_time else ""
    return (format_instant(notice.slot), notice.token_id, notice.kind, period)


def equity_row(marks: Sequence[int], halts: Sequence[str], missed: bool) -> Row:  # noqa: FBT001  (a cell, no switch)
    """One line of equity.csv; marks are slot, six amounts of money and the open positions."""
    slot, *money, positions = marks
    return (
        format_instant(slot), *(money_text(amount) for amount in money), positions,
        " ".join(halts), "true" if missed else "false",
    )  # fmt: skip
