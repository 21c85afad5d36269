"""Proof that a replay reads nothing before it was known: later data taken out changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from random import Random
from typing import Any, TypeAlias

from bot.app.account import LedgerHash
from bot.app.lookahead_inputs import Look, Seen, Witness
from bot.app.machine import Machine
from bot.app.stepper import Stepper
from bot.app.strategy_files import LoadedStrategy
from bot.app.sweep import Progress, SeesSlots, Sweep
from bot.domain.bar_table import History
from bot.domain.errors import UsageError
from bot.domain.instants import format_instant
from bot.domain.values import Slot
from bot.market.bulk.market import BulkMarket
from bot.market.inputs import lags_of
from bot.market.instruments import Instrument
from bot.market.rules import ColumnPlan
from bot.market.truncation import known_by

CUTS = 20  # T14 asks for so many at least
SEED = 1
MarketMaker: TypeAlias = Callable[
    [LoadedStrategy, ColumnPlan, History, list[Slot], Machine], SeesSlots
]


def bulk_market(
    loaded: LoadedStrategy, plan: ColumnPlan, history: History, slots: list[Slot], machine: Machine
) -> SeesSlots:
    """The market of a plain replay."""
    return BulkMarket(loaded.strategy, plan, history, slots, machine.loops, machine.spread)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputChange:
    """A number that a slot read, with all of the history and with what was known at the cut."""

    slot: str
    token_id: int
    name: str
    whole: str
    cut: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """The first line of the ledger that differs; "" where a run has none at that place."""

    slot: str
    whole: str
    cut: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changed in slots up to the cut; absent is what did not."""

    strategy: str
    cut: str
    as_of: str
    input: InputChange | None
    record: RecordChange | None
    instruments: list[int]  # tokens whose tick, lot or minimum came out otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was tried and what came of it; `cuts` are the slots after which all was taken out."""

    strategy: str
    cuts: list[str]
    seed: int
    ledger_sha256: str  # of the run over the whole history
    token_slots: int  # tokens times slots whose inputs were compared, over all cuts
    by_records_alone: list[int]  # tokens with more digits than fit: their inputs are not compared
    first_difference: Difference | None

    @property
    def ok(self) -> bool:
        """Whether no record and no input changed."""
        return self.first_difference is None

    def document(self) -> dict[str, Any]:
        """The proof for `--json`."""
        found = self.first_difference
        return {
            "ok": self.ok,
            "cuts": len(self.cuts),
            "seed": self.seed,
            "cut_slots": self.cuts,
            "token_slots": self.token_slots,
            "by_records_alone": self.by_records_alone,
            "ledger_sha256": self.ledger_sha256,
            "first_difference": None if found is None else asdict(found),
        }


class _LedgerText(LedgerHash):
    """The lines themselves beside their hash."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []

    def add(self, lines: str) -> None:
        """Take the lines of the next slot."""
        super().add(lines)
        self._parts.append(lines)

    def whole(self) -> str:
        """All lines so far."""
        return "".join(self._parts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Run:
    """One run over a history, whole or cut."""

    text: str
    ledger_sha256: str
    seen: Seen
    instruments: dict[int, Instrument]


@dataclass(slots=True, kw_only=True)
class _Prover:
    """Runs one strategy over a history, whole or cut after a slot."""

    loaded: LoadedStrategy
    history: History
    slots: list[Slot]
    machine: Machine
    make_market: MarketMaker
    stepper: Stepper = field(init=False)

    def __post_init__(self) -> None:
        self.stepper = Stepper(self.loaded, self.machine.runner)

    def cut(self, place: int) -> tuple[History, list[Slot]]:
        """What was known when a slot was frozen, and the slots up to it."""
        lags = lags_of(self.loaded.strategy)
        known = known_by(self.history, self.slots[place].as_of, lags)
        return known, self.slots[: place + 1]

    def run(self, history: History, slots: list[Slot]) -> _Run:
        """The plain replay's own way, its variations apart."""
        witness = Witness(self._market(history, slots))
        ledger = _LedgerText()
        sweep = Sweep(self.stepper, self.machine.runner, (), ledger)
        sweep.over(witness, slots, None)
        return _Run(
            text=ledger.whole(), ledger_sha256=ledger.text(), seen=witness.seen(),
            instruments=sweep.instruments,
        )  # fmt: skip

    def look(self, history: History, slots: list[Slot], slot: int, token_id: int) -> dict[str, str]:
        """What one token reads in one slot."""
        names = [column.name for column in self.stepper.plan.columns]
        market = Look(self._market(history, slots), slot, token_id, names)
        Sweep(self.stepper, self.machine.runner, ()).over(market, slots, None)
        return market.found

    def _market(self, history: History, slots: list[Slot]) -> SeesSlots:
        return self.make_market(self.loaded, self.stepper.plan, history, slots, self.machine)


