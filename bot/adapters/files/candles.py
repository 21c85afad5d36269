"""Candle files of any common spelling as a History, with a report of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.adapters.files import bulk, candle_names, cells
from bot.adapters.files.bar_rows import BarRows, read_rows, refuse_blank, required_instants
from bot.adapters.files.candle_report import CandleReport, SeriesName, examine
from bot.adapters.files.record_folder import read_tokens
from bot.adapters.files.sheet import Sheet, grouped, read_sheet, release_memory, stem_and_suffix
from bot.domain.bar_table import History, IntColumn
from bot.domain.errors import DataError
from bot.domain.values import Record, Token

_KEYS = ("token_id", "symbol", "interval")
_VALUES = ("open_time", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    start: int | None
    end: int | None

    def rows(self, times: IntColumn) -> IntColumn | None:
        """The numbers of the rows inside; None for all."""
        if self.start is None and self.end is None:
            return None
        inside = times >= (self.start or 0)
        return np.flatnonzero(inside if self.end is None else inside & (times < self.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The rows of one pair and interval in one file."""

    path: Path
    pair: str
    interval: str
    token_id: int | None  # None: by the pair
    rows: BarRows


def read_candle_history(
    folder: Path, start: int | None = None, end: int | None = None
) -> tuple[History, CandleReport]:
    """The bars of a folder of candle files (or of one file) that open in [start, end).

    Token ids are those of a `tokens` file in the folder, matched by symbol; else 1, 2, ... by
    sorted pair, whatever the span, so that an id does not depend on it. Files of one pair and
    interval are one series. Rows come sorted by time; rows told twice count once; all else is
    kept and reported. Tokens without a bar in the span are left out. Raises DataError for files
    that hold no candles.
    """
    listed = read_tokens(folder) if folder.is_dir() else None
    parts = _read_files(_candle_files(folder), _Span(start=start, end=end))
    tokens = _identify(parts, listed)
    by_series = _by_series(parts, tokens)
    parts.clear()  # so that no series' rows outlive its table
    history, series = History(), []
    for name in list(by_series):
        report, kept = examine([part.rows for part in by_series.pop(name)], name)
        series.append(report)
        _add(history, name, kept)
    with_bars = {report.token_id for report in series if report.bars}
    unique = {token.token_id: token for token in tokens if token.token_id in with_bars}
    history.rest.tokens = [unique[token_id] for token_id in sorted(unique)]
    return history, CandleReport(series=tuple(series))


def read_candles(
    folder: Path, start: int | None = None, end: int | None = None
) -> tuple[Record, CandleReport]:
    """The same as values, each token's hourly bars first."""
    history, report = read_candle_history(folder, start, end)
    bars = [bar for table in history.tables for bar in table.bars()] + history.rest.bars
    bars.sort(key=lambda bar: bar.token_id)
    return Record(tokens=history.rest.tokens, bars=bars), report


def _add(history: History, name: SeriesName, rows: BarRows) -> None:
    table = rows.table(name.token_id) if name.interval == "1h" else None
    if table is None:
        history.rest.bars.extend(rows.bars(name.token_id, name.interval))
    elif len(table):
        history.tables.append(table)


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


def _read_files(paths: Sequence[Path], span: _Span) -> list[_Part]:
    """The parts of all files, in the files' order.

    One file after the other: two at once, on two cores, took as long and twice the memory.
    """
    parts = [part for path in paths for part in _read_file(path, span)]
    release_memory()
    return parts


def _read_file(path: Path, span: _Span) -> list[_Part]:
    raw = read_sheet(path)
    names = candle_names.canonical_columns(path, raw.columns)
    columns = {ours: raw.columns[theirs] for ours, theirs in names.items()}
    sheet = Sheet(path=path, columns=columns, rows=raw.rows)
    del raw, columns
    return [_part(rows, key, span) for key, rows in _by_key(sheet)]


def _by_key(sheet: Sheet) -> Iterator[tuple[dict[str, str], Sheet]]:
    """The rows of each token and interval, with the cells that say which; no such cell is blank."""
    keys: list[str] = [name for name in _KEYS if name in sheet.columns]
    if not keys:
        yield {}, sheet
        return
    codes = np.zeros(sheet.rows, dtype=np.int64)
    for name in keys:
        column = sheet.columns[name]
        refuse_blank(sheet, name, ~bulk.filled(column))
        encoded = column.dictionary_encode()
        codes = codes * len(encoded.dictionary) + bulk.integers(encoded.indices.cast("int64"))
    for rows in grouped(codes):
        first = {name: str(sheet.columns[name][int(rows[0])].as_py()) for name in keys}
        yield first, sheet.at(rows)


def _part(sheet: Sheet, key: dict[str, str], span: _Span) -> _Part:
    pair, interval = candle_names.pair_and_interval(sheet.path)
    if "interval" in key:
        interval = candle_names.lawful_interval(key["interval"])
        if interval is None:
            problem = f"found {key['interval']!r}, expected an interval such as 1h"
            raise sheet.fault(0, "interval", problem)
    token_id = None
    if "token_id" in key:
        token_id = cells.ids(sheet.at(np.zeros(1, np.int64)), "token_id")[0]
    times = required_instants(sheet, "open_time")
    inside = span.rows(times)
    sheet = sheet.of(name for name in _VALUES if name in sheet.columns)
    rows = sheet if inside is None else sheet.at(inside)
    return _Part(
        path=sheet.path,
        pair=key.get("symbol") or key.get("token_id") or pair,
        interval=interval or _usual_interval(times),
        token_id=token_id,
        rows=read_rows(rows, times if inside is None else times[inside]),
    )


def _usual_interval(times: IntColumn) -> str:
    """The most frequent distance of neighbouring rows; an hour where it is not a lawful one."""
    distances, counts = np.unique(np.diff(np.unique(times)), return_counts=True)
    if not len(counts):
        return "1h"
    return candle_names.interval_of(int(distances[counts.argmax()])) or "1h"


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
        raise DataError(f"{part.path}: the tokens file has {many} for {part.pair!r}")
    return found[-1]


def _by_series(parts: list[_Part], tokens: list[Token]) -> dict[SeriesName, list[_Part]]:
    """The parts of each token and interval, by token id and interval, in the files' order."""
    found: dict[tuple[int, str], list[_Part]] = {}
    symbols = {}
    for part, token in zip(parts, tokens, strict=True):
        found.setdefault((token.token_id, part.interval), []).append(part)
        symbols[token.token_id] = token.symbol
    return {
        SeriesName(
            files=tuple(part.path.name for part in members), token_id=token_id,
            symbol=symbols[token_id], interval=interval,
        ): members
        for (token_id, interval), members in sorted(found.items(), key=lambda item: item[0])
    }  # fmt: skip
