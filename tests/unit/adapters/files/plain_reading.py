"""The meaning of candle and bar files written down plainly, row by row: what reading must equal."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import partial
from itertools import pairwise, takewhile
from pathlib import Path

from bot.domain.decimals import canonical_price, parse_decimal
from bot.domain.instants import HOUR, parse_instant
from bot.domain.values import Bar

Row = dict[str, str]


@dataclass(kw_only=True)
class Expected:
    """Bars to keep in order of time, and the instants of what is wrong."""

    bars: list[Bar] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


def rows_of(path: Path) -> list[Row]:
    """The cells of a CSV file by our column names."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def bar_of(row: Row, token_id: int) -> Bar:
    """One row, each cell by the parsers for single cells."""
    prices = [
        canonical_price(parse_decimal(row[name])) for name in ("open", "high", "low", "close")
    ]
    volume, seen = row.get("volume", "").strip(), row.get("available_at", "")
    return Bar(
        token_id=token_id, open_time=_instant(row["open_time"]), open=prices[0], high=prices[1],
        low=prices[2], close=prices[3], volume=parse_decimal(volume) if volume else None,
        interval=row.get("interval") or "1h", available_at=_instant(seen) if seen else None,
    )  # fmt: skip


def _instant(text: str) -> int:
    if not text.isdigit():
        return parse_instant(text)
    return int(Decimal(text).scaleb(13 - len(text)))  # epochs of our times have 10, 13, ... digits


def is_finer(row: Row) -> bool:
    """Whether one of a row's prices has more decimals than are kept, with twelve digits of it."""
    found = [parse_decimal(row[name]) for name in ("open", "high", "low", "close")]
    kept = [Context(prec=12).create_decimal(price) for price in found]
    return any(price != round(price, 12) for price in kept)


def examine_plainly(files: list[list[Bar]], finer: Collection[int] = ()) -> Expected:
    """Hourly bars of one token, file by file, as candle reading keeps and reports them.

    `finer` are the ids of those whose rows said more digits.
    """
    out = Expected()
    for bars in files:
        out.places["disorder"] += [
            bar.open_time for before, bar in pairwise(bars) if bar.open_time < before.open_time
        ]
    read = [bar for bars in files for bar in bars]
    out.places["misaligned"] = [bar.open_time for bar in read if bar.open_time % HOUR]
    for bar in sorted((bar for bar in read if bar.open_time % HOUR == 0), key=_time):
        same_time = takewhile(partial(_of_one_time, bar), reversed(out.bars))
        if bar in same_time:
            out.places["duplicates"].append(bar.open_time)
            continue
        if out.bars and out.bars[-1].open_time == bar.open_time:
            out.places["conflicts"].append(bar.open_time)
        elif out.bars and bar.open_time - out.bars[-1].open_time > HOUR:
            out.places["gaps"].append(out.bars[-1].open_time + HOUR)
        if (
            bar.low > min(bar.open, bar.close)
            or bar.high < max(bar.open, bar.close)
            or bar.low <= 0
        ):
            out.places["impossible"].append(bar.open_time)
        if id(bar) in finer:
            out.places["cut"].append(bar.open_time)
        out.bars.append(bar)
    return out


def _of_one_time(one: Bar, two: Bar) -> bool:
    return one.open_time == two.open_time


def _time(bar: Bar) -> int:
    return bar.open_time
