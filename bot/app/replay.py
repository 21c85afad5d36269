"""A strategy over recorded history: the daemon's own steps, for all slots at once."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bot.app.funnel import funnel
from bot.app.stepper import Account, LedgerHash, Stepper
from bot.app.strategy_files import LoadedStrategy
from bot.domain.decimals import money_text
from bot.domain.errors import DataError, StorageError
from bot.domain.instants import HOUR, format_instant
from bot.domain.records import SlotRecords
from bot.domain.values import Record, Slot
from bot.market.inputs import Market, slots_between
from bot.report.csv_output import write_csv_folder


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay came to."""

    loaded: LoadedStrategy
    slots: list[Slot]
    records: list[SlotRecords]
    account: Account
    ledger_sha256: str
    token_bars: int
    seconds: float
    impossible: dict[int, int]

    def refusals(self) -> dict[str, int]:
        """How often each reason refused a candidate, most frequent first."""
        return dict(
            Counter(
                decision.reason
                for slot in self.records
                for decision in slot.decisions
                if decision.outcome == "REFUSED"
            ).most_common()
        )

    def summary(self) -> dict[str, object]:
        """The run in numbers, as `--json` prints it."""
        first, last = self.records[0].mark, self.records[-1].mark
        return {
            "strategy": self.loaded.strategy.name,
            "from": format_instant(first.slot),
            "to": format_instant(last.slot),
            "slots": len(self.slots),
            "missed": sum(slot.missed for slot in self.slots),
            "token_bars": self.token_bars,
            "decisions": sum(len(slot.decisions) for slot in self.records),
            "orders": sum(len(slot.orders) for slot in self.records),
            "fills": sum(len(slot.fills) for slot in self.records),
            "trades": sum(len(slot.trades) for slot in self.records),
            "refusals": self.refusals(),
            "exits": dict(
                Counter(
                    fill.reason
                    for slot in self.records
                    for fill in slot.fills
                    if fill.side == "SELL"
                ).most_common()
            ),
            "funnel": funnel(self.records),
            "bars_impossible": {str(i): count for i, count in self.impossible.items()},
            "equity": {
                "start": money_text(self.loaded.strategy.cash),
                "end": money_text(last.equity),
            },
            "source": "local" if self.loaded.strategy.uses_local else "recorded",
            "ledger_sha256": self.ledger_sha256,
            "config_sha256": self.loaded.config_sha256,
            "seconds": round(self.seconds, 3),
        }


def record_slots(record: Record, settle: int) -> list[Slot]:
    """The slots of a record: those it names, else every hour from its first to its last close."""
    if record.slots:
        return _checked(sorted(record.slots, key=lambda slot: slot.slot))
    opens = [bar.open_time for bar in record.bars if bar.interval == "1h"]
    if not opens:
        raise DataError("the record holds no hourly bars, so there is nothing to replay")
    first = -(-min(opens) // HOUR) * HOUR + HOUR
    return slots_between(first, max(opens) // HOUR * HOUR + HOUR, settle)


def _checked(slots: list[Slot]) -> list[Slot]:
    for slot in slots:
        if slot.slot % HOUR or slot.as_of < slot.slot:
            raise DataError(
                f"slots: {format_instant(slot.slot)} frozen at {format_instant(slot.as_of)}: a "
                f"slot is a whole hour and is frozen at or after it"
            )
    for before, after in pairwise(slots):
        if after.slot != before.slot + HOUR:
            raise DataError(
                f"slots: {format_instant(before.slot)} is followed by {format_instant(after.slot)}:"
                f" every hour between the first and the last must be there, once"
            )
        if after.as_of < before.as_of:
            raise DataError(
                f"slots: {format_instant(after.slot)} was frozen before the slot ahead of it"
            )
    return slots


def replay(loaded: LoadedStrategy, record: Record, slots: list[Slot] | None = None) -> Replay:
    """Step a strategy through a record from an opened account; slots default to the record's."""
    began = time.monotonic()
    stepper = Stepper(loaded)
    chosen = record_slots(record, loaded.strategy.settle) if slots is None else slots
    market = Market(loaded.strategy, stepper.plan)
    market.push(record)
    stepped = stepper.step(market, stepper.open_account(), chosen)
    digest = LedgerHash()
    for slot in stepped.records:
        digest.add(slot.lines)
    return Replay(
        loaded=loaded,
        slots=chosen,
        records=stepped.records,
        account=stepped.account,
        ledger_sha256=digest.text(),
        token_bars=stepped.token_bars,
        seconds=time.monotonic() - began,
        impossible=stepped.market.impossible,
    )


def write_output(folder: Path, records: list[SlotRecords]) -> None:
    """Write the CSV files of a run; an interruption leaves the folder as it was."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as draft:
            write_csv_folder(Path(draft), records)
            folder.mkdir(exist_ok=True)
            for path in sorted(Path(draft).iterdir()):
                os.replace(path, folder / path.name)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror}") from None
