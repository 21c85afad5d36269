"""Histories: columns hold exactly what a plain reading of the same files, row by row, gives."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.files.candle_report import CandleReport
from bot.adapters.files.candles import read_candle_history
from bot.adapters.files.record_folder import read_history, read_record
from bot.adapters.files.record_writer import write_record
from bot.domain.bar_table import NONE, History
from bot.domain.data_hash import data_sha256
from bot.domain.decimals import PRICE_MAX, plain
from bot.domain.errors import DataError
from bot.domain.instants import HOUR, format_instant, parse_instant
from bot.domain.values import Bar, Record, Signal
from tests.unit.adapters.files.plain_reading import bar_of, examine_plainly, is_finer, rows_of

T0 = parse_instant("2021-05-19T00:00:00Z")
HEADER = "open_time,open,high,low,close,volume\n"
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Mostly what a whole column is read from at once; some cells that send it back to one by one.
plain_prices = st.decimals(min_value=0, max_value=10**6, places=4).map(plain)
odd_prices = st.one_of(
    st.sampled_from(
        ["1e-8", "2.5E+3", "+7", " 3 ", ".5", "5.", "-1", "0", "1.234567890123456789",
         "1234567890123.5", "99999999999.95", "4000000000000", "-4e12"]
    ),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-PRICE_MAX, max_value=PRICE_MAX)
    .map(plain),
)  # fmt: skip
odd_volumes = st.sampled_from(["", " ", "-0", "1e-30", "12345678901234567890123.5", "7e2"])
hours = st.integers(0, 12).map(lambda hour: T0 + hour * HOUR)
times = st.one_of(hours, hours, hours.map(lambda time: time + 60_000))
spellings: st.SearchStrategy[Callable[[int], str]] = st.sampled_from(
    [
        str, lambda time: str(time // 1000), lambda time: str(time * 1000), format_instant,
        lambda time: str(time * 1_000_000),
        lambda time: format_instant(time).replace("T", " ").removesuffix("Z"),
        lambda time: format_instant(time).replace("Z", "+00:00"),
        lambda time: format_instant(time).replace("Z", ".000Z"),
    ]
)  # fmt: skip


@st.composite
def candle_texts(draw: st.DrawFn) -> str:
    """One file: one spelling of time for most files, one kind of number for most columns."""
    spell, other = draw(spellings), draw(spellings)
    mixed = draw(st.booleans())
    odd = draw(st.sampled_from([plain_prices, plain_prices | odd_prices]))
    volumes = draw(st.sampled_from([plain_prices, plain_prices | st.just(""), odd_volumes]))
    rows = []
    for time in draw(st.lists(times, max_size=12)):
        shown = (other if mixed and draw(st.booleans()) else spell)(time)
        rows.append([shown, *(draw(odd) for _ in range(4)), draw(volumes)])
    again = draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []
    return HEADER + "".join(",".join(row) + "\n" for row in rows + again)


def _hourly(history: History) -> list[Bar]:
    in_tables = [bar for table in history.tables for bar in table.bars()]
    return in_tables + history.rest.bars


def _places(report: CandleReport) -> dict[str, list[int]]:
    return {found.kind: list(found.places) for series in report.series for found in series.findings}


@QUICK
@given(texts=st.lists(candle_texts(), min_size=1, max_size=3))
def test_candles_in_columns_equal_a_plain_reading(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("candles")
    for number, text in enumerate(texts):
        (folder / f"A-USDT-1h-{number}.csv").write_text(text)
    rows = [rows_of(path) for path in sorted(folder.iterdir())]
    read = [[bar_of(row, 1) for row in each] for each in rows]
    pairs = zip(chain(*rows), chain(*read), strict=True)
    expected = examine_plainly(read, {id(bar) for row, bar in pairs if is_finer(row)})
    history, report = read_candle_history(folder)
    assert _hourly(history) == expected.bars
    first = {kind: found[:5] for kind, found in expected.places.items() if found}
    assert _places(report) == first
    counts = {found.kind: found.count for one in report.series for found in one.findings}
    assert counts == {kind: len(expected.places[kind]) for kind in first}


@QUICK
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([3, 1, 900]), times, st.lists(plain_prices, min_size=4, max_size=4),
            odd_volumes | plain_prices, st.sampled_from(["", "1h", "5m"]),
            st.sampled_from(["", "2021-05-20T00:00:00Z", "1621468800"]),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_a_record_folder_in_columns_equals_a_plain_reading(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("record")
    head = "token_id,open_time,open,high,low,close,volume,interval,available_at\n"
    lines = [
        ",".join([str(token), format_instant(time), *prices, volume, interval, seen])
        for token, time, prices, volume, interval, seen in rows
    ]
    (folder / "bars.csv").write_text(head + "".join(f"{line}\n" for line in lines))
    read = [bar_of(row, int(row["token_id"])) for row in rows_of(folder / "bars.csv")]
    history, _ = read_history(folder)
    found = _hourly(history)

    def order(bar: Bar) -> tuple[int, str, int]:
        return bar.token_id, bar.interval, bar.open_time

    assert sorted(found, key=order) == sorted(read, key=order)
    assert all(len({bar.token_id for bar in table.bars()}) == 1 for table in history.tables)
    assert read_record(folder).bars == read


def test_columns_are_writable_and_of_64_bits(tmp_path: Path) -> None:
    times = [format_instant(T0 + hour * HOUR) for hour in (0, 1)]
    (tmp_path / "A-1h.csv").write_text(HEADER + f"{times[0]},1,2,1,2,\n{times[1]},1,2,1,2.50,3\n")
    table = read_candle_history(tmp_path)[0].tables[0]
    columns = (table.open_time, table.prices, table.volume)
    assert all(one.dtype == "int64" and one.flags.c_contiguous for one in columns)
    assert table.available_at.dtype == "int64"
    assert all(one.flags.writeable for one in columns)
    assert (table.decimals, table.volume_decimals) == (1, 0)
    assert table.volume.tolist() == [-1, 3]


def test_what_64_bits_cannot_hold_stands_among_the_rest(tmp_path: Path) -> None:
    wide = f"{T0},1,2,1,2,123456789012345678901.5\n"
    for pair, row in (("A", wide), ("B", f"{T0},1,2,1,2,5\n")):
        (tmp_path / f"{pair}-1h.csv").write_text(HEADER + row)
    history, _ = read_candle_history(tmp_path)
    assert [table.token_id for table in history.tables] == [2]
    assert [bar.volume for bar in history.rest.bars] == [Decimal("123456789012345678901.5")]


def test_a_file_without_rows_beside_one_of_very_small_volumes_is_read(tmp_path: Path) -> None:
    (tmp_path / "A-1h-1.csv").write_text(HEADER)
    (tmp_path / "A-1h-2.csv").write_text(HEADER + f"{T0},1,2,1,2,1e-30\n")
    history, _ = read_candle_history(tmp_path)
    assert [bar.volume for bar in history.rest.bars] == [Decimal("1e-30")]


def test_prices_of_13_digits_are_rounded_half_to_even(tmp_path: Path) -> None:
    row = f"{T0},10.00000000005,20.00000000015,0.99,10.00000000004,1\n"
    (tmp_path / "A-1h.csv").write_text(HEADER + row)
    table = read_candle_history(tmp_path)[0].tables[0]
    assert [plain(value) for value in (table.bars()[0].open, table.bars()[0].high)] == [
        "10", "20.0000000002"
    ]  # fmt: skip
    assert table.bars()[0].close == 10


def test_bars_of_another_interval_stand_among_the_rest(tmp_path: Path) -> None:
    (tmp_path / "A_5m.csv").write_text(HEADER + f"{T0},1,2,1,2,\n")
    history, _ = read_candle_history(tmp_path)
    assert (history.tables, [bar.interval for bar in history.rest.bars]) == ([], ["5m"])


def test_files_of_one_pair_are_one_series(tmp_path: Path) -> None:
    lines = [f"{T0 + hour * HOUR},1,2,1,2,\n" for hour in range(6)]
    (tmp_path / "AUSDT-1h-2021-01.csv").write_text(HEADER + "".join(lines[:3]))
    (tmp_path / "AUSDT-1h-2021-02.csv").write_text(HEADER + lines[2] + lines[5])
    history, report = read_candle_history(tmp_path)
    assert len(history.tables[0]) == 4
    assert report.lines() == [
        "AUSDT-1h-2021-01.csv and 1 more: A 1h: gap of 2 hours from 2021-05-19T03:00:00Z",
        "AUSDT-1h-2021-01.csv and 1 more: A 1h: 1 duplicate row, counted once "
        "(2021-05-19T02:00:00Z)",
    ]


@pytest.mark.parametrize(
    ("cell", "column", "problem"),
    [
        ("0x179867c0000,1,2,1,2,3", "open_time", "'0x179867c0000' is not an instant"),
        (f"{T0},,2,1,2,3", "open", "found nothing, expected a value"),
        (f"{T0},1,2,1..,2,3", "low", "'1..' is not a decimal number"),
        (f"{T0},1,2,1,1e0005,3", "close", "'1e0005' is not a decimal number"),
        (f"{T0},1,2,1,2,many", "volume", "'many' is not a decimal number"),
        (f"{T0},1,2,1,2,-1", "volume", "'-1' is below 0: expected an amount"),
        (f"{T0},1,2,4000000000100,2,3", "low", "'4000000000100' is too large for a price"),
        (f"{T0},1,2,-1e30,2,3", "low", "'-1e30' is too large for a price"),
        (f"{T0},1,2,1,470000000000000000000000,3", "close", "'47.*' is too large for a price"),
    ],
)
def test_a_faulty_cell_is_named(tmp_path: Path, cell: str, column: str, problem: str) -> None:
    (tmp_path / "A-1h.csv").write_text(HEADER + f"{T0},1,2,1,2,3\n{cell}\n")
    with pytest.raises(DataError, match=f"row 3, column {column}: {problem}"):
        read_candle_history(tmp_path)


def test_an_interval_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text("interval," + HEADER + f"hourly,{T0},1,2,1,2,3\n")
    with pytest.raises(DataError, match="row 2, column interval: found 'hourly'"):
        read_candle_history(tmp_path)


RECORD = Record(
    bars=[
        Bar(
            token_id=token_id, open_time=T0 + hour * HOUR, open=Decimal("1.50"), high=Decimal(2),
            low=Decimal("0.001"), close=Decimal("1.5"), volume=volume,
        )
        for token_id in (2, 1)
        for hour, volume in ((0, None), (1, Decimal("7.10")))
    ],
    signals=[Signal(token_id=1, valid_time=T0, signal="1")],
)  # fmt: skip


def test_the_data_hash_is_that_of_the_content_not_of_the_files(tmp_path: Path) -> None:
    write_record(RECORD, tmp_path / "a", "csv")
    write_record(RECORD, tmp_path / "b", "parquet")
    padded = (tmp_path / "a" / "bars.csv").read_text().replace("7.1,", "7.1000,")
    write_record(RECORD, tmp_path / "c", "csv")
    (tmp_path / "c" / "bars.csv").write_text(padded)
    hashes = {data_sha256(read_history(tmp_path / name)[0]) for name in "abc"}
    assert len(hashes) == 1


def test_the_data_hash_does_not_depend_on_the_scale_of_a_table(tmp_path: Path) -> None:
    write_record(RECORD, tmp_path, "csv")
    history, _ = read_history(tmp_path)
    scaled = [
        replace(
            table, prices=table.prices * 100, decimals=table.decimals + 2,
            volume=np.where(table.volume == NONE, NONE, table.volume * 10),
            volume_decimals=table.volume_decimals + 1,
        )
        for table in history.tables
    ]  # fmt: skip
    assert data_sha256(History(tables=scaled, rest=history.rest)) == data_sha256(history)


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("bars", "7.1,", "7.2,"),
        ("bars", "7.1,", ","),
        ("bars", "0.001,", "0.01,"),
        ("bars", "2021-05-19T01:00:00Z", "2021-05-19T02:00:00Z"),
        ("bars", "1,2021-05-19T01", "3,2021-05-19T01"),
        ("signals", ",1,", ",-1,"),
    ],
)
def test_any_change_of_a_value_changes_the_data_hash(
    tmp_path: Path, table: str, old: str, new: str
) -> None:
    write_record(RECORD, tmp_path, "csv")
    before = data_sha256(read_history(tmp_path)[0])
    path = tmp_path / f"{table}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert data_sha256(read_history(tmp_path)[0]) != before


def test_reading_candles_imports_no_pandas(tmp_path: Path) -> None:
    (tmp_path / "A-1h.csv").write_text(HEADER + f"{format_instant(T0)},1,2,1,2,\n")
    code = (
        "import sys, pathlib; from bot.adapters.files.candles import read_candle_history as read;"
        "read(pathlib.Path(sys.argv[1])); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 0
