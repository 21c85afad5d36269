"""Files that are no tables, or tables of nonsense: a place and a reason, in bounded memory."""

from __future__ import annotations

import decimal
import gzip
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as pa_feather
import pyarrow.parquet as pa_parquet
import pytest

from bot.adapters.files.candles import read_candle_history
from bot.adapters.files.record_folder import read_record
from bot.adapters.files.sheet_faults import COLUMNS_MAX, ROW_BYTES_MAX
from bot.domain.errors import DataError

HEAD = b"token_id,open_time,open,high,low,close,volume\n"
ROW = b"1,2025-05-10T13:00:00Z,1,2,0.5,1.5,10\n"
NAMES = HEAD.decode().strip().split(",")
Read = Callable[[Path], object]
READERS: list[Read] = [read_record, read_candle_history]


def refusal(path: Path, body: bytes, read: Read) -> str:
    """What is said about a file, without the folder."""
    path.write_bytes(body)
    with pytest.raises(DataError) as caught:
        read(path.parent)
    text = str(caught.value)
    assert len(text) < 700
    assert text.isprintable()
    return text.replace(str(path.parent) + "/", "")


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "bars.csv: the file is empty"),
        (b"\n\n" + HEAD + ROW, "bars.csv: the file is empty"),
        (b"a,\0,b\n", "row 1: holds NUL characters"),
        ((HEAD + ROW).decode().encode("utf-16-le"), "row 1: holds NUL characters"),
        ((HEAD + ROW).decode().encode("utf-16"), "row 1: is not UTF-8 text (byte 0xff at place 1)"),
        (HEAD + ROW + "1,é\n".encode("latin-1"), "row 3: is not UTF-8 text (byte 0xe9 at place 3)"),
        (HEAD + ROW * 400 + b"\xc3\n", "row 402: is not UTF-8 text (byte 0xc3 at place 1)"),
        (HEAD + b"1,2025-05-10T13:00:00Z,1,2,.5,1\0,1\n", r"row 2, column close: '1\x00' is not a"),
        (HEAD + ROW[:-1] + b",5\n", "Expected 7 columns, got 8"),
        (HEAD + b"1,2\n", "Expected 7 columns, got 2"),
        (HEAD + ROW + b'1,"2\n' + ROW * 9, "Row #3: Expected 7 columns"),
        (b'"token_id,open_time\n' + ROW * 9, "row 1: a quote is opened and never closed"),
        (
            HEAD + ROW + ROW[:-3] + b"9" * 2 * ROW_BYTES_MAX + b"\n" + ROW,
            "row 3: is longer than 4 MiB",
        ),
        (HEAD + ROW + ROW[:-3] + b"9" * 2000 + b"\n", "row 3, column volume: '99"),
        (b"a" * 5_000_000 + b"\n", "row 1: the header cannot be read"),
        (b",".join(b"c%d" % n for n in range(COLUMNS_MAX + 1)) + b"\n", "names 2001 columns"),
        (b"1," * 2_000_000, "row 1: the header names"),
        (HEAD.replace(b"low", b"high") + ROW, "column 'high' stands there twice"),
        (b"<html>\n<body>503</body>\n", "found <html>"),
        (b"\x1b]0;owned\x07," + HEAD[9:] + ROW, "token_id"),
        (HEAD + b"1,2025-05-10T13:00:00Z,1,2,.5,1,\x1b[31m\n", "row 2, column volume"),
        (HEAD + b"1,2025-05-10T13:00:00Z,1,2,.5,1," + b"9" * 99_999 + b"x\n", "row 2, column vol"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value[:40],
)
def test_a_file_that_is_no_table_is_refused_by_its_place(
    tmp_path: Path, read: Read, body: bytes, said: str
) -> None:
    if read is read_candle_history and "token_id" in said:
        return  # a column that a candle file need not have
    assert said in refusal(tmp_path / "bars.csv", body, read)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ("nan", "close"), ("inf", "close"), ("-inf", "high"), ("1e999", "close"),
        ("1,234.5", "volume"), ("0x10", "low"), ("1_0", "low"), ("True", "open"), ("", "open"),
        ("\u0661", "close"), ("1e30", "close"), ("-1", "volume"), ("1e1000", "volume"),
        ("", "open_time"), ("1970-01-01", "open_time"), ("9999-12-31T00:00:00Z", "open_time"),
        ("2025-05-10T13:00:60Z", "open_time"), ("12", "open_time"), ("17468820000000000000000",
        "open_time"), ("13.05.2025", "open_time"), ("0", "token_id"), ("1.5", "token_id"),
        ("1000000000000000", "token_id"), ("=1+1", "token_id"), ("true", "token_id"),
    ],
)  # fmt: skip
def test_a_hostile_cell_is_named_by_line_and_column(
    tmp_path: Path, read: Read, cell: str, column: str
) -> None:
    cells = ROW.decode().strip().split(",")
    cells[NAMES.index(column)] = f'"{cell}"'
    body = HEAD + ROW + ",".join(cells).encode() + b"\n"
    assert f"bars.csv, row 3, column {column}: " in refusal(tmp_path / "bars.csv", body, read)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def test_names_that_look_like_formulas_markup_or_paths_are_read_as_they_stand(
    tmp_path: Path,
) -> None:
    names = [
        "=cmd|' /C calc'!A0",
        "<b>x</b>",
        "../../x",
        "a;b|c",
        '"quoted"',
        "two\nlines",
        "\u202ex",
    ]
    lines = [f"{n},{quoted(name)}" for n, name in enumerate(names, start=1)]
    (tmp_path / "bars.csv").write_bytes(HEAD + ROW)
    (tmp_path / "tokens.csv").write_text("token_id,symbol\n" + "\n".join(lines) + "\n")
    assert [token.symbol for token in read_record(tmp_path).tokens] == names


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "body",
    [gzip.compress(HEAD + ROW * 99)[:-9], gzip.compress(HEAD + ROW) + b"xx", b"\x1f\x8b", HEAD],
    ids=["cut", "followed", "begun", "plain"],
)
def test_a_broken_compression_is_refused(tmp_path: Path, read: Read, body: bytes) -> None:
    assert "bars.csv.gz: cannot be read" in refusal(tmp_path / "bars.csv.gz", body, read)


