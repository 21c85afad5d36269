"""The facts of a report from a home's ledger, and the card of one of its trades."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bot.adapters.sql import ledger_read, slot_store
from bot.adapters.sql.bar_columns import hourly_table, hourly_tables
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import CycleRow, PositionRow
from bot.adapters.sql.record_store import export_record
from bot.app.benchmark_portfolios import PricedTokens
from bot.app.ledger_records import busy_slots, ledger_sha256
from bot.app.machine import Machine, ready_machine
from bot.app.performance import performance
from bot.app.performance_equity import Equity
from bot.app.queries import slot_inputs
from bot.app.reading import Document, Reader
from bot.app.replay import history_slots, replay, slots_within
from bot.app.replay_performance import costs_of, possible
from bot.app.replay_report import robustness_of
from bot.app.run_facts import Robustness, RunFacts
from bot.app.strategy_files import LoadedStrategy, from_strategy, strategy_from_canonical
from bot.app.trade_card import HOURS_AFTER, HOURS_BEFORE, Cards
from bot.domain.bar_table import history_of
from bot.domain.errors import UsageError
from bot.domain.ids import ID_SHOWN
from bot.domain.instants import HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Cheap:
    """Up to how many bars the record is replayed for the robustness table: a few seconds' work."""

    compiled: int = 100_000
    interpreted: int = 4_000


CHEAP = Cheap()


def ledger_facts(reader: Reader, name: str, cheap: Cheap = CHEAP) -> RunFacts:
    """What a strategy's whole ledger holds."""
    span = Span(strategy=name)
    cycles = ledger_read.cycles(reader.connection, span)
    loaded = _loaded(reader, cycles[-1])
    equity = _equity(reader, name, _loaded(reader, cycles[0]).strategy.cash)
    busy = busy_slots(reader, name)
    tokens = _tokens(reader, name, None)
    digest = ledger_sha256(reader, name)
    changed = len({cycle.config_sha256 for cycle in cycles})
    return RunFacts(
        loaded=loaded,
        rules_version=cycles[-1].rules_version,
        ledger_sha256=digest,
        origin="A ledger, slot by slot as it was recorded.",
        equity=equity,
        missed=sum(cycle.missed for cycle in cycles),
        busy=busy,
        tokens=tokens,
        seen=lambda token_id, slot: _seen(reader, name, token_id, slot),
        performance=performance(
            equity,
            [trade for slot in busy for trade in slot.trades],
            [fill for slot in busy for fill in slot.fills],
            tokens,
            costs_of(loaded.strategy),
        ),
        robustness=_robustness(reader, loaded, digest, _machine_for(tokens, cheap)),
        trials={"why": "1, this ledger; only replays are counted"},
        notes=_notes(changed),
    )


def _notes(configurations: int) -> list[str]:
    if configurations == 1:
        return []
    return [
        f"The strategy was changed on the way: {configurations} configurations ran. Costs, "
        f"parameters and the hash shown are those of the last."
    ]


def _loaded(reader: Reader, cycle: CycleRow) -> LoadedStrategy:
    """The strategy as a slot ran it."""
    versions = ledger_read.configs(reader.connection)
    body = versions[(cycle.config_sha256, cycle.rules_version)].body
    return from_strategy(strategy_from_canonical(body), reader.path)


def _equity(reader: Reader, name: str, cash: int) -> Equity:
    rows = ledger_read.equity(reader.connection, Span(strategy=name))
    columns = np.array([(row.slot, row.equity, row.value) for row in rows], dtype=np.int64)
    slot, equity, value = columns.T.copy()
    return Equity(slot=slot, equity=equity, value=value, cash=cash)


def _tokens(reader: Reader, name: str, only: tuple[int, int, int] | None) -> PricedTokens:
    """The bars of the record, of all tokens or of one and a span of time."""
    if only is None:
        tables = hourly_tables(reader.connection)
    else:
        tables = hourly_table(reader.connection, *only)
    days = slot_store.universes(reader.connection, name)
    return PricedTokens(
        bars={token_id: possible(table) for token_id, table in tables.items()},
        symbols={token_id: token.symbol for token_id, token in reader.tokens.items()},
        universe=days[min(days)] if days else (),
    )


def _seen(reader: Reader, name: str, token_id: int, slot: int) -> Document:
    found: Document = slot_inputs(reader, name, slot)["tokens"].get(str(token_id), {})
    return found


def _machine_for(tokens: PricedTokens, cheap: Cheap) -> Machine | None:
    """What replays the record in seconds; None where nothing does."""
    bars = sum(map(len, tokens.bars.values()))
    if bars <= cheap.interpreted:
        return Machine()
    return ready_machine(os.environ) if bars <= cheap.compiled else None


def _robustness(
    reader: Reader, loaded: LoadedStrategy, digest: str, machine: Machine | None
) -> Robustness:
    """The table of a replay of the recorded inputs, where that is the same run and cheap."""
    if machine is None:
        return Robustness(document={
            "why": f"the same strategy under other assumptions was not run, which takes a while on "
                   f"so much history: `hourhand replay STRATEGY.toml --db {reader.path.name} "
                   f"--report FILE` does it"
        })  # fmt: skip
    history = history_of(export_record(reader.connection))
    span = ledger_read.equity(reader.connection, Span(strategy=loaded.strategy.name))
    slots = slots_within(
        history_slots(history, loaded.strategy.settle), span[0].slot, span[-1].slot
    )
    result = replay(loaded, history, slots, machine)
    if result.ledger_sha256 != digest:
        return Robustness(document={
            "why": "a replay of the record under the last configuration gives another ledger, as "
                   "it does where the configuration or a version changed on the way"
        })  # fmt: skip
    return robustness_of(result)


def ledger_card(reader: Reader, names: Iterable[str], wanted: str) -> Document:
    """The card of the trade whose id begins so; UsageError where it is none, or several."""
    name, row = _find(reader, names, wanted)
    end = (row.closed_slot or row.opened_slot) + 1
    span = Span(strategy=name, token_id=row.token_id, start=row.opened_slot, end=end)
    cycles = ledger_read.cycles(
        reader.connection, Span(strategy=name, start=row.opened_slot, end=row.opened_slot + 1)
    )
    loaded = _loaded(reader, cycles[0])
    busy = busy_slots(reader, name, span)
    trade = next(
        trade for slot in busy for trade in slot.trades if trade.decided == row.opened_slot
    )
    prices = (
        row.token_id,
        trade.decided - HOURS_BEFORE * HOUR,
        trade.closed_bar + (HOURS_AFTER + 1) * HOUR,
    )
    tokens = _tokens(reader, name, prices)
    return Cards(
        strategy=loaded.strategy,
        tokens=tokens,
        busy=busy,
        seen=lambda token_id, slot: _seen(reader, name, token_id, slot),
    ).card(trade)


def _find(reader: Reader, names: Iterable[str], wanted: str) -> tuple[str, PositionRow]:
    closed = [
        (name, row)
        for name in names
        for row in ledger_read.positions(reader.connection, Span(strategy=name))
        if row.status == "CLOSED"
    ]
    found = [(name, row) for name, row in closed if wanted and row.id.startswith(wanted.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(row.id[: max(ID_SHOWN, len(wanted) + 4)] for _, row in found[:5])
        raise UsageError(f"{wanted!r} begins the ids of {len(found)} trades: {ids}")
    raise UsageError(
        f"no closed trade has an id that begins with {wanted!r}: `hourhand trades` lists "
        f"{len(closed)}"
    )
