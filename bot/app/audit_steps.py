"""Audit of decisions by repetition: every slot stepped again from what the responses say."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

from sqlalchemy import Connection

from bot.adapters.sql import command_store, ledger_read, record_store, slot_store
from bot.adapters.sql.ledger_rows import CycleRow
from bot.app.account import Account, LedgerHash
from bot.app.audit_alerts import AlertLane, check_alert_states, check_alerts
from bot.app.audit_chain import named
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, guarded, unequal, unmet
from bot.app.audit_messages import check_messages
from bot.app.audit_raw import Responses
from bot.app.lineup import stored_strategy
from bot.app.slot_inputs import slot_input_bytes
from bot.app.stepper import RULES_VERSION, Stepped, Stepper
from bot.domain.errors import LedgerError
from bot.domain.instants import DAY
from bot.domain.values import Record, Slot
from bot.market.inputs import Market
from bot.market.instruments import Instrument

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Lane:
    """One strategy while its slots are stepped again."""

    name: str
    digest: LedgerHash = field(default_factory=LedgerHash)
    counts: Counter[str] = field(default_factory=Counter)
    universes: set[int] = field(default_factory=set)
    stepper: Stepper | None = None
    market: Market | None = None
    account: Account | None = None
    before: Slot | None = None
    alerts: AlertLane = field(default_factory=AlertLane)
    differing: int = 0
    first_difference: Finding | None = None
    not_compared: int = 0
    is_broken: bool = False

    @property
    def is_comparable(self) -> bool:
        """Whether its slots can still be stepped: no other rules, nothing unreadable before."""
        return not self.is_broken and self.not_compared == 0

    def differ(self, finding: Finding) -> None:
        """Count a slot that came out differently, and keep the first."""
        self.differing += 1
        self.first_difference = self.first_difference or finding


class Repetition:
    """Steps all cycles again in the order in which they were recorded."""

    def __init__(self, connection: Connection, responses: Responses) -> None:
        self._connection = connection
        self._responses = responses
        self._configs = ledger_read.configs(connection)
        self._instruments: dict[int, Instrument] = {}
        self._units = {row.token_id: row for row in slot_store.instruments(connection)}
        # Each waits in the markets until its instant has come, as observations do.
        self._commands = Record(commands=command_store.commands(connection))
        self.lanes: dict[str, Lane] = {}
        self.findings: list[Finding] = []

    def steps(self, progress: Progress) -> Iterator[Finding]:
        """Read the responses and step the slots, each when its instant has come.

        What is found stands in `findings`.
        """
        yield from ()
        cycles = _cycles(self._connection)
        imported = record_store.observations_of(self._connection, None)
        if cycles:
            self._open_first(cycles, imported)
        for done, cycle in enumerate(cycles):
            self._push(self._responses.until(cycle.as_of))
            lane = self.lanes.setdefault(cycle.strategy, Lane(cycle.strategy))
            findings = guarded(named(cycle.strategy, cycle.slot), self._repeat, lane, cycle)
            for finding in findings:
                lane.is_broken = lane.is_broken or finding.code is Code.UNREADABLE
                self.findings.append(finding)
            progress(done + 1, len(cycles))
        self._responses.finish()
        self._finish()

    def _open_first(self, cycles: list[CycleRow], imported: Record) -> None:
        """Markets of the strategies that begin with the ledger, fed from the first response on."""
        for cycle in cycles:
            if cycle.slot == cycles[0].slot and cycle.rules_version == RULES_VERSION:
                lane = self.lanes.setdefault(cycle.strategy, Lane(cycle.strategy))
                self.findings += guarded(cycle.strategy, self._open, lane, cycle)
        self._push(imported)
        self._push(self._commands)

    def _open(self, lane: Lane, cycle: CycleRow) -> Iterator[Finding]:
        yield from ()
        lane.stepper = self._stepper(cycle)
        lane.account = lane.stepper.open_account()
        lane.market = Market(lane.stepper.loaded.strategy, lane.stepper.plan, self._instruments)

    def _push(self, record: Record) -> None:
        for lane in self.lanes.values():
            if lane.market is not None:
                lane.market.push(record)

    def _stepper(self, cycle: CycleRow) -> Stepper:
        version = self._configs.get((cycle.config_sha256, cycle.rules_version))
        if version is None:
            raise LedgerError(f"configuration {cycle.config_sha256} is not in the ledger")
        return Stepper(stored_strategy(version))

    def _repeat(self, lane: Lane, cycle: CycleRow) -> Iterator[Finding]:
        """Step one slot again and compare everything that it wrote."""
        if cycle.rules_version != RULES_VERSION or not lane.is_comparable:
            lane.not_compared += 1
            return
        slot = Slot(slot=cycle.slot, as_of=cycle.as_of, missed=cycle.missed)
        changed = lane.stepper is None or cycle.config_sha256 != lane.stepper.loaded.config_sha256
        if changed:
            self._reopen(lane, cycle)
        assert lane.stepper is not None, "the lane was just opened"
        assert lane.market is not None, "the lane was just opened"
        assert lane.account is not None, "the lane was just opened"
        before = lane.account
        stepped = lane.stepper.step(lane.market, before, [slot])
        lane.account, lane.before = stepped.account, slot
        _count(lane, stepped)
        yield from self._derived(lane, stepped, cycle)
        yield from self._universes(lane, stepped)
        yield from self._inputs(lane, stepped, cycle)
        records = stepped.records[-1]
        where = f"messages of {named(lane.name, cycle.slot)}"
        yield from guarded(where, check_messages, self._connection, lane.name, before, records)
        where = f"alerts of {named(lane.name, cycle.slot)}"
        yield from guarded(
            where, check_alerts, self._connection, lane.alerts, lane.stepper.loaded.strategy,
            lane.market, (before, stepped), slot,
        )  # fmt: skip
        self._lines(lane, stepped, cycle)

    def _reopen(self, lane: Lane, cycle: CycleRow) -> None:
        """A market under another configuration or of a later strategy, as the daemon opens it.

        Its history is taken from the record, each row of which has been read again before.
        """
        lane.stepper = self._stepper(cycle)
        strategy = lane.stepper.loaded.strategy
        universe = None
        if lane.before is not None:
            days = slot_store.universes(self._connection, lane.name)
            past = [day for day in days if day < cycle.slot]
            universe = frozenset(days[max(past)]) if past else None
        lane.market = Market(strategy, lane.stepper.plan, self._instruments, universe)
        lane.market.push(_known_by(record_store.load(self._connection)[0], cycle.as_of))
        lane.market.push(self._commands)
        if lane.account is None:
            lane.account = lane.stepper.open_account()
        if lane.before is not None:
            lane.market.skip_to(lane.before)

    def _derived(self, lane: Lane, stepped: Stepped, cycle: CycleRow) -> Iterator[Finding]:
        for instrument in stepped.market.derived:
            where = f"token {instrument.token_id}"
            is_first = instrument.token_id not in self._instruments
            lane.counts["instruments"] += is_first
            self._instruments.setdefault(instrument.token_id, instrument)
            row = self._units.get(instrument.token_id)
            expected = (instrument.tick, instrument.lot, instrument.min_notional, instrument.note)
            found = None if row is None else (row.tick, row.lot, row.min_notional, row.notes)
            yield from unequal(Code.INSTRUMENT, where, expected, found)
            # Slots that were not compared may have derived it before.
            is_known = is_first and all(one.is_comparable for one in self.lanes.values())
            if row is not None and (
                row.derived_at > cycle.slot or (is_known and row.derived_at != cycle.slot)
            ):
                rule = f"derived in {cycle.slot}"
                yield unmet(Code.INSTRUMENT, where, rule, row.derived_at)

    def _universes(self, lane: Lane, stepped: Stepped) -> Iterator[Finding]:
        for at, ids in stepped.market.universes:
            day = at - at % DAY
            lane.universes.add(day)
            stored = slot_store.universes(self._connection, lane.name).get(day)
            yield from unequal(Code.UNIVERSE, named(lane.name, day), ids, stored)

    def _inputs(self, lane: Lane, stepped: Stepped, cycle: CycleRow) -> Iterator[Finding]:
        """The numbers that the engine saw, as bytes."""
        assert lane.stepper is not None, "a lane that steps is open"
        source = "local" if lane.stepper.loaded.strategy.uses_local else "recorded"
        made = slot_input_bytes(stepped.market, lane.stepper.plan, source)
        digest = hashlib.sha256(made).hexdigest()
        yield from unequal(
            Code.SLOT_INPUT, named(lane.name, cycle.slot), digest, cycle.input_sha256
        )

    def _lines(self, lane: Lane, stepped: Stepped, cycle: CycleRow) -> None:
        lines = stepped.records[-1].lines
        lane.digest.add(lines)
        query = "SELECT body FROM journal WHERE strategy = ? AND slot = ?"
        found = rows(self._connection, query, lane.name, cycle.slot)
        body = str(found[0][0]) if found else ""
        if body != lines:
            lane.differ(_first_difference(named(lane.name, cycle.slot), lines, body))

    def _finish(self) -> None:
        """What only the end shows: accounts, and derived rows that nothing derives."""
        for lane in self.lanes.values():
            if lane.first_difference is not None:
                self.findings.append(_with_count(lane.first_difference, lane))
            if lane.is_comparable and lane.account is not None:
                self.findings += guarded(lane.name, self._last_account, lane)
                extra = set(slot_store.universes(self._connection, lane.name)) - lane.universes
                self.findings += [
                    unmet(Code.UNIVERSE, named(lane.name, day), "no universe resolved", "one")
                    for day in sorted(extra)
                ]
        comparable = {n: lane.alerts for n, lane in self.lanes.items() if lane.is_comparable}
        strange = set(ledger_read.strategies(self._connection)) - comparable.keys()
        self.findings += check_alert_states(self._connection, comparable, strange)
        if all(lane.is_comparable for lane in self.lanes.values()):
            self.findings += [
                unmet(Code.INSTRUMENT, f"token {token_id}", "no units derived", "some")
                for token_id in sorted(self._units.keys() - self._instruments.keys())
            ]

    def _last_account(self, lane: Lane) -> Iterator[Finding]:
        stored = ledger_read.account(self._connection, lane.name)
        assert lane.account is not None, "asked for lanes that stepped"
        if stored is None:
            yield unmet(Code.ACCOUNT, lane.name, "an account", "none")
            return
        found = Account.from_bytes(stored.state)
        where = f"account of {lane.name}"
        yield from _cells_differ(where, lane.account.numbers, found.numbers)
        for token_id in sorted(lane.account.tokens.keys() | found.tokens.keys()):
            expected = lane.account.tokens.get(token_id, ())
            kept = found.tokens.get(token_id, ())
            yield from _cells_differ(f"token {token_id} in the {where}", expected, kept)


def _cells_differ(
    where: str, expected: tuple[int, ...], found: tuple[int, ...]
) -> Iterator[Finding]:
    """The columns in which two rows of the engine's account differ."""
    pairs = zip_longest(expected, found)
    differing = {n: pair for n, pair in enumerate(pairs) if pair[0] != pair[1]}
    if differing:
        made = ", ".join(f"column {n}: {pair[0]}" for n, pair in differing.items())
        kept = ", ".join(f"column {n}: {pair[1]}" for n, pair in differing.items())
        yield Finding(code=Code.ACCOUNT, where=where, expected=made, found=kept)


