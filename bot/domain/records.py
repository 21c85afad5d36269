"""What one slot of one strategy decided and booked, as values with exact text.

Quantities are lots, prices ticks, money 1e-8 quote units; `Scale` turns them into decimals.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bot.domain.decimals import money_text, plain
from bot.domain.instants import format_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Tick and lot of a token: what one tick and one lot are worth in text."""

    tick: Decimal
    lot: Decimal

    def price(self, ticks: int) -> str:
        """A price in ticks as canonical text."""
        return plain(self.tick * ticks)

    def quantity(self, lots: int) -> str:
        """A quantity in lots as canonical text."""
        return plain(self.lot * lots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a candidate in a slot: an entry, or the first rule that refused it."""

    id: str
    slot: int
    token_id: int
    kind: str  # edge or synthetic
    edge_time: int
    reason: str
    step: int
    details_json: str = "{}"  # canonical; text, since years of decisions stay in memory

    @property
    def details(self) -> dict[str, Any]:
        """Every number that the decision saw or made, and which rules failed."""
        found: dict[str, Any] = json.loads(self.details_json)
        return found

    @property
    def outcome(self) -> str:
        """ENTER or REFUSED."""
        return "ENTER" if self.reason == "ENTRY" else "REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A paper order as decided: an entry, its stop and target, or a market exit."""

    id: str
    slot: int
    token_id: int
    action: str
    quantity: int
    eligible_from: int
    scale: Scale
    reason: str
    decision_id: str | None = None
    price: int | None = None  # limit or trigger; for an entry the estimated fill
    stop: int | None = None
    target: int | None = None
    cap: int | None = None
    terms: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A paper fill: `slot` booked it, the bar that opened at `open_time` made it."""

    id: str
    order_id: str
    slot: int
    open_time: int
    token_id: int
    side: str
    quantity: int
    price: int
    reference: str  # the price before costs, decimal text
    reference_points: int
    notional: int
    fee: int
    reason: str
    scale: Scale
    cash: int
    realised: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """A cancel, a resize or a trigger of an order."""

    id: str
    order_id: str
    slot: int
    open_time: int
    token_id: int
    kind: str
    quantity: int
    reason: str
    scale: Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A round trip, from the first entry fill to the sale that closed it."""

    entry_order_id: str
    token_id: int
    decided: int
    opened: int
    closed: int
    closed_bar: int
    quantity: int
    paid: int
    proceeds: int
    fees: int
    realised: int
    risk: int
    reason: str
    scale: Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The account after the slot's fills, at the newest known closes."""

    slot: int
    cash: int
    value: int
    equity: int
    realised: int
    unrealised: int
    peak: int
    day_base: int
    open_positions: int
    halts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that the input said and that moved nothing, such as LATE_ROW."""

    slot: int
    token_id: int
    kind: str
    valid_time: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRecords:
    """Everything that one slot wrote, in order, with the lines that the ledger's hash covers."""

    slot: int
    missed: bool
    mark: Mark
    decisions: tuple[Decision, ...] = ()
    orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    events: tuple[OrderEvent, ...] = ()
    trades: tuple[Trade, ...] = ()
    notices: tuple[Notice, ...] = ()
    lines: str = ""


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def line(record: str, /, **cells: Any) -> str:
    """One canonical line: JSON with sorted keys, ending in a newline."""
    return canonical({"record": record, **cells}) + "\n"


def header_line(strategy: str, slot: int, config_sha256: str, missed: str) -> str:
    """The line that opens a slot; `missed` is yes or no. Written by hand: every slot has one."""
    return (
        f'{{"config_sha256":"{config_sha256}","missed":"{missed}","record":"slot",'
        f'"slot":"{format_instant(slot)}","strategy":"{strategy}"}}\n'
    )


def decision_line(decision: Decision) -> str:
    """The canonical line of a decision; its details come first by the order of keys."""
    rest = line(
        "decision",
        id=decision.id,
        token_id=decision.token_id,
        kind=decision.kind,
        edge_time=format_instant(decision.edge_time),
        reason=decision.reason,
    )
    return f'{{"details":{decision.details_json},{rest[1:]}'


def canonical(document: Any) -> str:
    """JSON with sorted keys and no spaces."""
    return _ENCODER.encode(document)


def order_line(order: Order) -> str:
    """The canonical line of an order."""
    scale = order.scale
    prices = {
        name: scale.price(ticks)
        for name, ticks in (("price", order.price), ("stop", order.stop),
                            ("target", order.target), ("cap", order.cap))
        if ticks is not None
    }  # fmt: skip
    return line(
        "order",
        id=order.id,
        token_id=order.token_id,
        action=order.action,
        quantity=scale.quantity(order.quantity),
        eligible_from=format_instant(order.eligible_from),
        reason=order.reason,
        **prices,
        **order.terms,
    )


def fill_line(fill: Fill) -> str:
    """The canonical line of a fill."""
    return line(
        "fill",
        order_id=fill.order_id,
        open_time=format_instant(fill.open_time),
        token_id=fill.token_id,
        side=fill.side,
        quantity=fill.scale.quantity(fill.quantity),
        price=fill.scale.price(fill.price),
        reference=fill.reference,
        fee=money_text(fill.fee),
        reason=fill.reason,
        cash=money_text(fill.cash),
        realised=money_text(fill.realised),
    )


def event_line(event: OrderEvent) -> str:
    """The canonical line of a cancel, resize or trigger."""
    return line(
        event.kind.lower(),
        order_id=event.order_id,
        open_time=format_instant(event.open_time),
        token_id=event.token_id,
        quantity=event.scale.quantity(event.quantity),
        reason=event.reason,
    )


def mark_line(mark: Mark) -> str:
    """The canonical line of the account's value. Written by hand: every slot has one."""
    halts = ",".join(f'"{name}"' for name in mark.halts)
    return (
        f'{{"cash":"{money_text(mark.cash)}","day_base":"{money_text(mark.day_base)}",'
        f'"equity":"{money_text(mark.equity)}","halts":[{halts}],'
        f'"peak":"{money_text(mark.peak)}","realised":"{money_text(mark.realised)}",'
        f'"record":"equity","unrealised":"{money_text(mark.unrealised)}",'
        f'"value":"{money_text(mark.value)}"}}\n'
    )


def notice_line(notice: Notice) -> str:
    """The canonical line of an event of the input."""
    return line(
        "notice",
        token_id=notice.token_id,
        kind=notice.kind,
        valid_time=format_instant(notice.valid_time) if notice.valid_time else "",
    )
