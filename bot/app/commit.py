"""A stepped slot as the rows of the ledger."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from bot.adapters.sql.ledger_rows import (
    ConfigVersion,
    CycleCommit,
    DecisionRow,
    EquityRow,
    FillRow,
    NoticeRow,
    OrderEventRow,
    OrderRow,
    PositionRow,
)
from bot.app.account import Account
from bot.app.slot_inputs import slot_input_bytes
from bot.app.stepper import RULES_VERSION, Stepped, Stepper
from bot.app.strategy_files import LoadedStrategy
from bot.domain.ids import order_id
from bot.domain.instants import format_instant
from bot.domain.records import Decision, Fill, Notice, Order, OrderEvent, SlotRecords, Trade
from bot.domain.values import Slot
from bot.engine import layout as at


def build_commit(stepper: Stepper, before: Account, stepped: Stepped, slot: Slot) -> CycleCommit:
    """Everything that one slot writes, ready for one transaction."""
    loaded = stepper.loaded
    records = stepped.records[-1]
    seen = slot_input_bytes(stepped.market, stepper.plan, source_of(loaded))
    commit = slot_commit(loaded, slot, records, before.slot or None, seen)
    positions = _positions(loaded.strategy.name, records, before, stepped.account)
    return replace(commit, state=stepped.account.to_bytes(), positions=tuple(positions))


def source_of(loaded: LoadedStrategy) -> str:
    """Where a strategy's columns come from, as its slot inputs say it."""
    return "local" if loaded.strategy.uses_local else "recorded"


def slot_commit(
    loaded: LoadedStrategy,
    slot: Slot,
    records: SlotRecords,
    watermark: int | None,
    slot_input: bytes,
) -> CycleCommit:
    """What a slot writes but for the account after it, with the positions that it closed."""
    name = loaded.strategy.name
    mark = records.mark
    return CycleCommit(
        config=ConfigVersion(
            config_sha256=loaded.config_sha256,
            rules_version=RULES_VERSION,
            strategy=name,
            body=loaded.canonical,
        ),
        strategy=name,
        slot=slot.slot,
        as_of=slot.as_of,
        missed=slot.missed,
        watermark=watermark,
        state=b"",
        slot_input=slot_input,
        lines=records.lines,
        equity=EquityRow(
            strategy=name, slot=slot.slot, cash=mark.cash, value=mark.value, equity=mark.equity,
            realised=mark.realised, unrealised=mark.unrealised, peak=mark.peak,
        ),
        opening_cash=loaded.strategy.cash if watermark is None else 0,
        decisions=tuple(decision_row(name, row) for row in records.decisions),
        orders=tuple(order_row(name, row) for row in records.orders),
        fills=tuple(fill_row(name, row) for row in records.fills),
        order_events=tuple(event_row(name, row) for row in records.events),
        positions=tuple(closed_row(name, trade) for trade in records.trades),
        notices=tuple(
            notice_row(name, row) for row in records.notices
        ),
    )  # fmt: skip


def open_positions(strategy: str, account: Account) -> list[PositionRow]:
    """The positions that an account holds."""
    return [
        _open(strategy, token_id, token)
        for token_id, token in account.tokens.items()
        if token[at.T_QTY] > 0
    ]


def decision_row(strategy: str, row: Decision) -> DecisionRow:
    """A decision with its details as text."""
    return DecisionRow(
        id=row.id, strategy=strategy, slot=row.slot, token_id=row.token_id, kind=row.kind,
        outcome=row.outcome, reason=row.reason, edge_time=row.edge_time,
        details=json.dumps(row.details, sort_keys=True),
    )  # fmt: skip


def notice_row(strategy: str, row: Notice) -> NoticeRow:
    """What the input said, and of which period."""
    return NoticeRow(
        strategy=strategy, slot=row.slot, kind=row.kind, token_id=row.token_id,
        detail=format_instant(row.valid_time) if row.valid_time else "",
    )  # fmt: skip


