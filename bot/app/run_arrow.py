"""A replay's tables as Arrow tables with real types: what notebooks turn into data frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import pyarrow as pa

from bot.adapters.files.table_writer import arrow_table
from bot.app.replay import Replay
from bot.app.replay_rows import replay_tables
from bot.app.table_files import in_order
from bot.domain.values import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The tables that `hourhand replay --out` writes, in the types of its Parquet files."""

    trades: pa.Table
    positions: pa.Table
    fills: pa.Table
    orders: pa.Table
    order_events: pa.Table
    decisions: pa.Table
    gates: pa.Table
    equity: pa.Table
    cash_entries: pa.Table
    notices: pa.Table
    cycles: pa.Table
    instruments: pa.Table
    configurations: pa.Table


def exact_tables(result: Replay, tokens: Iterable[Token]) -> Tables:
    """Tables with amounts as decimals."""
    return Tables(
        **{
            name: arrow_table(columns, in_order(name, columns, rows))
            for name, (columns, rows) in replay_tables(result, tokens).items()
        }
    )


def float_tables(exact: Tables) -> Tables:
    """The same tables with 64-bit floats for decimals."""
    return Tables(**{one.name: _as_floats(getattr(exact, one.name)) for one in fields(Tables)})


def _as_floats(table: pa.Table) -> pa.Table:
    kinds = [
        pa.field(each.name, pa.float64() if pa.types.is_decimal(each.type) else each.type)
        for each in table.schema
    ]
    return table.cast(pa.schema(kinds))
