"""The rows that a replay's ledger would have, from what the replay holds in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bot.adapters.files.layout import Column
from bot.adapters.sql.ledger_rows import cash_entries
from bot.adapters.sql.ledger_store import cells_of, in_order
from bot.adapters.sql.ledger_stream import Row
from bot.app.commit import (
    closed_row,
    decision_row,
    event_row,
    fill_row,
    notice_row,
    open_positions,
    order_row,
)
from bot.app.export_columns import TABLES
from bot.app.export_rows import RUN_ROWS, Cells
from bot.app.replay import Replay
from bot.app.stepper import RULES_VERSION
from bot.app.tally import (
    CASH,
    EQUITY,
    HALT_DAILY,
    HALT_DRAWDOWN,
    PEAK,
    REALISED,
    SLOT,
    UNREALISED,
    VALUE,
)
from bot.domain.decimals import plain
from bot.domain.records import Scale, SlotRecords
from bot.domain.values import Token

_MARKS = {
    "cash": CASH, "value": VALUE, "equity": EQUITY, "realised": REALISED,
    "unrealised": UNREALISED, "peak": PEAK,
}  # fmt: skip
_HALTS = {"HALT_DAILY_LOSS": HALT_DAILY, "HALT_DRAWDOWN": HALT_DRAWDOWN}
_Of = Callable[[SlotRecords], Iterable[Any]]
_RECORDS: dict[str, tuple[_Of, Callable[[str, Any], Any]]] = {
    "decision": (lambda slot: slot.decisions, decision_row),
    "order": (lambda slot: slot.orders, order_row),
    "order_event": (lambda slot: slot.events, event_row),
    "fill": (lambda slot: slot.fills, fill_row),
}


def replay_tables(
    result: Replay, tokens: Iterable[Token]
) -> dict[str, tuple[tuple[Column, ...], Iterator[Cells]]]:
    """The tables of a run, each with the columns and rows that its ledger's export would have.

    What only a ledger has stays blank: hashes of inputs and of lines, and when units were derived.
    """
    source = ReplayRows(result, {token.token_id: token.symbol for token in tokens})
    return {name: (TABLES[name], RUN_ROWS[name](source)) for name in TABLES if name in RUN_ROWS}


class ReplayRows:
    """A replay as a source of a ledger's rows."""

    def __init__(self, result: Replay, symbols: Mapping[int, str]) -> None:
        self._result = result
        self._symbols = symbols
        self._name = result.loaded.strategy.name

    def table(self, name: str) -> Iterator[Row]:
        """The rows of a table, in the ledger's order."""
        if name in _RECORDS:
            records, made = _RECORDS[name]
            for slot in self._result.busy:
                yield from in_order(made(self._name, record) for record in records(slot))
            return
        yield from _OTHERS[name](self)

    def equity(self) -> Iterator[Row]:
        """The account after each slot."""
        missed = {slot.slot for slot in self._result.slots if slot.missed}
        for row in self._result.tally.marks().tolist():
            yield {
                "strategy": self._name, "slot": row[SLOT],
                **{name: row[column] for name, column in _MARKS.items()},
                "halts": [name for name, column in _HALTS.items() if row[column]],
                "missed": row[SLOT] in missed,
            }  # fmt: skip

    def symbol(self, token_id: int) -> str:
        """The newest symbol of the history, the id where it has none."""
        return self._symbols.get(token_id) or str(token_id)

    def scale(self, token_id: int) -> Scale:
        """Tick and lot."""
        unit = self._result.instruments[token_id]
        return Scale(tick=unit.tick, lot=unit.lot)

    def positions(self) -> Iterator[Row]:
        """Closed and open ones by the slot that decided them."""
        found = [
            closed_row(self._name, trade) for slot in self._result.busy for trade in slot.trades
        ]
        found += open_positions(self._name, self._result.account)
        for row in sorted(found, key=lambda row: (row.opened_slot, row.id)):
            yield cells_of(row)

    def cash_entries(self) -> Iterator[Row]:
        """The opening, and the legs of every fill."""
        first = self._result.slots[0].slot
        fills = {first: (), **{slot.slot: slot.fills for slot in self._result.busy}}
        for slot in sorted(fills):
            rows = [fill_row(self._name, fill) for fill in fills[slot]]
            opening = self._result.loaded.strategy.cash if slot == first else 0
            yield from map(cells_of, cash_entries(self._name, slot, rows, opening))

    def notices(self) -> Iterator[Row]:
        """What the input said."""
        for slot in self._result.busy:
            for notice in slot.notices:
                yield cells_of(notice_row(self._name, notice))

    def cycles(self) -> Iterator[Row]:
        """The slots, without the hashes that only a ledger keeps."""
        for slot in self._result.slots:
            yield {
                "strategy": self._name, "slot": slot.slot, "as_of": slot.as_of,
                "missed": slot.missed, "config_sha256": self._result.loaded.config_sha256,
                "rules_version": RULES_VERSION,
            }  # fmt: skip

    def instruments(self) -> Iterator[Row]:
        """Units of every token that had a bar."""
        for token_id, unit in sorted(self._result.instruments.items()):
            yield {
                "token_id": token_id, "tick": plain(unit.tick), "lot": plain(unit.lot),
                "min_notional": plain(unit.min_notional), "notes": unit.note,
            }  # fmt: skip

    def configurations(self) -> Iterator[Row]:
        """The one that the run had."""
        loaded = self._result.loaded
        yield {
            "strategy": self._name, "config_sha256": loaded.config_sha256,
            "rules_version": RULES_VERSION, "body": loaded.canonical,
        }  # fmt: skip


_OTHERS: dict[str, Callable[[ReplayRows], Iterator[Row]]] = {
    "position": ReplayRows.positions,
    "cash_entry": ReplayRows.cash_entries,
    "notice": ReplayRows.notices,
    "cycle": ReplayRows.cycles,
    "instrument": ReplayRows.instruments,
    "config_version": ReplayRows.configurations,
}