def prove(
    loaded: LoadedStrategy,
    history: History,
    slots: list[Slot],
    machine: Machine,
    cuts: Cuts | None = None,
    make_market: MarketMaker = bulk_market,
) -> Proof:
    """Cut a history at random slots and replay what is left; stops at the first difference.

    At each cut, every row that was not readable when that slot was frozen is taken out, the slots
    after it too, and all records up to the cut, and all numbers that the engine read for them,
    must be those of the run over everything. Same way and machine as the plain replay.

    Raises UsageError for fewer than one cut.
    """
    cuts = cuts or Cuts()
    prover = _Prover(
        loaded=loaded, history=history, slots=slots, machine=machine, make_market=make_market
    )
    places = cuts.places(len(slots))
    whole = prover.run(history, slots)
    difference = None
    compared = 0
    rounded = whole.seen.rounded
    for done, place in enumerate(places):
        part = prover.run(*prover.cut(place))
        compared += part.seen.marks.size
        rounded |= part.seen.rounded
        difference = _difference(prover, place, whole, part)
        if cuts.progress is not None:
            cuts.progress(done + 1, len(places))
        if difference is not None:
            break
    return Proof(
        strategy=loaded.strategy.name,
        cuts=[format_instant(slots[place].slot) for place in places],
        seed=cuts.seed,
        ledger_sha256=whole.ledger_sha256,
        token_slots=compared,
        by_records_alone=sorted(rounded),
        first_difference=difference,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """How many slots to cut at, chosen by a seed; all slots where there are no more."""

    count: int = CUTS
    seed: int = SEED
    progress: Progress | None = None

    def places(self, slots: int) -> list[int]:
        """Numbers of the slots, rising."""
        if self.count < 1:
            raise UsageError(f"--cuts {self.count}: a proof needs at least one cut")
        return sorted(Random(self.seed).sample(range(slots), min(self.count, slots)))  # noqa: S311


def _difference(prover: _Prover, place: int, whole: _Run, part: _Run) -> Difference | None:
    changed = whole.seen.first_change(part.seen)
    record = first_record_change(whole.text, part.text)
    units = sorted(i for i, unit in part.instruments.items() if unit != whole.instruments.get(i))
    if changed is None and record is None and not units:
        return None
    cut = prover.slots[place]
    return Difference(
        strategy=prover.loaded.strategy.name,
        cut=format_instant(cut.slot),
        as_of=format_instant(cut.as_of),
        input=None if changed is None else _input_change(prover, place, *changed),
        record=record,
        instruments=units,
    )


def _input_change(prover: _Prover, place: int, slot_number: int, token_id: int) -> InputChange:
    """The first number by name that differs, found by looking again."""
    slot = prover.slots[slot_number].slot
    whole = prover.look(prover.history, prover.slots, slot, token_id)
    cut = prover.look(*prover.cut(place), slot, token_id)
    names = [*whole, *(name for name in cut if name not in whole)]
    unlike = [name for name in names if whole.get(name) != cut.get(name)]
    name = unlike[0] if unlike else "inputs"
    return InputChange(
        slot=format_instant(slot), token_id=token_id, name=name,
        whole=whole.get(name, ""), cut=cut.get(name, ""),
    )  # fmt: skip


def first_record_change(whole: str, part: str) -> RecordChange | None:
    """The first line by which a ledger is not the beginning of another; None where it is.

    After its last slot the other must go on with the next slot or end.
    """
    after = whole[len(part) :]
    if whole.startswith(part) and (not after or _slot_of(after.split("\n", 1)[0])):
        return None
    slot = ""
    for left, right in zip_longest(_lines(whole), _lines(part), fillvalue=""):
        if left != right:
            return RecordChange(slot=slot, whole=left, cut=right)
        slot = _slot_of(left) or slot
    raise AssertionError("texts that differ have a first line that does")


def _lines(text: str) -> Iterator[str]:
    return iter(text.splitlines())


def _slot_of(line: str) -> str:
    """The slot that a header line opens; "" for any other line."""
    fields = json.loads(line)
    return str(fields["slot"]) if fields["record"] == "slot" else ""