def test_a_header_of_a_million_columns_costs_no_more_than_its_beginning(tmp_path: Path) -> None:
    packed = gzip.compress(b"column," * 5_000_000, 1)
    tracemalloc.start()
    said = refusal(tmp_path / "bars.csv.gz", packed, read_record)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "row 1: the header names" in said
    assert peak < 50 * (1 << 20)


def parquet(**columns: Any) -> bytes:
    good: dict[str, Any] = {
        "token_id": [1], "open_time": ["2025-05-10T13:00:00Z"], "open": [1.0], "high": [2.0],
        "low": [0.5], "close": [1.5], "volume": [10.0],
    }  # fmt: skip
    out = io.BytesIO()
    pa_parquet.write_table(pa.table(good | columns), out)
    return out.getvalue()


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"close": [[1.5]]}, "column close: holds list"),
        ({"close": [{"a": 1}]}, "column close: holds struct"),
        ({"close": [b"\xff"]}, "column close: holds binary"),
        ({"close": [True]}, "row 1, column close: 'true' is not a decimal"),
        ({"close": [float("inf")]}, "row 1, column close: 'inf' is not a decimal"),
        ({"close": [float("nan")]}, "row 1, column close: found nothing"),
        ({"close": [None]}, "row 1, column close: found nothing"),
        ({"close": [1e300]}, "row 1, column close: '1e+300' is too large"),
        ({"close": [decimal.Decimal("1e37")]}, "row 1, column close: '1000"),
        ({"volume": [-1.0]}, "row 1, column volume: '-1' is below 0"),
        ({"token_id": pa.array([2**64 - 1], pa.uint64())}, "row 1, column token_id"),
        # A unit mistake upstream: seconds written as milliseconds, or nanoseconds.
        (
            {"open_time": pa.array([1_746_882_000], pa.timestamp("ms"))},
            "row 1, column open_time: an",
        ),
        ({"open_time": pa.array([10**18], pa.timestamp("ms"))}, "row 1, column open_time: an"),
        ({"open_time": pa.array([1], pa.date32())}, "row 1, column open_time: an instant"),
        ({"open_time": pa.array([1], pa.time64("us"))}, "row 1, column open_time: '00:00"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:30],
)
def test_a_hostile_typed_column_is_named(
    tmp_path: Path, read: Read, columns: dict[str, Any], said: str
) -> None:
    assert said in refusal(tmp_path / "bars.parquet", parquet(**columns), read)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_of_every_unit_are_read(tmp_path: Path, unit: str) -> None:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    times = pa.array([1_746_882_000 * per_second], pa.timestamp(unit, tz="UTC"))
    (tmp_path / "bars.parquet").write_bytes(parquet(open_time=times))
    assert read_record(tmp_path).bars[0].open_time == 1_746_882_000_000


@pytest.mark.parametrize("name", ["bars.parquet", "bars.feather"])
@pytest.mark.parametrize("body", [b"", b"PAR1" + b"\0" * 99 + b"PAR1", b"ARROW1\0\0", b"x" * 99])
def test_bytes_that_are_no_table_are_refused(tmp_path: Path, name: str, body: bytes) -> None:
    assert "cannot be read" in refusal(tmp_path / name, body, read_candle_history)


def test_a_folder_with_the_name_of_a_file_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").mkdir()
    for read in READERS:
        with pytest.raises(DataError):
            read(tmp_path)


def test_feather_of_nested_columns_is_refused(tmp_path: Path) -> None:
    table = pa.table({name: [[1]] for name in NAMES})
    pa_feather.write_feather(table, tmp_path / "A-1h.feather")
    with pytest.raises(DataError, match="column token_id: holds list"):
        read_candle_history(tmp_path)
