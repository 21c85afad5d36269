"""Bars of one token and interval as columns, in the order in which a file gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.adapters.files import bulk, cells
from bot.adapters.files.bulk import LARGEST, lowest_terms
from bot.adapters.files.sheet import Sheet
from bot.domain.bar_table import DECIMALS_MAX, NONE, BarTable, IntColumn, table_of
from bot.domain.decimals import decimals_of
from bot.domain.values import Bar

PRICES = ("open", "high", "low", "close")
# int64 units, or Decimals (object) where 64 bits cannot hold the column.
Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRows:
    """Rows as in a BarTable, but in any order, and wide where they must be.

    prices: (n, 4) in units of 10^-decimals, or Decimals (then decimals is 0). volume: likewise,
    absent is NONE, among Decimals None.
    """

    open_time: IntColumn
    prices: Column
    decimals: int
    volume: Column
    volume_decimals: int
    available_at: IntColumn
    cut: npt.NDArray[np.bool_]  # where a price had more decimals than are kept

    def __len__(self) -> int:
        return len(self.open_time)

    def at(self, rows: IntColumn) -> BarRows:
        """The rows of these numbers."""
        return replace(
            self,
            open_time=self.open_time[rows],
            prices=self.prices[rows],
            volume=self.volume[rows],
            available_at=self.available_at[rows],
            cut=self.cut[rows],
        )

    def in_order(self) -> BarRows:
        """By open time; rows of one instant stay in their order."""
        if (self.open_time[1:] >= self.open_time[:-1]).all():
            return self
        return self.at(np.argsort(self.open_time, kind="stable"))

    def table(self, token_id: int) -> BarTable | None:
        """The rows in order as hourly bars; None where 64 bits cannot hold them exactly."""
        if self.prices.dtype == object or self.volume.dtype == object:
            return table_of(token_id, self.bars(token_id, "1h"))
        rows = self.in_order()
        prices, decimals = lowest_terms(rows.prices, self.decimals)
        volume, volume_decimals = _volume_in_lowest_terms(rows.volume, self.volume_decimals)
        return BarTable(
            token_id=token_id,
            decimals=decimals,
            volume_decimals=volume_decimals,
            open_time=rows.open_time,
            prices=prices,
            volume=volume,
            available_at=_compact(rows.available_at),
        )

    def bars(self, token_id: int, interval: str) -> list[Bar]:
        """The same rows as values."""
        prices = _decimals(self.prices, self.decimals).tolist()
        volume = _amounts(self.volume, self.volume_decimals).tolist()
        return [
            Bar(
                token_id=token_id, open_time=open_time, open=open_, high=high, low=low,
                close=close, volume=amount, interval=interval,
                available_at=None if seen == NONE else seen,
            )
            for open_time, (open_, high, low, close), amount, seen in zip(
                self.open_time.tolist(), prices, volume, self.available_at.tolist(), strict=True
            )
        ]  # fmt: skip


def read_rows(sheet: Sheet, open_time: IntColumn) -> BarRows:
    """The bars of a sheet under our column names, whose instants were read before.

    Raises DataError naming file, row and column of the first fault in the first faulty column.
    """
    found = [_prices(sheet, name) for name in PRICES]
    columns, decimals = _aligned([(column, decimals) for column, decimals, _ in found])
    volume, volume_decimals = _volume(sheet)
    return BarRows(
        open_time=open_time,
        prices=np.column_stack(columns),
        decimals=decimals,
        volume=volume,
        volume_decimals=volume_decimals,
        available_at=_available(sheet),
        cut=np.logical_or.reduce([cut for _, _, cut in found]),
    )


def required_instants(sheet: Sheet, name: str) -> IntColumn:
    """Instants of a column in which no cell may be blank."""
    found = cells.instant_array(sheet, name)
    refuse_blank(sheet, name, found == NONE)
    return found


def refuse_blank(sheet: Sheet, name: str, blank: npt.NDArray[np.bool_]) -> None:
    """Raise DataError for the first blank cell of a required column."""
    if blank.any():
        raise sheet.fault(int(blank.argmax()), name, "found nothing, expected a value")


def joined(parts: Sequence[BarRows]) -> BarRows:
    """The rows of all parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    prices, decimals = _aligned([(part.prices, part.decimals) for part in parts])
    volumes, volume_decimals = _aligned_volumes(parts)
    return BarRows(
        open_time=np.concatenate([part.open_time for part in parts]),
        prices=np.concatenate(prices),
        decimals=decimals,
        volume=np.concatenate(volumes),
        volume_decimals=volume_decimals,
        available_at=np.concatenate([part.available_at for part in parts]),
        cut=np.concatenate([part.cut for part in parts]),
    )


