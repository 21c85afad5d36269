"""A record folder (CSV or Parquet files of what was seen, and when) as a Record or a History."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.adapters.files import cells
from bot.adapters.files.bars_table import BarPart, read_bars
from bot.adapters.files.layout import FORMATS, TABLES, Column
from bot.adapters.files.sheet import Sheet, read_sheet, refuse_absent, release_memory
from bot.domain.bar_table import History
from bot.domain.decimals import plain
from bot.domain.errors import DataError
from bot.domain.values import (
    Bar,
    Command,
    Grade,
    Level,
    LevelList,
    Metrics,
    Record,
    Signal,
    Slot,
    Token,
)

_PARSERS: dict[str, Callable[[Sheet, str], list[Any]]] = {
    "id": cells.ids,
    "time": cells.instants,
    "price": cells.prices,
    "decimal": cells.decimals,
    "number": cells.numbers,
    "flag": cells.flags,
    "text": cells.texts,
}
_SOURCES = ("hourly", "daily")
_VOLUME_UNITS = ("base", "quote", "unknown", "")
_COMMANDS = ("PAUSE", "RESUME", "CLOSE", "WRITE_OFF", "ACK")
_OF_A_TOKEN = ("CLOSE", "WRITE_OFF")


def read_record(folder: Path) -> Record:
    """The record in a folder; only the bars are required, absent tables are empty.

    Rows keep the order of their file. Where no tokens file is there, tokens are made from the
    ids seen. Raises DataError naming file, row and column of the first fault.
    """
    return read_record_with_notes(folder)[0]


def read_record_with_notes(folder: Path) -> tuple[Record, list[str]]:
    """The record, and what a person may want to know: ignored columns, tokens without a row."""
    record, parts, notes = _read(folder)
    record.bars = _in_file_order(parts)
    return record, notes


def read_history(folder: Path) -> tuple[History, list[str]]:
    """The same with the hourly bars of each token as a table, and notes."""
    record, parts, notes = _read(folder)
    history = History(rest=record)
    for part in parts:
        table = part.rows.table(part.token_id) if part.interval == "1h" else None
        if table is None:
            record.bars.extend(part.rows.in_order().bars(part.token_id, part.interval))
        else:
            history.tables.append(table)
    return history, notes


def _read(folder: Path) -> tuple[Record, list[BarPart], list[str]]:
    """Everything but the bars; the bars by token and interval; notes."""
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such record folder")
    paths = {name: _find(folder, name) for name in TABLES}
    if paths["bars"] is None:
        raise DataError(f"{folder}: holds no bars: expected bars.csv, bars.csv.gz or bars.parquet")
    record, parts, notes = Record(), [], []
    for name, path in paths.items():
        if path is None:
            continue
        sheet = read_sheet(path)
        if name == "bars":
            parts = read_bars(sheet)
        else:
            getattr(record, name).extend(_READERS[name](sheet))
        notes += _ignored(sheet, name)
        del sheet
    release_memory()
    _complete_tokens(record, {part.token_id for part in parts}, notes, paths["tokens"])
    return record, parts, notes


def _in_file_order(parts: list[BarPart]) -> list[Bar]:
    placed: dict[int, Bar] = {}
    for part in parts:
        bars = part.rows.bars(part.token_id, part.interval)
        placed.update(zip(part.places.tolist(), bars, strict=True))
    return [placed[place] for place in range(len(placed))]


def read_tokens(folder: Path) -> list[Token] | None:
    """The rows of the folder's tokens file; None where there is none."""
    path = _find(folder, "tokens")
    return None if path is None else _tokens(read_sheet(path))


def _find(folder: Path, name: str) -> Path | None:
    there = [path for path in (folder / f"{name}.{form}" for form in FORMATS) if path.is_file()]
    if len(there) > 1:
        both = " and ".join(path.name for path in there)
        raise DataError(f"{folder}: holds {both}: keep one of them")
    return there[0] if there else None


def _typed(sheet: Sheet, columns: tuple[Column, ...]) -> list[list[Any]]:
    """One list per column, in the order given; an absent optional column is all None."""
    out = []
    for column in columns:
        if column.name not in sheet.columns:
            if column.required:
                refuse_absent(sheet, column.name)
            out.append([None] * sheet.rows)
            continue
        values = _PARSERS[column.kind](sheet, column.name)
        # A blank text is a text; a blank number or instant is not one.
        if column.required and column.kind != "text" and None in values:
            raise sheet.fault(values.index(None), column.name, "found nothing, expected a value")
        out.append(values)
    return out


def _ignored(sheet: Sheet, table: str) -> list[str]:
    known = {column.name for column in TABLES[table]}
    extra = [name for name in sheet.columns if name not in known]
    if table == "metrics":
        extra = [name for name in extra if not cells.holds_a_number(sheet, name)]
    notes = [f"{sheet.path.name}: column {name!r} is not known and was ignored" for name in extra]
    return notes + (_foreign_sources(sheet) if table == "signals" else [])


def _foreign_sources(sheet: Sheet) -> list[str]:
    """Whoever made a signal, it is daily or hourly; another name is read as hourly, and said."""
    if "source" not in sheet.columns:
        return []
    names = set(cells.texts(sheet, "source")) - {None, "", *_SOURCES}
    return [
        f"{sheet.path.name}: source {name!r} is read as hourly" for name in sorted(map(str, names))
    ]


