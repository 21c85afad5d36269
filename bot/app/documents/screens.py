"""The documents of `screen`, `alerts`, `levels` and `digest`."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from bot.app.documents.base import (
    Count,
    Fraction,
    Instant,
    Money,
    Note,
    Path,
    Quantity,
    R,
    Reason,
    Sha256,
    Span,
    Symbol,
)
from bot.app.documents.ledger import Trade


class Ranked(TypedDict):
    """A token with the number that ranks it and every column; null is a missing one."""

    rank: int
    token_id: int
    by: float
    columns: dict[str, float | str | None]


class Screen(TypedDict):
    """The best tokens by a column, of those that an expression lets through."""

    strategy: str | None
    slot: Instant | None
    by: str
    where: str
    near: Fraction | None
    strength: float
    known: Count
    matching: Count
    without_rank: Count
    columns: list[str]
    tokens: list[Ranked]


class Share(TypedDict):
    """A share with its Wilson interval; no verdict is allowed on few."""

    hits: Count
    n: Count
    rate: Fraction | None
    low: Fraction | None
    high: Fraction | None
    verdict_allowed: bool


class LevelRates(TypedDict):
    """Episodes at levels by their ends; rates are over those that have ended."""

    approaches: Count
    touches: Count
    held: Count
    broken: Count
    turned: Count
    timed_out: Count
    open: Count
    precision: Share
    hold_rate: Share


class Alert(TypedDict):
    """An alert of a strategy file, and what it told; levels only where it watches them."""

    strategy: str
    alert: str
    on: str
    meaning: Note
    since: Instant | None
    last_told: Instant | None
    told: Count
    kept_back: Count
    tokens: Count
    levels: NotRequired[LevelRates]


class Alerts(TypedDict):
    """The alerts of the strategies."""

    alerts: list[Alert]


class LevelSnapshot(TypedDict):
    """What was known of a token's levels in a day's 00:00 slot."""

    slot: Instant
    source: Annotated[str, Field(description='"provider", or the strategy that computed them')]
    token_id: int
    symbol: Symbol
    levels: Count
    content_sha256: Sha256
    seen_at: Instant | None
    same_as_before: bool


class LevelSnapshots(TypedDict):
    """The snapshots of the last days; total and contents count all days."""

    snapshots: list[LevelSnapshot]
    total: Count
    contents: Count
    out: NotRequired[Path]


class WeekEquity(TypedDict):
    """The account from the end of the week before to the end of the week."""

    start: Money
    end: Money
    change: Money
    share: Fraction
    lowest: Money
    cash: Money
    held: Money


class WeekEntry(TypedDict):
    """A purchase; one in parts is one."""

    slot: Instant
    token_id: int
    symbol: Symbol
    quantity: Quantity
    notional: Money


Moved = TypedDict(
    "Moved",
    {
        "token_id": int, "symbol": Symbol, "column": str, "from": float, "to": float,
        "change": float,
    },
)  # fmt: skip


class Stale(Span):
    """A stretch of slots in which a series was stale, or no bar came."""

    token_id: int
    symbol: Symbol
    series: str
    slots: Count


class Membership(TypedDict):
    """A token that came into the universe or a gate, or left it."""

    slot: Instant
    token_id: int
    symbol: Symbol
    of: str
    change: Literal["in", "out"]


class StrategyWeek(TypedDict):
    """A strategy's week."""

    strategy: str
    first_slot: Instant
    last_slot: Instant
    whole: bool
    slots_expected: Count
    slots_done: Count
    slots_missed: list[Instant]
    config_sha256: list[Sha256]
    ledger_sha256: Sha256
    equity: WeekEquity
    entries: list[WeekEntry]
    exits: dict[Reason, Count]
    trades: list[Trade]
    net: Money
    fees: Money
    won: Share
    mean_r: R
    r_n: Count
    refusals: dict[Reason, Count]
    notices: dict[Reason, Count]
    source: Literal["", "local", "recorded"]
    moved: list[Moved]
    unmoved: Annotated[Count, Field(description="numbers that ended the week as they began it")]
    stale: list[Stale]
    membership: list[Membership]
    levels: LevelRates


class Digest(Span):
    """A week, Monday to Monday, strategy by strategy."""

    strategies: list[StrategyWeek]
