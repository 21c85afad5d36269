"""The rows of the ledger as plain values, and everything that one slot writes as one value."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigVersion:
    """The strategy's text (without secrets) that a slot ran under, and the rules' version."""

    config_sha256: str
    rules_version: int
    strategy: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRow:
    """One processed slot of a strategy."""

    strategy: str
    slot: int
    as_of: int
    missed: bool
    config_sha256: str
    rules_version: int
    input_sha256: str
    lines_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """What became of a candidate, also when it was refused; `details` is JSON."""

    id: str
    strategy: str
    slot: int
    token_id: int
    kind: str
    outcome: str
    reason: str = ""
    edge_time: int | None = None
    details: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """A paper order as decided; `request_hash` is over all its terms, `body` JSON of the rest."""

    id: str
    strategy: str
    slot: int
    token_id: int
    action: str
    leg: int
    quantity_lots: int
    eligible_from: int
    request_hash: str
    stop_ticks: int | None = None
    target_ticks: int | None = None
    cap_ticks: int | None = None
    decision_id: str | None = None
    body: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRow:
    """A paper fill: `slot` booked it, the bar of `open_time` made it; money in 1e-8."""

    id: str
    order_id: str
    strategy: str
    slot: int
    token_id: int
    open_time: int
    side: Literal["BUY", "SELL"]
    quantity_lots: int
    price_ticks: int
    notional: int
    fee: int
    reason: str
    ref_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEventRow:
    """A cancel, a resize or a trigger; the quantity is what it concerns or leaves."""

    id: str
    order_id: str
    strategy: str
    slot: int
    token_id: int
    kind: Literal["CANCEL", "RESIZE", "TRIGGER"]
    quantity_lots: int
    reason: str
    open_time: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """A position as it stands after a slot; written anew whenever it changes.

    cost: of the lots still held, without fees. entry_fee: not yet allocated. realised: net of
    all fees of the closed part. body: JSON of the rest (bracket, times, prices).
    """

    id: str
    strategy: str
    token_id: int
    status: Literal["OPEN", "CLOSED"]
    opened_slot: int
    quantity_lots: int
    cost: int
    entry_fee: int
    realised: int
    closed_slot: int | None = None
    body: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CashEntry:
    """One leg of a movement of money; the legs of one transaction sum to zero."""

    transaction_id: str
    leg: int
    strategy: str
    slot: int
    account: Literal["CASH", "TRADE", "FEE", "OPENING"]
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityRow:
    """The account's value after a slot, in 1e-8."""

    strategy: str
    slot: int
    cash: int
    value: int
    equity: int
    realised: int
    unrealised: int
    peak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """An event of the input that moved nothing but that people should find, such as LATE_ROW."""

    strategy: str
    slot: int
    kind: str
    token_id: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A message to deliver after the commit, at least once; receivers tell doubles by `dedup`.

    `late` says that its slot was caught up; `body` is a JSON object of facts, decimals as text.
    """

    dedup: str
    topic: str
    strategy: str | None
    slot: int | None
    event_time: int
    late: bool
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One link of the chain over everything in the database; `body` is a slot's lines."""

    seq: int
    kind: str
    strategy: str
    slot: int
    body: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """The account after its last slot, as bytes that only its owner understands."""

    strategy: str
    slot: int
    state: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleCommit:
    """Everything that one slot of one strategy writes.

    `watermark` is the slot of the account state this was computed from, None for the first.
    `opening_cash` is the account's first money, given with its first slot only. Records stand
    in the order of semantics T12a, which their `ordinal` keeps. `alert_memory` is what the alerts
    remember after the slot, None where the strategy never had any.
    """

    config: ConfigVersion
    strategy: str
    slot: int
    as_of: int
    missed: bool
    watermark: int | None
    state: bytes
    slot_input: bytes
    lines: str
    equity: EquityRow
    opening_cash: int = 0
    decisions: tuple[DecisionRow, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    fills: tuple[FillRow, ...] = ()
    order_events: tuple[OrderEventRow, ...] = ()
    positions: tuple[PositionRow, ...] = ()
    notices: tuple[NoticeRow, ...] = ()
    outbox: tuple[OutboxRow, ...] = ()
    alert_memory: str | None = None

    def cycle_row(self) -> CycleRow:
        """The row that stands for the slot having been done, with the hashes of its content."""
        return CycleRow(
            strategy=self.strategy, slot=self.slot, as_of=self.as_of, missed=self.missed,
            config_sha256=self.config.config_sha256, rules_version=self.config.rules_version,
            input_sha256=hashlib.sha256(self.slot_input).hexdigest(),
            lines_sha256=hashlib.sha256(self.lines.encode()).hexdigest(),
        )  # fmt: skip

    def cash_entries(self) -> tuple[CashEntry, ...]:
        """The movements of money that the opening and the fills are."""
        return cash_entries(self.strategy, self.slot, self.fills, self.opening_cash)


def cash_entries(
    strategy: str, slot: int, fills: Sequence[FillRow], opening_cash: int = 0
) -> tuple[CashEntry, ...]:
    """The legs of a slot's fills, after those of the account's first money."""
    movements: list[tuple[str, tuple[int, int, int, int]]] = []
    if opening_cash:
        movements.append((f"{strategy}|OPENING", (opening_cash, 0, 0, -opening_cash)))
    for fill in fills:
        trade = fill.notional if fill.side == "BUY" else -fill.notional
        movements.append((fill.id, (-trade - fill.fee, trade, fill.fee, 0)))
    accounts: tuple[Literal["CASH", "TRADE", "FEE", "OPENING"], ...]
    accounts = ("CASH", "TRADE", "FEE", "OPENING")
    return tuple(
        CashEntry(
            transaction_id=transaction_id, leg=leg, strategy=strategy, slot=slot,
            account=accounts[leg], amount=amount,
        )
        for transaction_id, amounts in movements
        for leg, amount in enumerate(amounts) if amount
    )  # fmt: skip
