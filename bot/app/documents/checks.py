"""Documents of the commands that check: check, doctor, audit, demo, restatements."""

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
    Reason,
    Sha256,
    Source,
    Symbol,
)
from bot.app.documents.operator import Managed


class WouldHave(TypedDict):
    """A decision that the strategy would have made with a fresh account."""

    token_id: int
    symbol: Symbol
    outcome: Literal["ENTER", "REFUSED"]
    reason: Reason
    failed: list[Reason]


class LastSlotOf(TypedDict):
    """What the strategy would have done in the last slot."""

    outcomes: dict[Reason, Count]
    decisions: list[WouldHave]


class CheckedStrategy(TypedDict):
    """A strategy file in words."""

    name: str
    file: Path
    config_sha256: Sha256
    source: Source
    meaning: list[Note]
    last_slot: NotRequired[LastSlotOf]


class LastSlot(TypedDict):
    """The slot that was stepped again, and what that leaves out."""

    slot: Instant
    note: Note


class Checked(TypedDict):
    """Settings and strategies without a fault."""

    ok: Literal[True]
    home: Path
    base_url: str
    key: Literal["there", "missing"]
    strategies: list[CheckedStrategy]
    managed: NotRequired[list[Managed]]
    last_slot: NotRequired[LastSlot]


class Faults(TypedDict):
    """Settings or strategies with faults: all of them, each with its place."""

    ok: Literal[False]
    faults: list[Note]


class Examined(TypedDict):
    """One check of an installation; advice says what to do."""

    level: Literal["ok", "warn", "fail"]
    name: str
    found: Note
    advice: Note | None


class Doctor(TypedDict):
    """Whether an installation can work."""

    ok: bool
    failed: Count
    warnings: Count
    checks: list[Examined]


class Finding(TypedDict):
    """Something in the ledger that does not hold."""

    invariant: int | None
    code: str
    where: str
    expected: str
    found: str


class Invariant(TypedDict):
    """What must hold, and how often it does not."""

    number: int
    text: Note
    codes: list[str]
    findings: Count


class AuditedStrategy(TypedDict):
    """A strategy's hash over what stands there and over what was recomputed."""

    ledger_sha256: Sha256
    replayed_sha256: Sha256 | None
    slots: Count
    not_compared: Count
    recomputed: dict[str, Count]


class Audit(TypedDict):
    """Whether the ledger holds; `more` counts findings of a code beyond those listed."""

    ok: bool
    findings: list[Finding]
    invariants: list[Invariant]
    more: dict[str, Count]
    notes: list[Note]
    ledger_sha256: Sha256
    replayed_sha256: Sha256 | None
    recomputed: dict[str, Count]
    strategies: dict[str, AuditedStrategy]


class DemoAudit(TypedDict):
    """The audit of the demo's ledger."""

    ok: bool
    findings: list[Finding]
    ledger_sha256: Sha256
    replayed_sha256: Sha256 | None


class Demo(TypedDict):
    """What the demo did."""

    slots: Count
    orders: Count
    fills: Count
    trades: Count
    refusals: dict[Reason, Count]
    kills: Count
    seconds: float
    report: Path
    audit: DemoAudit


class RestatedKind(TypedDict):
    """How much of a kind of rows the provider changed."""

    rows: Count
    restated: Count
    share: Fraction
    largest_move: Fraction | None


class RestatedRow(TypedDict):
    """A row that was changed: first and last value of each cell that differs."""

    kind: Literal["bars", "signals"]
    token_id: int
    symbol: Symbol
    time: Instant
    versions: Count
    first_known: Instant | None
    last_known: Instant | None
    changed: Annotated[
        dict[str, list[str | None]], Field(description="cell -> [first value, last value]")
    ]
    move: Fraction | None


class Outcome(TypedDict):
    """What a replay came to."""

    equity: Money
    trades: Count
    ledger_sha256: Sha256


class Gain(TypedDict):
    """What a backtest over the history as it stands would have imagined."""

    strategy: str
    as_known: Outcome
    as_it_stands: Outcome
    gain: Money


class Restatements(TypedDict):
    """History that the provider changed, newest first; gains only where they were asked for."""

    kinds: dict[str, RestatedKind]
    restated: list[RestatedRow]
    total: Count
    gains: NotRequired[list[Gain]]
