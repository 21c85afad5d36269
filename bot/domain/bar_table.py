"""The hourly bars of one token as columns: what years of history are read into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.domain.decimals import decimals_of
from bot.domain.values import Bar, Record

IntColumn = npt.NDArray[np.int64]
NONE = -1
DECIMALS_MAX = 18  # of a table: 10^18 is the largest power of ten in 64 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class BarTable:
    """Hourly bars of one token in order of open time; rows of one instant in order of reading.

    prices: (n, 4) open, high, low, close in units of 10^-decimals of the quote currency.
    volume: (n,) in units of 10^-volume_decimals, NONE where none was sent.
    available_at: (n,) instants, NONE where the source gives no seen time; only to be read, since
        one number may stand for all rows.
    """

    token_id: int
    decimals: int
    volume_decimals: int
    open_time: IntColumn
    prices: IntColumn
    volume: IntColumn
    available_at: IntColumn

    def __len__(self) -> int:
        return len(self.open_time)

    def bars(self) -> list[Bar]:
        """The same rows as values."""
        return [self.bar_at(row) for row in range(len(self))]

    def bar_at(self, row: int) -> Bar:
        """One row as a value."""
        prices = [_exact(value, self.decimals) for value in self.prices[row].tolist()]
        volume, seen = int(self.volume[row]), int(self.available_at[row])
        return Bar(
            token_id=self.token_id,
            open_time=int(self.open_time[row]),
            open=prices[0],
            high=prices[1],
            low=prices[2],
            close=prices[3],
            volume=None if volume == NONE else _exact(volume, self.volume_decimals),
            available_at=None if seen == NONE else seen,
        )

    def least_decimals(self) -> int:
        """The fewest decimals that hold every price."""
        common = int(np.gcd.reduce(self.prices, axis=None)) if len(self) else 0
        decimals = self.decimals
        while decimals > 0 and common % 10 == 0:
            common //= 10
            decimals -= 1
        return decimals

    def prices_at(self, decimals: int) -> IntColumn:
        """The prices in units of 10^-decimals, at least `least_decimals`."""
        if decimals >= self.decimals:
            return np.asarray(self.prices * 10 ** (decimals - self.decimals))
        return np.asarray(self.prices // 10 ** (self.decimals - decimals))

    def take(self, rows: IntColumn) -> BarTable:
        """The rows of these numbers."""
        return replace(
            self,
            open_time=self.open_time[rows],
            prices=self.prices[rows],
            volume=self.volume[rows],
            available_at=self.available_at[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A record whose hourly bars stand in tables, one for each token, by token id.

    `rest` holds everything else, and such hourly bars as no table can hold exactly.
    """

    tables: list[BarTable] = field(default_factory=list)
    rest: Record = field(default_factory=Record)

    def token_bars(self) -> int:
        """How many hourly bars there are."""
        others = sum(bar.interval == "1h" for bar in self.rest.bars)
        return sum(map(len, self.tables)) + others


def impossible_rows(prices: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Bars that no market can have made (BAR_IMPOSSIBLE): a high below, a low above, a price of 0.

    `prices` holds (n, 4) open, high, low, close, in whole numbers of any kind.
    """
    opens, highs, lows, closes = prices.T
    outside = (lows > np.minimum(opens, closes)) | (highs < np.maximum(opens, closes))
    return np.asarray(outside | (lows <= 0), dtype=np.bool_)


def no_bars(token_id: int) -> BarTable:
    """The table of a token without bars."""
    empty = np.zeros(0, dtype=np.int64)
    return BarTable(
        token_id=token_id, decimals=0, volume_decimals=0, open_time=empty,
        prices=np.zeros((0, 4), dtype=np.int64), volume=empty, available_at=empty,
    )  # fmt: skip


def table_of(token_id: int, bars: Sequence[Bar]) -> BarTable | None:
    """The hourly bars of a token as a table; None where it cannot hold them exactly.

    That is: beyond 62 bits or 18 decimals, or with a volume below 0, which would mean none.
    """
    rows = sorted(bars, key=lambda bar: bar.open_time)
    prices = [(bar.open, bar.high, bar.low, bar.close) for bar in rows]
    decimals = max((decimals_of(price) for row in prices for price in row), default=0)
    volumes = [bar.volume for bar in rows if bar.volume is not None]
    volume_decimals = max(map(decimals_of, volumes), default=0)
    points = [[int(price.scaleb(decimals)) for price in row] for row in prices]
    volume = [
        NONE if bar.volume is None else int(bar.volume.scaleb(volume_decimals)) for bar in rows
    ]
    largest = max((abs(value) for row in (*points, volume) for value in row), default=0)
    finest = max(decimals, volume_decimals)
    if largest >= 1 << 62 or finest > DECIMALS_MAX or min(volumes, default=0) < 0:
        return None
    return BarTable(
        token_id=token_id,
        decimals=decimals,
        volume_decimals=volume_decimals,
        open_time=np.array([bar.open_time for bar in rows], dtype=np.int64),
        prices=np.array(points, dtype=np.int64).reshape(-1, 4),
        volume=np.array(volume, dtype=np.int64),
        available_at=np.array(
            [NONE if bar.available_at is None else bar.available_at for bar in rows], np.int64
        ),
    )


def _exact(value: int, decimals: int) -> Decimal:
    return Decimal(value).scaleb(-decimals)


def history_of(record: Record) -> History:
    """A record with its hourly bars in tables."""
    hourly: dict[int, list[Bar]] = {}
    others = []
    for bar in record.bars:
        if bar.interval == "1h":
            hourly.setdefault(bar.token_id, []).append(bar)
        else:
            others.append(bar)
    tables = []
    for token_id in sorted(hourly):
        table = table_of(token_id, hourly[token_id])
        if table is None:
            others += hourly[token_id]
        else:
            tables.append(table)
    return History(tables=tables, rest=replace(record, bars=others))
