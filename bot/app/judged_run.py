"""What a strategy decided and on which data: a ledger as it stands, or a replay made for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read, slot_store
from bot.adapters.sql.bar_tables import read_history
from bot.adapters.sql.engine import open_readonly
from bot.adapters.sql.file_checks import blaming_damage
from bot.adapters.sql.ledger_read import Span
from bot.app.bootstrap import database_at
from bot.app.lineup import last_configuration
from bot.app.machine import Machine, Say, choose_machine
from bot.app.replay import history_slots, replay, slots_within
from bot.app.replay_source import read_source
from bot.app.settings import find_home, load_settings
from bot.app.strategy_files import LoadedStrategy, load_strategies
from bot.domain.bar_table import History
from bot.domain.errors import UsageError
from bot.domain.records import Decision
from bot.domain.values import Slot, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where to look: one of candles, record and database, else the home's own database."""

    candles: Path | None = None
    record: Path | None = None
    database: str | None = None
    home: Path | None = None
    first: int | None = None  # slots; None leaves that side open
    last: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRun:
    """A run whose decisions are to be judged; `notes` are what a reader must know about it."""

    loaded: LoadedStrategy
    history: History
    slots: list[Slot]
    decisions: list[Decision]
    machine: Machine
    notes: tuple[str, ...] = ()


def judged_runs(
    files: Sequence[Path], overrides: Sequence[str], source: Source, strategy: str | None, say: Say
) -> list[JudgedRun]:
    """With strategy files a replay of each over the source; without, what the ledger holds.

    Raises UsageError where neither is to be had.
    """
    if files:
        return _replayed(load_strategies(files, overrides), source, say)
    if overrides:
        raise UsageError("--set changes a strategy file: name one")
    if source.candles is not None or source.record is not None:
        raise UsageError("candles and record folders hold no decisions: name a strategy file")
    return _recorded(source, strategy, say, os.environ)


def _replayed(loaded: Sequence[LoadedStrategy], source: Source, say: Say) -> list[JudgedRun]:
    history, _ = read_source(
        source.candles, source.record, source.database, source.home, os.environ
    )
    machine = choose_machine(history.token_bars(), os.environ, say)
    runs = []
    for one in loaded:
        slots = _within(history_slots(history, one.strategy.settle), source)
        found = replay(one, history, slots, machine)
        decisions = [decision for slot in found.busy for decision in slot.decisions]
        runs.append(JudgedRun(
            loaded=one, history=history, slots=slots, decisions=decisions, machine=machine,
        ))  # fmt: skip
    return runs


def _recorded(
    source: Source, strategy: str | None, say: Say, environment: Mapping[str, str]
) -> list[JudgedRun]:
    path = _database_path(source, environment)
    database = open_readonly(path)
    try:
        with blaming_damage(path), database.transaction() as connection:
            names = ledger_read.strategies(connection)
            if not names or (strategy is not None and strategy not in names):
                there = ", ".join(names) or "none yet: no slot has been done"
                raise UsageError(f"{path}: no strategy {strategy or ''} in the ledger; "
                                 f"there: {there}")  # fmt: skip
            history = _history(connection)
            machine = choose_machine(history.token_bars(), environment, say)
            wanted = names if strategy is None else [strategy]
            return [_of_ledger(connection, name, history, machine, source) for name in wanted]
    finally:
        database.close()


def _database_path(source: Source, environment: Mapping[str, str]) -> Path:
    if source.database is not None:
        return Path(source.database.removeprefix("sqlite:///"))
    folder = find_home(source.home, environment)
    return database_at(folder, load_settings(folder))


def _history(connection: Connection) -> History:
    """The record, its tokens with the units that the slots derived."""
    history = read_history(connection)
    record = history.rest
    units = {row.token_id: row for row in slot_store.instruments(connection)}
    record.tokens = [
        token if token.token_id not in units else replace(
            token, tick=units[token.token_id].tick, lot=units[token.token_id].lot,
            min_notional=units[token.token_id].min_notional,
        )
        for token in record.tokens
    ]  # fmt: skip
    named = {token.token_id for token in record.tokens}
    record.tokens += [
        Token(token_id=i, symbol="", tick=unit.tick, lot=unit.lot, min_notional=unit.min_notional)
        for i, unit in sorted(units.items()) if i not in named
    ]  # fmt: skip
    return history


def _of_ledger(
    connection: Connection, name: str, history: History, machine: Machine, source: Source
) -> JudgedRun:
    span = Span(strategy=name)
    cycles = ledger_read.cycles(connection, span)
    slots = [Slot(slot=row.slot, as_of=row.as_of, missed=row.missed) for row in cycles]
    slots = _within(slots, source)
    inside = range(slots[0].slot, slots[-1].slot + 1)
    decisions = [
        Decision(
            id=row.id, slot=row.slot, token_id=row.token_id, kind=row.kind,
            edge_time=row.edge_time or 0, reason=row.reason, step=0, details_json=row.details,
        )
        for row in ledger_read.decisions(connection, span) if row.slot in inside
    ]  # fmt: skip
    configurations = len({row.config_sha256 for row in cycles})
    notes = () if configurations == 1 else (
        f"{name}: its slots ran under {configurations} configurations; brackets are followed "
        f"under the last one",
    )  # fmt: skip
    return JudgedRun(
        loaded=last_configuration(connection, name), history=history, slots=slots,
        decisions=decisions, machine=machine, notes=notes,
    )  # fmt: skip


def _within(slots: list[Slot], source: Source) -> list[Slot]:
    chosen = slots_within(slots, source.first, source.last)
    if not chosen:
        raise UsageError("no slot lies between --from and --to")
    return chosen
