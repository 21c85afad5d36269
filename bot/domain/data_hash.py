"""A hash of what a history says, whatever files or tables it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

import numpy as np

from bot.domain.bar_table import NONE, BarTable, History, IntColumn
from bot.domain.decimals import plain
from bot.domain.values import Bar, Record


def data_sha256(history: History) -> str:
    """SHA-256 of a history: equal for equal content, whatever the scale of its columns.

    Covers every table and every row of the rest: tokens, bars, signals, metrics, levels, grades,
    slots and commands. The order counts where it may matter: rows of one instant and token, and
    the lists of the rest but its bars.
    """
    digest = hashlib.sha256()
    for table in sorted(history.tables, key=lambda one: one.token_id):
        if len(table):
            _add_table(digest, table)
    rest = history.rest
    for field in fields(Record):
        rows = (
            sorted(rest.bars, key=_bar_order) if field.name == "bars" else getattr(rest, field.name)
        )
        if field.name == "commands" and not rows:
            continue  # so that a history without any keeps the hash that it always had
        digest.update(f"{field.name} {len(rows)}\n".encode())
        digest.update(_lines(rows).encode())
    return digest.hexdigest()


def _add_table(digest: Any, table: BarTable) -> None:
    """The table at its fewest decimals, each column as little-endian integers."""
    decimals = table.least_decimals()
    volume, volume_decimals = _least_volume(table)
    head = f"table {table.token_id} {len(table)} {decimals} {volume_decimals}\n"
    digest.update(head.encode())
    for column in (table.open_time, table.prices_at(decimals), volume, table.available_at):
        digest.update(np.ascontiguousarray(column, dtype="<i8"))


def _least_volume(table: BarTable) -> tuple[IntColumn, int]:
    """The volume at its fewest decimals, which are told too."""
    there = table.volume[table.volume != NONE]
    common = int(np.gcd.reduce(there)) if len(there) else 0
    spare = 0
    while spare < table.volume_decimals and common % 10 ** (spare + 1) == 0:
        spare += 1
    volume = np.where(table.volume == NONE, NONE, table.volume // 10**spare)
    return volume, table.volume_decimals - spare


def _bar_order(bar: Bar) -> tuple[int, str, int]:
    return bar.token_id, bar.interval, bar.open_time


def _lines(rows: Sequence[Any]) -> str:
    if not rows:
        return ""
    values = attrgetter(*(field.name for field in fields(rows[0])))
    return "".join(f"{_text(values(row))}\n" for row in rows)


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return f"({','.join(map(_text, value))})"
    if is_dataclass(value):
        return _text(tuple(getattr(value, field.name) for field in fields(value)))
    return repr(value)
