"""The document of `why`: everything that a slot knew of a token and decided about it."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from bot.app.documents.base import (
    Fraction,
    Hours,
    Id,
    Instant,
    Money,
    Note,
    Price,
    Quantity,
    Rate,
    Reason,
    Sha256,
    Source,
    Symbol,
)
from bot.app.documents.ledger import Fill, OrderEvent, Trade
from bot.app.documents.operator import Held

Outcome = Literal["ENTER", "REFUSED"]
Freshness = Literal["unknown", "fresh", "stale"]
Trend = Literal["Bullish", "Bearish", "Neutral", "unreadable"]


class Bar(TypedDict):
    """The newest closed bar that a slot knew."""

    open_time: Instant
    open: Price
    high: Price
    low: Price
    close: Price


class Signal(TypedDict):
    """A signal in the market's words."""

    valid_time: Instant
    signal: Trend


class NewestSignal(Signal):
    """The newest readable signal, and how many hours before the slot its period ended."""

    age_hours: Hours


class Inputs(TypedDict):
    """The numbers of a token that a slot read; what it did not know is left out."""

    in_universe: bool
    quantmetrics: NotRequired[Freshness]
    grade: NotRequired[Freshness]
    levels: NotRequired[Freshness]
    columns: Annotated[dict[str, float], Field(description="the strategy's columns by name")]
    sigma: NotRequired[float]
    atr: NotRequired[float]
    adv: NotRequired[float]
    bar: NotRequired[Bar]
    asked: NotRequired[list[Literal["CLOSE", "ACK", "WRITE_OFF"]]]
    book_built: NotRequired[Instant]
    tick: NotRequired[Price]
    lot: NotRequired[Quantity]
    levels_known: int
    new_signals: list[Signal]
    newest_signal: NotRequired[NewestSignal]


class Gate(TypedDict):
    """A gate with its limits, the value that it saw and its verdict."""

    column: str
    passed: bool
    member: bool
    value: NotRequired[float]
    min: NotRequired[float]
    max: NotRequired[float]
    leave_min: NotRequired[float]
    leave_max: NotRequired[float]


class Bracket(TypedDict):
    """The bracket worked through again: net prices of entry, stop and target, and their ratio."""

    k: Rate
    taker: Rate
    maker: Rate
    e: Price
    min_rr: Rate
    stop_fill: NotRequired[Price]
    s: NotRequired[Price]
    stop_distance: NotRequired[Fraction]
    t: NotRequired[Price]
    reward: NotRequired[Price]
    risk: NotRequired[Price]
    net_rr: NotRequired[float | None]


class DecisionOrder(TypedDict):
    """An order of an entry, or an exit after it."""

    id: Id
    slot: Instant
    action: Literal["ENTRY", "STOP", "TARGET", "EXIT"]
    quantity: Quantity
    price: Price | None
    eligible_from: Instant
    reason: Reason


class OpenPosition(TypedDict):
    """What an entry opened is open still."""

    status: Literal["open"]


class ClosedPosition(Trade):
    """What an entry opened was closed."""

    status: Literal["closed"]


class LedTo(TypedDict):
    """What became of an entry; no position: it never filled."""

    orders: list[DecisionOrder]
    fills: list[Fill]
    events: list[OrderEvent]
    position: OpenPosition | ClosedPosition | None


class Decision(TypedDict):
    """A decision with every number that it saw or made; what it did not come to is left out."""

    id: Id
    kind: Literal["edge", "synthetic"]
    edge_time: Instant | None
    outcome: Outcome
    reason: Reason
    failed: list[Reason]
    gates: NotRequired[list[Gate]]
    sigma: NotRequired[float]
    adv: NotRequired[float]
    net_rr: NotRequired[float]
    score: NotRequired[float]
    atr: NotRequired[float]
    close: NotRequired[Price]
    entry: NotRequired[Price]
    cap: NotRequired[Price]
    k_ppm: NotRequired[int]
    stop: NotRequired[Price]
    target: NotRequired[Price]
    support: NotRequired[Price]
    support_strength: NotRequired[Rate]
    resistance: NotRequired[Price]
    resistance_strength: NotRequired[Rate]
    strong_resistance: NotRequired[Price]
    stop_from: NotRequired[Literal["atr_fallback"]]
    target_from: NotRequired[Literal["target_fallback"]]
    equity: NotRequired[Money]
    risk_cash: NotRequired[Money]
    bounds: NotRequired[Annotated[dict[str, Money], Field(description="each limit of the size")]]
    binding: NotRequired[str]
    unweighed: NotRequired[
        Annotated[
            list[str],
            Field(description="open positions without a volatility, left out of the weights"),
        ]
    ]
    quantity: NotRequired[Quantity]
    rank: NotRequired[int]
    bracket: NotRequired[Bracket]
    led_to: NotRequired[LedTo]


class Level(TypedDict):
    """A level near the price, and what a decision made of it ("" for nothing)."""

    price: Price
    strength: Annotated[float | None, Field(description="null where none was sent or computed")]
    away: Fraction
    side: Literal["support", "resistance"]
    chosen: Literal["", "stop", "target", "veto"]


class Also(TypedDict):
    """What the slot booked besides its decisions; empty where nothing."""

    fills: NotRequired[list[Fill]]
    events: NotRequired[list[OrderEvent]]
    orders: NotRequired[list[DecisionOrder]]


class InputNotice(TypedDict):
    """What the input said about the token, and of which period."""

    kind: Reason
    about: str | None


class BriefDecision(TypedDict):
    """A decision in another slot."""

    slot: Instant
    outcome: Outcome
    reason: Reason


class StrategyWhy(TypedDict):
    """A token in one slot of one strategy; before and after only where nothing was decided."""

    strategy: str
    slot: Instant
    as_of: Instant
    missed: bool
    source: Source
    config_sha256: Sha256
    inputs: Inputs | None
    decisions: list[Decision]
    book: list[Level]
    also: Also
    notices: list[InputNotice]
    held: list[Held]
    acknowledged: bool
    before: NotRequired[BriefDecision | None]
    after: NotRequired[BriefDecision | None]


class Why(TypedDict):
    """What each strategy thought of a token in a slot."""

    token_id: int
    symbol: Symbol
    name: Note
    at: Annotated[Instant | None, Field(description="what --at asked for; the slot is not later")]
    strategies: list[StrategyWhy]
