"""The files and columns of a record folder, shared by its reader and its writer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "time", "price", "decimal", "number", "flag", "text"]
FileFormat = Literal["csv", "csv.gz", "parquet"]

FORMATS: tuple[FileFormat, ...] = ("csv", "csv.gz", "parquet")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what its cells mean, and whether a cell may be blank."""

    name: str
    kind: Kind
    required: bool = False


_AVAILABLE = Column("available_at", "time")
_TOKEN = Column("token_id", "id", required=True)

TABLES: dict[str, tuple[Column, ...]] = {
    "tokens": (
        _TOKEN,
        Column("symbol", "text", required=True),
        Column("name", "text"),
        Column("sector", "text"),
        Column("category", "text"),
        Column("tick", "decimal"),
        Column("lot", "decimal"),
        Column("min_notional", "decimal"),
        Column("volume_unit", "text"),
        Column("market_cap", "decimal"),
        _AVAILABLE,
    ),
    "bars": (
        _TOKEN,
        Column("open_time", "time", required=True),
        Column("open", "price", required=True),
        Column("high", "price", required=True),
        Column("low", "price", required=True),
        Column("close", "price", required=True),
        Column("volume", "decimal"),
        Column("interval", "text"),
        _AVAILABLE,
    ),
    "signals": (
        _TOKEN,
        Column("valid_time", "time", required=True),
        Column("signal", "text", required=True),
        Column("source", "text"),
        _AVAILABLE,
    ),
    "metrics": (
        _TOKEN,
        Column("valid_time", "time", required=True),
        Column("sharpe", "number"),
        Column("sortino", "number"),
        Column("volatility", "number"),
        Column("max_drawdown", "number"),
        Column("cagr", "number"),
        _AVAILABLE,
    ),
    "levels": (
        _TOKEN,
        Column("seen_at", "time", required=True),
        Column("price", "price"),
        Column("strength", "number"),
        Column("level_date", "time"),
    ),
    "grades": (
        _TOKEN,
        Column("valid_time", "time", required=True),
        Column("tm_grade", "number"),
        _AVAILABLE,
    ),
    "slots": (
        Column("slot", "time", required=True),
        Column("as_of", "time", required=True),
        Column("missed", "flag"),
    ),
    "commands": (
        Column("at", "time", required=True),
        Column("kind", "text", required=True),
        Column("source", "text"),
        Column("strategy", "text"),
        Column("token_id", "id"),
        Column("note", "text"),
    ),
}
