"""What a column of a table file holds, and the files and columns of a record folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.domain.errors import UsageError

# A price and a decimal are text in Parquet too: a record keeps every digit that a source sent.
# Money (8 decimals) and an amount (18) are decimals of 128 bits there: a ledger's are bounded.
Kind = Literal["id", "time", "price", "decimal", "money", "amount", "number", "flag", "text"]
FileFormat = Literal["csv", "csv.gz", "parquet"]

FORMATS: tuple[FileFormat, ...] = ("csv", "csv.gz", "parquet")


def chosen_format(text: str) -> FileFormat:
    """The format that `--format` names; UsageError for any other word."""
    for form in FORMATS:
        if form == text:
            return form
    raise UsageError(f"--format {text}: must be one of {', '.join(FORMATS)}")


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
