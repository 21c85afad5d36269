"""A ledger's rows as the records that a replay holds: the way back from what a slot committed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bot.adapters.sql import ledger_read
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import EquityRow, FillRow, OrderEventRow, OrderRow, PositionRow
from bot.app.account import LedgerHash
from bot.app.reading import Reader
from bot.domain.decimals import MONEY_DECIMALS
from bot.domain.ids import order_id
from bot.domain.instants import parse_instant
from bot.domain.records import (
    Decision,
    Fill,
    Mark,
    Notice,
    Order,
    OrderEvent,
    Scale,
    SlotRecords,
    Trade,
)

_FILL = '"record":"fill"'
Sorted = dict[int, dict[str, list[Any]]]  # slot -> kind -> records


def busy_slots(reader: Reader, strategy: str, span: Span | None = None) -> list[SlotRecords]:
    """The slots in which anything was decided or booked, in order; without their lines.

    span: only of its token, and of its slots.
    """
    chosen = span or Span(strategy=strategy)
    found: Sorted = {}
    connection, scales = reader.connection, reader.scales
    for decision in ledger_read.decisions(connection, chosen):
        record = Decision(
            id=decision.id, slot=decision.slot, token_id=decision.token_id, kind=decision.kind,
            edge_time=decision.edge_time or 0, reason=decision.reason, step=0,
            details_json=decision.details,
        )  # fmt: skip
        _put(found, decision.slot, "decisions", record)
    for order in ledger_read.orders(connection, chosen):
        _put(found, order.slot, "orders", _order(order, scales[order.token_id]))
    for event in ledger_read.order_events(connection, chosen):
        _put(found, event.slot, "events", _event(event, scales[event.token_id]))
    _put_fills(found, reader, strategy, chosen)
    for row in ledger_read.positions(connection, _open_ended(chosen)):
        if row.status == "CLOSED" and row.closed_slot is not None:
            _put(found, row.closed_slot, "trades", _trade(row, scales[row.token_id]))
    for notice in ledger_read.notices(connection, chosen):
        when = parse_instant(notice.detail) if notice.detail else 0
        record_ = Notice(slot=notice.slot, token_id=notice.token_id or 0, kind=notice.kind,
                         valid_time=when)  # fmt: skip
        _put(found, notice.slot, "notices", record_)
    marks = {row.slot: row for row in ledger_read.equity(connection, chosen)}
    return [_slot(marks[slot], found[slot]) for slot in sorted(found) if slot in marks]


def _open_ended(span: Span) -> Span:
    """Positions are sorted by the slot that opened them, and are wanted by the one that closed."""
    return Span(strategy=span.strategy, token_id=span.token_id, start=None, end=span.end)


def _put(found: Sorted, slot: int, kind: str, record: Any) -> None:
    found.setdefault(slot, {}).setdefault(kind, []).append(record)


def _slot(row: EquityRow, kinds: dict[str, list[Any]]) -> SlotRecords:
    mark = Mark(
        slot=row.slot, cash=row.cash, value=row.value, equity=row.equity, realised=row.realised,
        unrealised=row.unrealised, peak=row.peak, day_base=0, open_positions=0,
    )  # fmt: skip
    found: dict[str, Any] = {kind: tuple(records) for kind, records in kinds.items()}
    return replace(SlotRecords(slot=row.slot, missed=False, mark=mark), **found)


def _order(row: OrderRow, scale: Scale) -> Order:
    body = json.loads(row.body)
    return Order(
        id=row.id, slot=row.slot, token_id=row.token_id, action=row.action,
        quantity=row.quantity_lots, eligible_from=row.eligible_from, scale=scale,
        reason=body["reason"], decision_id=row.decision_id, price=body.get("price_ticks"),
        stop=row.stop_ticks, target=row.target_ticks, cap=row.cap_ticks,
    )  # fmt: skip


def _event(row: OrderEventRow, scale: Scale) -> OrderEvent:
    return OrderEvent(
        id=row.id, order_id=row.order_id, slot=row.slot, open_time=row.open_time or 0,
        token_id=row.token_id, kind=row.kind, quantity=row.quantity_lots, reason=row.reason,
        scale=scale,
    )  # fmt: skip


def _put_fills(found: Sorted, reader: Reader, strategy: str, span: Span) -> None:
    """Fills with the price before costs, which stands in the slot's lines only."""
    rows = ledger_read.fills(reader.connection, span)
    lines = _fill_lines(reader, strategy, {row.slot for row in rows})
    for row in rows:
        line = lines[row.order_id, row.open_time]
        _put(found, row.slot, "fills", _fill(row, line, reader.scales[row.token_id]))


def _fill_lines(
    reader: Reader, strategy: str, slots: Iterable[int]
) -> dict[tuple[str, int], dict[str, Any]]:
    found = {}
    for slot in sorted(slots):
        for body in ledger_read.journal_bodies_at(reader.connection, strategy, slot):
            for line in body.splitlines():
                if _FILL in line:
                    cells = json.loads(line)
                    found[cells["order_id"], parse_instant(cells["open_time"])] = cells
    return found


def _fill(row: FillRow, line: dict[str, Any], scale: Scale) -> Fill:
    return Fill(
        id=row.id, order_id=row.order_id, slot=row.slot, open_time=row.open_time,
        token_id=row.token_id, side=row.side, quantity=row.quantity_lots, price=row.price_ticks,
        reference=line["reference"], reference_points=row.ref_points, notional=row.notional,
        fee=row.fee, reason=row.reason, scale=scale, cash=_money(line["cash"]),
        realised=_money(line["realised"]),
    )  # fmt: skip


def _money(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(MONEY_DECIMALS, "0"))


def _trade(row: PositionRow, scale: Scale) -> Trade:
    body = json.loads(row.body)
    return Trade(
        entry_order_id=order_id(row.strategy, row.token_id, row.opened_slot, "ENTRY", 0),
        token_id=row.token_id, decided=row.opened_slot, opened=body["opened_bar"],
        closed=row.closed_slot or 0, closed_bar=body["closed_bar"], quantity=body["bought_lots"],
        paid=body["paid"], proceeds=body["proceeds"], fees=body["fees"], realised=row.realised,
        risk=body["risk"], reason=body["reason"], scale=scale,
    )  # fmt: skip


def ledger_sha256(reader: Reader, strategy: str) -> str:
    """The hash over all slots of a strategy."""
    digest = LedgerHash()
    for body in ledger_read.journal_bodies(reader.connection, strategy):
        digest.add(body)
    return digest.text()