def _aligned(columns: Sequence[tuple[Column, int]]) -> tuple[list[Column], int]:
    """The same numbers with the same decimals."""
    most = max(decimals for _, decimals in columns)
    if all(_fits(column, most - decimals) for column, decimals in columns):
        return [column * 10 ** (most - decimals) for column, decimals in columns], most
    return [_decimals(column, decimals) for column, decimals in columns], 0


def _aligned_volumes(parts: Sequence[BarRows]) -> tuple[list[Column], int]:
    volumes = [(part.volume, part.volume_decimals) for part in parts]
    aligned, decimals = _aligned(volumes)
    if any(column.dtype == object for column in aligned):
        return [_amounts(*volume) for volume in volumes], 0
    # Only what is absent is below 0, and it stands for the same at any scale.
    return [np.maximum(column, NONE) for column in aligned], decimals


def _fits(column: Column, places: int) -> bool:
    if column.dtype == object:
        return False
    return column.size == 0 or int(np.abs(column).max()) * 10**places < LARGEST


def _prices(sheet: Sheet, name: str) -> tuple[Column, int, npt.NDArray[np.bool_]]:
    """Prices, their decimals, and where they are cut."""
    column = sheet.columns[name]
    found = bulk.prices(column)
    if found is not None:
        refuse_blank(sheet, name, ~bulk.filled(column))
        return *found, np.zeros(sheet.rows, dtype=np.bool_)
    read = cells.prices_one_by_one(sheet, name)
    refuse_blank(sheet, name, np.array([price is None for price in read], dtype=np.bool_))
    there = [price for price in read if price is not None]
    cut = np.array([is_cut for _, is_cut in there], dtype=np.bool_)
    return *_narrowed([value for value, _ in there]), cut


def _volume(sheet: Sheet) -> tuple[Column, int]:
    if "volume" not in sheet.columns:
        return np.full(sheet.rows, NONE, dtype=np.int64), 0
    column = sheet.columns["volume"]
    found = bulk.decimals(column)
    if found is None or (sheet.rows and found[0].min() < 0):
        return _narrowed(cells.amounts(sheet, "volume"))
    if column.null_count:
        return np.where(bulk.filled(column), found[0], NONE), found[1]
    return found


def _available(sheet: Sheet) -> IntColumn:
    if "available_at" not in sheet.columns:
        return np.full(sheet.rows, NONE, dtype=np.int64)
    return cells.instant_array(sheet, "available_at")


def _compact(available_at: IntColumn) -> IntColumn:
    """A column of years in which nothing is said takes no room."""
    if (available_at == NONE).all():
        return np.broadcast_to(np.int64(NONE), available_at.shape)
    return available_at


def _narrowed(values: Sequence[Decimal | None]) -> tuple[Column, int]:
    """Decimals as integers and their decimals where a table can hold them, else as they are."""
    there = [value for value in values if value is not None]
    decimals = max(map(decimals_of, there), default=0)
    whole = [NONE if value is None else int(value.scaleb(decimals)) for value in values]
    if decimals <= DECIMALS_MAX and max(map(abs, whole), default=0) < LARGEST:
        return np.array(whole, dtype=np.int64), decimals
    return np.array(values, dtype=object), 0


def _volume_in_lowest_terms(volume: IntColumn, decimals: int) -> tuple[IntColumn, int]:
    absent = volume == NONE
    if not absent.any():
        return lowest_terms(volume, decimals)
    found, fewest = lowest_terms(np.where(absent, 0, volume), decimals)
    return np.where(absent, NONE, found), fewest


def _decimals(column: Column, decimals: int) -> Column:
    """The same numbers as Decimals."""
    if column.dtype == object:
        return column
    out = np.empty(column.size, dtype=object)
    out[:] = [Decimal(value).scaleb(-decimals) for value in column.ravel().tolist()]
    return out.reshape(column.shape)


def _amounts(volume: Column, decimals: int) -> Column:
    """The same volumes as Decimals, None where absent."""
    out = _decimals(volume, decimals)
    if volume.dtype != object:
        out[volume == NONE] = None
    return out
