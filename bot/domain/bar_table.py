"""The hourly bars of one token as columns: what years of history are read into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from bot.domain.decimals import decimals_of
from bot.domain.values import Bar, Record

IntColumn = npt.NDArray[np.int64]
NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class BarTable:
    """Hourly bars of one token in order of open time; rows of one instant in order of reading.

    prices: (n, 4) open, high, low, close in units of 10^-decimals of the quote currency.
    volume: (n,) in units of 10^-volume_decimals, NONE where none was sent.
    available_at: (n,) instants, NONE where the source gives no seen time.
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
        return [
            Bar(
                token_id=self.token_id,
                open_time=time,
                open=_exact(prices[0], self.decimals),
                high=_exact(prices[1], self.decimals),
                low=_exact(prices[2], self.decimals),
                close=_exact(prices[3], self.decimals),
                volume=None if volume == NONE else _exact(volume, self.volume_decimals),
                available_at=None if seen == NONE else seen,
            )
            for time, prices, volume, seen in zip(
                self.open_time.tolist(),
                self.prices.tolist(),
                self.volume.tolist(),
                self.available_at.tolist(),
                strict=True,
            )
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A record whose hourly bars stand in tables, one for each token, by token id.

    `rest` holds everything else, and such hourly bars as no table can hold exactly.
    """

    tables: list[BarTable] = field(default_factory=list)
    rest: Record = field(default_factory=Record)


def table_of(token_id: int, bars: Sequence[Bar]) -> BarTable | None:
    """The hourly bars of a token as a table; None where 64 bits cannot hold them exactly."""
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
    if largest >= 1 << 62:
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
