"""A run's tables as Arrow tables with real types: what notebooks turn into data frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from bot.report.run_tables import Table

TIMES = frozenset({
    "slot", "open_time", "eligible_from", "edge_time", "decided", "opened", "closed", "closed_bar",
    "valid_time",
})  # fmt: skip
MONEY = frozenset({
    "fee", "paid", "proceeds", "fees", "pnl", "risk", "cash", "value", "equity", "realised",
    "unrealised", "peak",
})  # fmt: skip
PRICES = frozenset({"price", "stop", "target", "cap", "quantity"})
WHOLE = frozenset({"token_id", "open_positions"})

MONEY_SCALE = 8
PRICE_SCALE = 18
DIGITS = 38  # of a 128-bit decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """A run's tables; times are UTC timestamps, an empty cell is null."""

    trades: pa.Table
    fills: pa.Table
    orders: pa.Table
    decisions: pa.Table
    equity: pa.Table
    notices: pa.Table


def exact_tables(tables: Mapping[str, Table], symbols: Mapping[int, str]) -> Tables:
    """Tables with amounts as decimals, equal to those written as CSV; symbols beside token ids."""
    return Tables(
        **{name: _table(header, rows, symbols) for name, (header, rows) in tables.items()}
    )


def float_tables(exact: Tables) -> Tables:
    """The same tables with 64-bit floats for decimals."""
    return Tables(**{name: _as_floats(getattr(exact, name)) for name in exact.__slots__})


def _table(
    header: Sequence[str], rows: Iterable[Sequence[object]], symbols: Mapping[int, str]
) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    arrays: dict[str, Any] = {}
    for name, column in zip(header, columns, strict=True):
        arrays[name] = _array(name, ["" if cell is None else str(cell) for cell in column])
        if name == "token_id":
            arrays["symbol"] = pa.array([symbols.get(cell) for cell in column], pa.string())
    return pa.table(arrays)


def _array(name: str, texts: Sequence[str]) -> Any:
    kind = pa.string()
    if name in TIMES:
        kind = pa.timestamp("ms", tz="UTC")
    elif name in MONEY:
        kind = pa.decimal128(DIGITS, MONEY_SCALE)
    elif name in PRICES:
        kind = pa.decimal128(DIGITS, max(PRICE_SCALE, *map(_decimals, texts), 0))
    elif name in WHOLE:
        kind = pa.int64()
    elif name == "missed":
        kind = pa.bool_()
    return pa.array([text or None for text in texts], pa.string()).cast(kind)


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _as_floats(table: pa.Table) -> pa.Table:
    fields = [
        pa.field(each.name, pa.float64() if pa.types.is_decimal(each.type) else each.type)
        for each in table.schema
    ]
    return table.cast(pa.schema(fields))
