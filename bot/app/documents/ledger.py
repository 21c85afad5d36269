"""Documents about the ledger: orders, fills, positions, trades."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from bot.app.documents.base import (
    Count,
    Fraction,
    Hours,
    Id,
    Instant,
    Money,
    Price,
    Quantity,
    R,
    Reason,
    Side,
    Symbol,
)

TradeId = Annotated[
    str, Field(pattern="^[0-9a-f]{8}$", description="the beginning of its position's id")
]


class Fill(TypedDict):
    """A paper fill: the bar that made it and the slot that booked it."""

    open_time: Instant
    slot: Instant
    side: Side
    quantity: Quantity
    price: Price
    notional: Money
    fee: Money
    reason: Reason
    order_id: Id


class OrderEvent(TypedDict):
    """A cancel, a resize or a trigger; the quantity is what it concerns or leaves."""

    kind: Literal["CANCEL", "RESIZE", "TRIGGER"]
    slot: Instant
    open_time: Instant | None
    quantity: Quantity
    reason: Reason
    order_id: Id


class Order(TypedDict):
    """A paper order with what has become of it; a price that it does not have is left out."""

    id: Id
    strategy: str
    slot: Instant
    token_id: int
    symbol: Symbol
    action: Literal["ENTRY", "STOP", "TARGET", "EXIT"]
    state: Literal["pending", "working", "waiting", "filled", "partly filled", "cancelled", "void"]
    quantity: Quantity
    filled: Quantity
    price: NotRequired[Price]
    stop: NotRequired[Price]
    target: NotRequired[Price]
    cap: NotRequired[Price]
    eligible_from: Instant
    reason: Reason
    decision_id: Id | None
    fills: list[Fill]
    events: list[OrderEvent]


class Orders(TypedDict):
    """Orders, newest first."""

    orders: list[Order]
    working: Count
    total: Annotated[int, Field(description="orders in the ledger, finished ones included")]


class Position(TypedDict):
    """An open position at the newest close that its strategy's last slot knew."""

    strategy: str
    token_id: int
    symbol: Symbol
    decided: Instant
    opened: Instant
    hours: Hours
    quantity: Quantity
    entry: Price
    stop: Price
    target: Price
    mark: Price
    mark_time: Instant | None
    cost: Money
    value: Money
    to_stop: Fraction | None
    to_target: Fraction | None
    unrealised: Money
    realised: Money
    risk: Money
    r: R


class Positions(TypedDict):
    """Open positions and what they are worth together."""

    positions: list[Position]
    value: Money
    unrealised: Money


class Trade(TypedDict):
    """A closed round trip; pnl is net of all fees. `hourhand card ID` draws it."""

    id: TradeId
    strategy: str
    token_id: int
    symbol: Symbol
    decided: Instant
    opened: Instant
    closed: Instant
    hours: Hours
    quantity: Quantity
    entry: Price
    exit: Price
    fees: Money
    pnl: Money
    risk: Money
    r: R
    reason: Reason


class Trades(TypedDict):
    """Closed trades, newest first; n, won, pnl and fees are of all, shown or not."""

    trades: list[Trade]
    n: Count
    won: Count
    pnl: Money
    fees: Money
