"""`restatements`: where the provider changed history, and what a backtest over it would gain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from bot.adapters.sql import ledger_read, restated_rows
from bot.adapters.sql.record_store import export_record
from bot.adapters.sql.restated_rows import KINDS, Restated
from bot.app.queries import strategy_of
from bot.app.reading import Document, Reader, instant_text
from bot.app.strategy_files import from_strategy
from bot.domain.decimals import money_text
from bot.domain.errors import UsageError
from bot.domain.instants import HOUR, format_instant
from bot.domain.values import Record
from bot.market.strategy import Strategy


def restatements(reader: Reader, limit: int | None) -> Document:
    """Counts by kind, and the rows that were changed, newest first."""
    found = {kind: list(restated_rows.restated(reader.connection, kind)) for kind in KINDS}
    every = sorted(
        (one for rows in found.values() for one in rows),
        key=lambda one: (one.last_known or 0, one.kind, one.token_id, one.time), reverse=True,
    )  # fmt: skip
    return {
        "kinds": {kind: _counts(reader, kind, rows) for kind, rows in found.items()},
        "restated": [_row(reader, one) for one in every[:limit]],
        "total": len(every),
    }


def _counts(reader: Reader, kind: str, rows: list[Restated]) -> Document:
    every = restated_rows.row_count(reader.connection, kind)
    return {
        "rows": every,
        "restated": len(rows),
        "share": len(rows) / every if every else 0.0,
        "largest_move": max((abs(_move(one) or 0.0) for one in rows), default=None),
    }


def _row(reader: Reader, one: Restated) -> Document:
    return {
        "kind": one.kind,
        "token_id": one.token_id,
        "symbol": reader.symbol(one.token_id),
        "time": format_instant(one.time),
        "versions": one.versions,
        "first_known": instant_text(one.first_known),
        "last_known": instant_text(one.last_known),
        "changed": {
            name: [one.first[name], one.last[name]]
            for name in one.first
            if one.first[name] != one.last[name]
        },
        "move": _move(one),
    }


def _move(one: Restated) -> float | None:
    """By which fraction a bar's close was changed; None for signals and unusable prices."""
    if one.kind != "bars" or not Decimal(one.first["close"]):
        return None
    return float(f"{Decimal(one.last['close']) / Decimal(one.first['close']) - 1:.4g}")


def naive_gains(reader: Reader, names: Iterable[str]) -> list[Document]:
    """Each strategy replayed over the record as it was known, and as it stands today.

    The second is what a backtest over downloaded history would have shown: every bar and signal
    in its latest version, known at the end of its hour. Both run the configuration of the last
    slot over the recorded slots. Raises UsageError for a record without slots.
    """
    record = export_record(reader.connection)
    if not record.slots:
        raise UsageError("no slot has been done yet, so there is nothing to compare")
    return [_gain(reader, name, record) for name in names]


def _gain(reader: Reader, name: str, record: Record) -> Document:
    last = ledger_read.watermark(reader.connection, name)
    span = ledger_read.Span(strategy=name, start=last)
    strategy = strategy_of(reader, ledger_read.cycles(reader.connection, span)[0])
    first = ledger_read.cycles(reader.connection, ledger_read.Span(strategy=name))[0].slot
    known, naive = (_replayed(strategy, one, first) for one in (record, as_it_stands(record)))
    gain = Decimal(naive["equity"]) - Decimal(known["equity"])
    return {"strategy": name, "as_known": known, "as_it_stands": naive, "gain": str(gain)}


def _replayed(strategy: Strategy, record: Record, first: int) -> Document:
    from bot.app.replay import replay, slots_within
    from bot.app.tally import EQUITY
    from bot.domain.bar_table import history_of

    history = history_of(record)
    slots = slots_within(record.slots, first, None)
    run = replay(from_strategy(strategy, Path(f"{strategy.name}.toml")), history, slots)
    trades = [trade for slot in run.busy for trade in slot.trades]
    return {
        "equity": money_text(int(run.tally.marks()[-1, EQUITY])),
        "trades": len(trades),
        "ledger_sha256": run.ledger_sha256,
    }


def as_it_stands(record: Record) -> Record:
    """The record as one who downloads it today sees it: latest versions, each in its own time."""
    bars = {(one.token_id, one.interval, one.open_time): one for one in record.bars}
    signals = {(one.token_id, one.source, one.valid_time): one for one in record.signals}
    return replace(
        record,
        bars=[replace(one, available_at=one.open_time + HOUR) for one in bars.values()],
        signals=[
            replace(one, available_at=one.valid_time + HOUR) if one.source == "hourly" else one
            for one in signals.values()
        ],
    )
