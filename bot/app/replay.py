"""A strategy over recorded history: the daemon's own steps, for all slots at once."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from bot.app.account import Account
from bot.app.ambiguous import ambiguous_bars
from bot.app.funnel import funnel
from bot.app.machine import Machine
from bot.app.stepper import Stepper
from bot.app.strategy_files import LoadedStrategy
from bot.app.sweep import Progress, Seconds, SeesRecords, Sweep
from bot.app.tally import EQUITY, SLOT, Tally
from bot.app.variations import Result, halves_of, result_of, verdict
from bot.domain.bar_table import History
from bot.domain.decimals import money_text
from bot.domain.errors import DataError
from bot.domain.instants import HOUR, format_instant
from bot.domain.records import SlotRecords
from bot.domain.values import Slot
from bot.market.bulk.market import BulkMarket
from bot.market.inputs import slots_between
from bot.market.instruments import Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a replay came to; `busy` are the slots in which anything was decided or booked."""

    loaded: LoadedStrategy
    slots: list[Slot]
    busy: list[SlotRecords]
    tally: Tally
    variations: dict[str, Tally]
    ledger_sha256: str
    token_bars: int
    seconds: Seconds
    impossible: dict[int, int]
    instruments: dict[int, Instrument]
    account: Account
    universe: tuple[int, ...]
    slot_by_slot: list[int]
    ambiguous_bars: int
    machine: str

    def refusals(self) -> dict[str, int]:
        """How often each reason refused a candidate, most frequent first."""
        return dict(
            Counter(
                decision.reason
                for slot in self.busy
                for decision in slot.decisions
                if decision.outcome == "REFUSED"
            ).most_common()
        )

    def notices(self) -> dict[str, int]:
        """What the input itself said, by kind, most frequent first."""
        kinds = (notice.kind for slot in self.busy for notice in slot.notices)
        return dict(Counter(kinds).most_common())

    def exits(self) -> dict[str, int]:
        """Sales by reason, most frequent first."""
        sales = (fill for slot in self.busy for fill in slot.fills if fill.side == "SELL")
        return dict(Counter(fill.reason for fill in sales).most_common())

    def robustness(self) -> list[Result]:
        """The run as configured, its variations, and its two halves."""
        cash = self.loaded.strategy.cash
        varied = [result_of(name, tally, cash) for name, tally in self.variations.items()]
        return [result_of("as configured", self.tally, cash), *varied,
                *halves_of(self.tally, cash)]  # fmt: skip

    def summary(self) -> dict[str, object]:
        """The run in numbers, as `--json` prints it."""
        marks = self.tally.marks()
        table = self.robustness()
        return {
            "strategy": self.loaded.strategy.name,
            "from": format_instant(int(marks[0, SLOT])),
            "to": format_instant(int(marks[-1, SLOT])),
            "slots": len(self.slots),
            "missed": sum(slot.missed for slot in self.slots),
            "token_bars": self.token_bars,
            "decisions": sum(len(slot.decisions) for slot in self.busy),
            "orders": sum(len(slot.orders) for slot in self.busy),
            "fills": sum(len(slot.fills) for slot in self.busy),
            "trades": sum(len(slot.trades) for slot in self.busy),
            "refusals": self.refusals(),
            "exits": self.exits(),
            "notices": self.notices(),
            "funnel": funnel(self.busy),
            "bars_impossible": {str(i): count for i, count in self.impossible.items()},
            "equity": {
                "start": money_text(self.loaded.strategy.cash),
                "end": money_text(int(marks[-1, EQUITY])),
            },
            "source": "local" if self.loaded.strategy.uses_local else "recorded",
            "ledger_sha256": self.ledger_sha256,
            "config_sha256": self.loaded.config_sha256,
            "robustness": {
                "results": [one._asdict() for one in table],
                "verdict": verdict(table[0], table[1:]),
                "ambiguous_bars": self.ambiguous_bars,
            },
            "engine": self.machine,
            "slot_by_slot": self.slot_by_slot,
            "seconds": round(self.seconds.total(), 3),
        }


def history_slots(history: History, settle: int) -> list[Slot]:
    """The slots of a history: those it names, else every hour from its first to its last close."""
    if history.rest.slots:
        return _checked(sorted(history.rest.slots, key=lambda slot: slot.slot))
    opens = [int(t) for table in history.tables if len(table) for t in table.open_time[[0, -1]]]
    opens += [bar.open_time for bar in history.rest.bars if bar.interval == "1h"]
    if not opens:
        raise DataError("the record holds no hourly bars, so there is nothing to replay")
    first = -(-min(opens) // HOUR) * HOUR + HOUR
    return slots_between(first, max(opens) // HOUR * HOUR + HOUR, settle)


def slots_within(slots: list[Slot], first: int | None, last: int | None) -> list[Slot]:
    """The slots from `first` to `last`; None leaves that side open."""
    return [
        slot
        for slot in slots
        if (first is None or slot.slot >= first) and (last is None or slot.slot <= last)
    ]


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


def replay(
    loaded: LoadedStrategy,
    history: History,
    slots: list[Slot] | None = None,
    machine: Machine | None = None,
    progress: Progress | None = None,
    observer: SeesRecords | None = None,
) -> Replay:
    """Step a strategy through a history from an opened account; slots default to the history's.

    The variations of the robustness table run beside it over the same inputs. `progress` is told
    slots done and slots in all; `observer` sees the records of all slots, piece by piece.
    """
    machine = machine or Machine()
    chosen = history_slots(history, loaded.strategy.settle) if slots is None else slots
    began = time.perf_counter()
    stepper = Stepper(loaded, machine.runner)
    market = BulkMarket(
        loaded.strategy, stepper.plan, history, chosen, machine.loops, machine.spread
    )
    sweep = Sweep(stepper, machine.runner, observer=observer)
    sweep.seconds.columns = time.perf_counter() - began
    sweep.over(market, chosen, progress)
    return Replay(
        loaded=loaded,
        slots=chosen,
        busy=sweep.busy,
        tally=sweep.tally,
        variations=sweep.varied,
        ledger_sha256=sweep.ledger_sha256,
        token_bars=sweep.token_bars,
        seconds=sweep.seconds,
        impossible=sweep.impossible,
        instruments=sweep.instruments,
        account=sweep.account,
        universe=sweep.universe,
        slot_by_slot=market.slot_by_slot,
        ambiguous_bars=ambiguous_bars(sweep.busy, history),
        machine=machine.words,
    )