def order_row(strategy: str, row: Order) -> OrderRow:
    """An order with the hash over its terms."""
    body = {"reason": row.reason, **row.terms}
    if row.price is not None:
        body["price_ticks"] = row.price
    terms = json.dumps(
        [row.id, row.quantity, row.eligible_from, row.stop, row.target, row.cap, body],
        sort_keys=True,
    )
    return OrderRow(
        id=row.id, strategy=strategy, slot=row.slot, token_id=row.token_id, action=row.action,
        leg=0, quantity_lots=row.quantity, eligible_from=row.eligible_from,
        request_hash=hashlib.sha256(terms.encode()).hexdigest(), stop_ticks=row.stop,
        target_ticks=row.target, cap_ticks=row.cap, decision_id=row.decision_id,
        body=json.dumps(body, sort_keys=True),
    )  # fmt: skip


def fill_row(strategy: str, row: Fill) -> FillRow:
    """A fill."""
    return FillRow(
        id=row.id, order_id=row.order_id, strategy=strategy, slot=row.slot, token_id=row.token_id,
        open_time=row.open_time, side="BUY" if row.side == "BUY" else "SELL",
        quantity_lots=row.quantity, price_ticks=row.price, notional=row.notional, fee=row.fee,
        reason=row.reason, ref_points=row.reference_points,
    )  # fmt: skip


def event_row(strategy: str, row: OrderEvent) -> OrderEventRow:
    """What happened to an order besides its fills."""
    kinds = {"CANCEL": "CANCEL", "RESIZE": "RESIZE", "TRIGGER": "TRIGGER"}
    return OrderEventRow(
        id=row.id, order_id=row.order_id, strategy=strategy, slot=row.slot, token_id=row.token_id,
        kind=kinds[row.kind], quantity_lots=row.quantity, reason=row.reason,  # type: ignore[arg-type]
        open_time=row.open_time,
    )  # fmt: skip


def _positions(
    strategy: str, records: SlotRecords, before: Account, after: Account
) -> list[PositionRow]:
    """Positions that this slot closed, and those open after it that changed."""
    rows = [closed_row(strategy, trade) for trade in records.trades]
    for token_id, token in after.tokens.items():
        if token[at.T_QTY] > 0 and before.tokens.get(token_id) != token:
            rows.append(_open(strategy, token_id, token))
    return rows


def closed_row(strategy: str, trade: Trade) -> PositionRow:
    """The position that a round trip was."""
    body = {
        "opened_bar": trade.opened, "closed_bar": trade.closed_bar, "reason": trade.reason,
        "bought_lots": trade.quantity, "paid": trade.paid, "proceeds": trade.proceeds,
        "fees": trade.fees, "risk": trade.risk,
    }  # fmt: skip
    return PositionRow(
        id=order_id(strategy, trade.token_id, trade.decided, "POSITION", 0), strategy=strategy,
        token_id=trade.token_id, status="CLOSED", opened_slot=trade.decided, quantity_lots=0,
        cost=0, entry_fee=0, realised=trade.realised, closed_slot=trade.closed,
        body=json.dumps(body, sort_keys=True),
    )  # fmt: skip


def _open(strategy: str, token_id: int, token: tuple[int, ...]) -> PositionRow:
    body = {
        "opened_bar": token[at.T_ENTRY_OPEN], "stop_ticks": token[at.T_STOP],
        "target_ticks": token[at.T_TARGET], "bought_lots": token[at.T_BOUGHT],
        "paid": token[at.T_PAID], "proceeds": token[at.T_PROCEEDS], "fees": token[at.T_FEES],
        "risk": token[at.T_RISK],
    }  # fmt: skip
    return PositionRow(
        id=order_id(strategy, token_id, token[at.T_ORDER_SLOT], "POSITION", 0), strategy=strategy,
        token_id=token_id, status="OPEN", opened_slot=token[at.T_ORDER_SLOT],
        quantity_lots=token[at.T_QTY], cost=token[at.T_COST], entry_fee=token[at.T_ENTRY_FEES],
        realised=token[at.T_REALISED], body=json.dumps(body, sort_keys=True),
    )  # fmt: skip
