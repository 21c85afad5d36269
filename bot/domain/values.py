"""Observations: what was seen, what it describes and when it could be known.

All instants are UTC milliseconds. `available_at` is None where a source gives no seen time; the
strategy's publication lags then say when the row could be known (semantics T2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A tradable token; identity is `token_id`, the symbol is a label and may be shared."""

    token_id: int
    symbol: str
    name: str = ""
    sector: str = ""
    category: str = ""  # several, separated by ";"
    tick: Decimal | None = None
    lot: Decimal | None = None
    min_notional: Decimal | None = None
    volume_unit: str = ""  # base, quote or unknown; empty: the setting for the source decides
    market_cap: Decimal | None = None
    available_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Prices of the half-open span that starts at `open_time`; exact decimals in quote units."""

    token_id: int
    open_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None
    interval: str = "1h"
    available_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A call on a token: the text as it was sent, for the period labelled `valid_time`."""

    token_id: int
    valid_time: int
    signal: str
    source: str = "hourly"  # hourly or daily
    available_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Named numbers about a token on a day; NaN or absent means missing.

    sharpe, sortino: ratios. volatility: annual fraction. cagr: fraction a year.
    max_drawdown: positive fraction. Any further name is allowed.
    """

    token_id: int
    valid_time: int
    values: tuple[tuple[str, float], ...]  # sorted by name
    available_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One price level; strength is None where the source gives none."""

    price: Decimal
    strength: float | None = None
    level_date: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelList:
    """The whole list of levels of a token as seen at one instant; an empty one is knowledge too."""

    token_id: int
    seen_at: int
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The provider's short-term grade of a token, 0 to 100."""

    token_id: int
    valid_time: int
    tm_grade: float | None
    available_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When a slot's inputs were frozen, and whether it was missed."""

    slot: int
    as_of: int
    missed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What was asked for from outside; it counts in the first slot frozen at or after `at`.

    PAUSE and RESUME stop and allow entries, each source for itself. CLOSE sends a market exit for
    a token; WRITE_OFF does that, and sells for one tick where no bar comes any more. ACK of a
    token lifts its price-jump guard, ACK without one lifts a drawdown halt. No strategy means all.
    """

    at: int
    kind: str
    source: str = "operator"  # who asks; otherwise the bot itself, for a reason of that name
    strategy: str = ""
    token_id: int | None = None
    note: str = ""


@dataclass(slots=True, kw_only=True)
class Record:
    """Everything that was seen, in memory: a record folder, or part of the database."""

    tokens: list[Token] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    metrics: list[Metrics] = field(default_factory=list)
    levels: list[LevelList] = field(default_factory=list)
    grades: list[Grade] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
