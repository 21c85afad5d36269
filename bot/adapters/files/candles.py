"""Candle files of any common spelling as a Record of bars, with a report of what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bot.adapters.files import candle_names, cells
from bot.adapters.files.candle_report import CandleReport, CandleSeries, examine
from bot.adapters.files.record_folder import read_tokens
from bot.adapters.files.sheet import Sheet, read_sheet, stem_and_suffix
from bot.domain.errors import DataError
from bot.domain.instants import HOUR
from bot.domain.values import Bar, Record, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The rows of one pair and interval in one file, under our column names."""

    sheet: Sheet
    pair: str
    interval: str | None  # None: by the spacing of the rows
    token_id: int | None  # None: by the pair


def read_candles(
    folder: Path, start: int | None = None, end: int | None = None
) -> tuple[Record, CandleReport]:
    """The bars of a folder of candle files (or of one file) that open in [start, end).

    Token ids are those of a `tokens` file in the folder, matched by symbol; else 1, 2, ... by
    sorted pair, whatever the span, so that an id does not depend on it. Rows come sorted by
    time; rows told twice count once; all else is kept and reported. Tokens without a bar in the
    span are left out. Raises DataError for files that hold no candles.
    """
    parts = [part for path in _candle_files(folder) for part in _parts(path)]
    tokens = _identify(parts, read_tokens(folder) if folder.is_dir() else None)
    record, series = Record(), []
    for part, token in sorted(zip(parts, tokens, strict=True), key=_by_token):
        bars, found = _load(part, token, start, end)
        record.bars += bars
        series.append(found)
    with_bars = {bar.token_id for bar in record.bars}
    unique = {token.token_id: token for token in tokens if token.token_id in with_bars}
    record.tokens = [unique[token_id] for token_id in sorted(unique)]
    return record, CandleReport(series=tuple(series))


def _by_token(pair: tuple[_Part, Token]) -> tuple[int, str, str]:
    part, token = pair
    return token.token_id, part.interval or "", part.sheet.path.name


def _candle_files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder of candles")
    found = []
    for path in sorted(folder.iterdir()):
        parts = stem_and_suffix(path)
        if parts and parts[0] != "tokens" and not path.name.startswith("."):
            found.append(path)
    if not found:
        raise DataError(f"{folder}: holds no candle files: expected .csv, .csv.gz, .parquet "
                        "or .feather")  # fmt: skip
    return found


def _parts(path: Path) -> list[_Part]:
    raw = read_sheet(path)
    names = candle_names.canonical_columns(path, raw.columns)
    columns = {ours: raw.columns[theirs] for ours, theirs in names.items()}
    sheet = Sheet(path=path, columns=columns, rows=raw.rows)
    pair, interval = candle_names.pair_and_interval(path)
    keys = [name for name in ("token_id", "symbol", "interval") if name in columns]
    if not keys:
        return [_Part(sheet=sheet, pair=pair, interval=interval, token_id=None)]
    return [
        _Part(
            sheet=rows,
            pair=key.get("symbol") or key.get("token_id") or pair,
            interval=key.get("interval") or interval,
            token_id=_given_id(rows),
        )
        for key, rows in _split(sheet, keys)
    ]


def _given_id(rows: Sheet) -> int | None:
    return cells.ids(rows, "token_id")[0] if "token_id" in rows.columns and rows.rows else None


def _split(sheet: Sheet, keys: Sequence[str]) -> Iterable[tuple[dict[str, str], Sheet]]:
    """The table by its key columns, each part with its key; a blank key is refused."""
    for name in keys:
        values = cells.texts(sheet, name)
        if None in values:
            raise sheet.fault(values.index(None), name, "found nothing, expected a value")
    table = pa.table({name: sheet.columns[name] for name in keys})
    for row in table.group_by(keys).aggregate([]).to_pylist():
        mask = pa.chunked_array([pa.array([True] * sheet.rows)])
        for name in keys:
            mask = pc.and_(mask, pc.equal(sheet.columns[name], row[name]))
        yield row, sheet.where(mask.combine_chunks())


def _identify(parts: list[_Part], tokens: list[Token] | None) -> list[Token]:
    """A token for each part."""
    symbols = candle_names.labels(dict.fromkeys(part.pair for part in parts))
    if tokens is not None:
        return [_known_token(part, symbols[part.pair], tokens) for part in parts]
    numbers = {pair: number for number, pair in enumerate(sorted(symbols), start=1)}
    return [
        Token(
            token_id=part.token_id or numbers[part.pair], symbol=symbols[part.pair], name=part.pair
        )
        for part in parts
    ]


def _known_token(part: _Part, symbol: str, tokens: list[Token]) -> Token:
    lawful = {symbol.upper(), part.pair.upper()}
    found = [
        token for token in tokens
        if (token.token_id == part.token_id if part.token_id else token.symbol.upper() in lawful)
    ]  # fmt: skip
    if len({token.token_id for token in found}) != 1:
        many = "several rows" if found else "no row"
        raise DataError(f"{part.sheet.path}: the tokens file has {many} for {part.pair!r}")
    return found[-1]


def _load(
    part: _Part, token: Token, start: int | None, end: int | None
) -> tuple[list[Bar], CandleSeries]:
    times = cells.instant_column(part.sheet, "open_time")
    if times.null_count:
        row = times.to_pylist().index(None)
        raise part.sheet.fault(row, "open_time", "found nothing, expected an instant")
    interval = part.interval or _usual_interval(times)
    sheet = part.sheet
    if start is not None or end is not None:
        low = pc.greater_equal(times, start if start is not None else 0)
        mask = low if end is None else pc.and_(low, pc.less(times, end))
        sheet, times = sheet.where(mask.combine_chunks()), times.filter(mask)
    bars = _bars(sheet, times, token.token_id, interval)
    found, kept = examine(bars, sheet, token.symbol)
    return kept, found


def _usual_interval(times: Any) -> str:
    """The most frequent distance of neighbouring rows; an hour where it is not a lawful one."""
    instants = sorted(set(times.to_pylist()))
    if len(instants) < 2:
        return "1h"
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    usual = max(set(gaps), key=gaps.count) if len(set(gaps)) < 100 else HOUR
    return candle_names.interval_of(usual) or "1h"


def _bars(sheet: Sheet, times: Any, token_id: int, interval: str) -> list[Bar]:
    prices = [cells.prices(sheet, name) for name in ("open", "high", "low", "close")]
    for name, column in zip(("open", "high", "low", "close"), prices, strict=True):
        if None in column:
            raise sheet.fault(column.index(None), name, "found nothing, expected a price")
    volumes: list[Any] = (
        cells.decimals(sheet, "volume") if "volume" in sheet.columns else [None] * sheet.rows
    )
    columns: list[list[Any]] = [times.to_pylist(), *prices, volumes]
    return [
        Bar(
            token_id=token_id, open_time=open_time, open=open_, high=high, low=low, close=close,
            volume=volume, interval=interval,
        )
        for open_time, open_, high, low, close, volume in zip(*columns, strict=True)
    ]  # fmt: skip
