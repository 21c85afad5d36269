"""The document of `diff`."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from bot.app.documents.base import (
    Count,
    Instant,
    Money,
    Path,
    Price,
    Quantity,
    R,
    Sha256,
    Source,
    Span,
    Symbol,
)
from bot.app.documents.replay import StartAndEnd
from bot.app.documents.why import Gate

Rule = Annotated[str, Field(description="a reason code, or in words what kept a run from it")]


class Side(Span):
    """One of the two runs."""

    strategy: str
    slots: Count
    equity: StartAndEnd
    ledger_sha256: Sha256
    config_sha256: Sha256
    source: Source
    file: Path
    trades: Count
    open: Count
    net: Money


class ChangedKey(TypedDict):
    """A key of the strategy files that differs, as text."""

    key: str
    old: str
    new: str


class MovedByRule(TypedDict):
    """How many trades a rule moved, and what they came to."""

    rule: Rule
    added: Count
    removed: Count
    changed: Count
    net: Money


class Held(TypedDict):
    """A position in one of the runs; null is what an open one has not come to."""

    decided: Instant
    stop: Price | None
    target: Price | None
    quantity: Quantity
    opened: Instant | None
    closed: Instant | None
    reason: str
    net: Money | None
    r: R


class Cause(TypedDict):
    """The first thing that the two runs said otherwise."""

    rule: Rule
    slot: Instant
    old: str | None
    new: str | None
    gates: NotRequired[list[Gate]]
    entered_later: NotRequired[Instant]


class MovedTrade(TypedDict):
    """A trade that one run has and the other has not, or has otherwise."""

    token_id: int
    symbol: Symbol
    edge_time: Instant
    decided: Instant
    old: Held | None
    new: Held | None
    change: Literal["added", "removed", "changed"]
    differs: list[str]
    rule: Cause
    keys: Annotated[list[str], Field(description="the changed keys that the rule reads")]


class Diff(TypedDict):
    """Two strategies on the same data: the keys and the trades that differ."""

    old: Side
    new: Side
    keys: list[ChangedKey]
    same: Count
    added: Count
    removed: Count
    changed: Count
    rules: list[MovedByRule]
    trades: list[MovedTrade]