def _cycles(connection: Connection) -> list[CycleRow]:
    """All cycles by slot, and within one in the order in which they were recorded."""
    order = {
        (strategy, slot): seq
        for strategy, slot, seq in rows(connection, "SELECT strategy, slot, seq FROM journal")
    }
    cycles = ledger_read.cycles(connection)
    return sorted(cycles, key=lambda c: (c.slot, order.get((c.strategy, c.slot), 0), c.strategy))


def _known_by(record: Record, instant: int) -> Record:
    """The part of a record that had been seen by an instant."""
    return Record(
        tokens=[row for row in record.tokens if _seen(row.available_at, instant)],
        bars=[row for row in record.bars if _seen(row.available_at, instant)],
        signals=[row for row in record.signals if _seen(row.available_at, instant)],
        metrics=[row for row in record.metrics if _seen(row.available_at, instant)],
        levels=[row for row in record.levels if row.seen_at <= instant],
        grades=[row for row in record.grades if _seen(row.available_at, instant)],
    )


def _seen(available_at: int | None, instant: int) -> bool:
    return available_at is None or available_at <= instant


def _count(lane: Lane, stepped: Stepped) -> None:
    records = stepped.records[-1]
    lane.counts["slots"] += 1
    lane.counts["slot_inputs"] += 1
    lane.counts["decisions"] += len(records.decisions)
    lane.counts["orders"] += len(records.orders)
    lane.counts["fills"] += len(records.fills)
    lane.counts["order_events"] += len(records.events)
    lane.counts["trades"] += len(records.trades)
    lane.counts["universes"] += len(stepped.market.universes)


def _first_difference(where: str, lines: str, body: str) -> Finding:
    for number, (made, kept) in enumerate(
        zip_longest(lines.splitlines(), body.splitlines(), fillvalue="no line"), start=1
    ):
        if made != kept:
            place = f"{where} line {number}"
            return Finding(code=Code.LINES, where=place, expected=made, found=kept)
    return Finding(code=Code.LINES, where=where, expected="the same ends of line", found="others")


def _with_count(finding: Finding, lane: Lane) -> Finding:
    where = f"{finding.where} (the first of {lane.differing} slots that differ)"
    return Finding(code=finding.code, where=where, expected=finding.expected, found=finding.found)