def _complete_tokens(
    record: Record, with_bars: set[int], notes: list[str], tokens_file: Path | None
) -> None:
    rows: list[Any] = [*record.signals, *record.metrics, *record.levels, *record.grades]
    seen = with_bars | {row.token_id for row in rows}
    if tokens_file is None:
        record.tokens = [Token(token_id=found, symbol=str(found)) for found in sorted(seen)]
        return
    nameless = sorted(seen - {token.token_id for token in record.tokens})
    if nameless:
        listed = ", ".join(map(str, nameless[:10]))
        notes.append(f"{tokens_file.name}: no row for {len(nameless)} ids seen: {listed}")


def _one_of(sheet: Sheet, column: str, values: list[str | None], lawful: tuple[str, ...]) -> None:
    for odd in set(values) - {None, *lawful}:
        expected = ", ".join(filter(None, lawful))
        problem = f"found {odd!r}, expected one of {expected}"
        raise sheet.fault(values.index(odd), column, problem)


def _all_above_zero(sheet: Sheet, column: str, values: list[Decimal | None]) -> None:
    for row, value in enumerate(values):
        if value is not None and value <= 0:
            raise sheet.fault(row, column, f"found {plain(value)}, expected a step above 0")


def _tokens(sheet: Sheet) -> list[Token]:
    lists = _typed(sheet, TABLES["tokens"])
    _one_of(sheet, "volume_unit", lists[8], _VOLUME_UNITS)
    for place, name in ((5, "tick"), (6, "lot")):
        _all_above_zero(sheet, name, lists[place])
    return [
        Token(
            token_id=token_id, symbol=symbol or "", name=name or "", sector=sector or "",
            category=category or "", tick=tick, lot=lot, min_notional=least,
            volume_unit=unit or "", market_cap=cap, available_at=available,
        )
        for token_id, symbol, name, sector, category, tick, lot, least, unit, cap, available
        in zip(*lists, strict=True)
    ]  # fmt: skip


def _signals(sheet: Sheet) -> list[Signal]:
    lists = _typed(sheet, TABLES["signals"])
    return [
        Signal(
            token_id=token_id, valid_time=valid_time, signal=signal or "",
            source="daily" if source == "daily" else "hourly", available_at=available,
        )
        for token_id, valid_time, signal, source, available in zip(*lists, strict=True)
    ]  # fmt: skip


def _metrics(sheet: Sheet) -> list[Metrics]:
    fixed = ("token_id", "valid_time", "available_at")
    keys = tuple(column for column in TABLES["metrics"] if column.name in fixed)
    token_ids, valid_times, available = _typed(sheet, keys)
    known = {column.name for column in TABLES["metrics"]}
    names = sorted(
        name for name in sheet.columns
        if name not in fixed and (name in known or cells.holds_a_number(sheet, name))
    )  # fmt: skip
    values = [cells.numbers(sheet, name) for name in names]
    return [
        Metrics(
            token_id=token_ids[row], valid_time=valid_times[row], available_at=available[row],
            values=tuple(
                (name, value) for name, column in zip(names, values, strict=True)
                if (value := column[row]) is not None
            ),
        )
        for row in range(sheet.rows)
    ]  # fmt: skip


def _levels(sheet: Sheet) -> list[LevelList]:
    lists: dict[tuple[int, int], list[Level]] = {}
    empty: dict[tuple[int, int], int] = {}
    columns = _typed(sheet, TABLES["levels"])
    for row, (token_id, seen_at, price, strength, date) in enumerate(zip(*columns, strict=True)):
        key = (token_id, seen_at)
        levels = lists.setdefault(key, [])
        if price is None:
            empty[key] = row
        else:
            levels.append(Level(price=price, strength=strength, level_date=date))
    for key, row in empty.items():
        if lists[key]:
            problem = "found no price (an empty list), but the same list has prices elsewhere"
            raise sheet.fault(row, "price", problem)
    return [
        LevelList(token_id=token_id, seen_at=seen_at, levels=tuple(levels))
        for (token_id, seen_at), levels in lists.items()
    ]


def _grades(sheet: Sheet) -> list[Grade]:
    return [
        Grade(token_id=token_id, valid_time=valid_time, tm_grade=grade, available_at=available)
        for token_id, valid_time, grade, available
        in zip(*_typed(sheet, TABLES["grades"]), strict=True)
    ]  # fmt: skip


def _slots(sheet: Sheet) -> list[Slot]:
    return [
        Slot(slot=slot, as_of=as_of, missed=bool(missed))
        for slot, as_of, missed in zip(*_typed(sheet, TABLES["slots"]), strict=True)
    ]


def _commands(sheet: Sheet) -> list[Command]:
    lists = _typed(sheet, TABLES["commands"])
    _one_of(sheet, "kind", lists[1], _COMMANDS)
    found = [
        Command(
            at=at, kind=kind, source=source or "operator", strategy=strategy or "",
            token_id=token_id, note=note or "",
        )
        for at, kind, source, strategy, token_id, note in zip(*lists, strict=True)
    ]  # fmt: skip
    for row, one in enumerate(found):
        if one.kind in _OF_A_TOKEN and one.token_id is None:
            raise sheet.fault(row, "token_id", f"found nothing, expected the token to {one.kind}")
    return found


_READERS: dict[str, Callable[[Sheet], list[Any]]] = {
    "tokens": _tokens,
    "signals": _signals,
    "metrics": _metrics,
    "levels": _levels,
    "grades": _grades,
    "slots": _slots,
    "commands": _commands,
}
