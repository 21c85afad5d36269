"""Record folders: what is written reads back equal, and what is wrong is named by its place."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.files.layout import FORMATS, FileFormat
from bot.adapters.files.record_folder import read_record, read_record_with_notes
from bot.adapters.files.record_writer import write_record
from bot.domain.decimals import PRICE_MAX, canonical_price, plain
from bot.domain.errors import DataError, StorageError
from bot.domain.instants import EARLIEST, HOUR, LATEST, parse_instant
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

T0 = parse_instant("2025-05-10T13:00:00Z")
BARS = "token_id,open_time,open,high,low,close,volume\n1,2025-05-10T13:00:00Z,1,2,0.5,1.5,10\n"


def _folder(base: Path, **files: str) -> Path:
    for name, text in {"bars": BARS, **files}.items():
        (base / f"{name}.csv").write_text(text, encoding="utf-8")
    return base


ids = st.integers(1, 10**12)
times = st.integers(EARLIEST, LATEST - 1)
maybe_times = st.none() | times
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
prices = st.decimals(min_value=-PRICE_MAX, max_value=PRICE_MAX, places=None, allow_nan=False).map(
    canonical_price
)
exact = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)
amounts = exact.map(abs)
steps = amounts.filter(bool)
floats = st.floats(allow_nan=False, allow_infinity=False)
names = st.sampled_from(["sharpe", "sortino", "volatility", "max_drawdown", "cagr", "value_1", "z"])

tokens = st.builds(
    Token,
    token_id=ids, symbol=texts, name=texts, sector=texts, category=texts, tick=st.none() | steps,
    lot=st.none() | steps, min_notional=st.none() | exact,
    volume_unit=st.sampled_from(["", "base", "quote", "unknown"]), market_cap=st.none() | exact,
    available_at=maybe_times,
)  # fmt: skip
bars = st.builds(
    Bar,
    token_id=ids, open_time=times, open=prices, high=prices, low=prices, close=prices,
    volume=st.none() | amounts, interval=st.sampled_from(["1h", "5m", "1d"]),
    available_at=maybe_times,
)  # fmt: skip
signals = st.builds(
    Signal,
    token_id=ids, valid_time=times, signal=texts, source=st.sampled_from(["hourly", "daily"]),
    available_at=maybe_times,
)  # fmt: skip
metrics = st.builds(
    Metrics,
    token_id=ids, valid_time=times, available_at=maybe_times,
    values=st.dictionaries(names, floats).map(lambda found: tuple(sorted(found.items()))),
)  # fmt: skip
levels = st.builds(
    LevelList,
    token_id=ids, seen_at=times,
    levels=st.lists(
        st.builds(Level, price=prices, strength=st.none() | floats, level_date=maybe_times),
        max_size=3,
    ).map(tuple),
)  # fmt: skip
grades = st.builds(
    Grade, token_id=ids, valid_time=times, tm_grade=st.none() | floats, available_at=maybe_times
)
slots = st.builds(Slot, slot=times, as_of=times, missed=st.booleans())
filled = texts.filter(bool)
commands = st.one_of(
    st.builds(Command, at=times, kind=st.sampled_from(["PAUSE", "RESUME", "ACK"]), source=filled,
              strategy=texts, note=texts),
    st.builds(Command, at=times, kind=st.sampled_from(["CLOSE", "WRITE_OFF", "ACK"]),
              source=filled, strategy=texts, token_id=ids, note=texts),
)  # fmt: skip
records = st.builds(
    Record,
    tokens=st.lists(tokens, max_size=3),
    bars=st.lists(bars, max_size=4),
    signals=st.lists(signals, max_size=3),
    metrics=st.lists(metrics, max_size=3),
    levels=st.lists(levels, max_size=3, unique_by=lambda found: (found.token_id, found.seen_at)),
    grades=st.lists(grades, max_size=3),
    slots=st.lists(slots, max_size=3),
    commands=st.lists(commands, max_size=3),
)


@pytest.mark.parametrize("file_format", FORMATS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record=records)
def test_a_record_written_and_read_is_the_same_record(
    tmp_path_factory: pytest.TempPathFactory, file_format: FileFormat, record: Record
) -> None:
    folder = tmp_path_factory.mktemp("record")
    write_record(record, folder, file_format)
    assert read_record(folder) == record


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    record = read_record(_folder(tmp_path))
    for name in ("a", "b"):
        write_record(record, tmp_path / name, "csv.gz")
    first, second = ((tmp_path / name / "bars.csv.gz").read_bytes() for name in ("a", "b"))
    assert first == second


def test_a_folder_in_another_format_is_not_written_over(tmp_path: Path) -> None:
    write_record(Record(), tmp_path, "csv")
    with pytest.raises(StorageError, match=r"holds tokens\.csv"):
        write_record(Record(), tmp_path, "parquet")


def test_only_bars_are_needed_and_tokens_come_from_the_ids_seen(tmp_path: Path) -> None:
    signals = "token_id,valid_time,signal\n7,2025-05-10T12:00:00Z,1\n"
    record = read_record(_folder(tmp_path, signals=signals))
    assert [(token.token_id, token.symbol) for token in record.tokens] == [(1, "1"), (7, "7")]
    assert record.bars == [
        Bar(
            token_id=1, open_time=T0, open=Decimal(1), high=Decimal(2), low=Decimal("0.5"),
            close=Decimal("1.5"), volume=Decimal(10),
        )
    ]  # fmt: skip
    assert record.metrics == record.levels == record.grades == record.slots == []
    assert record.commands == []


@pytest.mark.parametrize(
    "written",
    ["2025-05-10T13:00:00Z", "2025-05-10 13:00", "2025-05-10T15:00:00+02:00", "1746882000",
     "1746882000000", "1746882000000000", "1746882000000000000", "1746882000.0"],
)  # fmt: skip
def test_times_are_read_from_iso_texts_and_epoch_numbers(tmp_path: Path, written: str) -> None:
    folder = _folder(
        tmp_path, bars=f"token_id,open_time,open,high,low,close\n1,{written},1,1,1,1\n"
    )
    assert read_record(folder).bars[0].open_time == T0


def test_mixed_forms_in_one_column_are_each_read(tmp_path: Path) -> None:
    rows = "1,2025-05-10T13:00:00Z,1,1,1,1e0\n1,1746885600,0.1,.5,1e-9,123456789.123456789\n"
    bars = read_record(
        _folder(tmp_path, bars="token_id,open_time,open,high,low,close\n" + rows)
    ).bars
    assert [bar.open_time for bar in bars] == [T0, T0 + HOUR]
    assert [plain(bar.close) for bar in bars] == ["1", "123456789.123"]
    assert bars[1].low == Decimal("1e-9")


def test_exact_volume_is_kept_to_the_last_digit(tmp_path: Path) -> None:
    volume = "123456789012345678901234567890.123456789"
    rows = f"token_id,open_time,open,high,low,close,volume\n1,1746882000,1,1,1,1,{volume}\n"
    assert str(read_record(_folder(tmp_path, bars=rows)).bars[0].volume) == volume


def test_further_numeric_metrics_are_kept_and_blanks_are_absent(tmp_path: Path) -> None:
    text = (
        "token_id,valid_time,sharpe,my_score,comment\n"
        "1,2025-05-09,1.5,,good\n"
        "1,2025-05-10,,-2e-3,\n"
    )
    record, notes = read_record_with_notes(_folder(tmp_path, metrics=text))
    assert [row.values for row in record.metrics] == [(("sharpe", 1.5),), (("my_score", -0.002),)]
    assert notes == ["metrics.csv: column 'comment' is not known and was ignored"]


def test_rows_of_one_token_and_instant_are_one_level_list(tmp_path: Path) -> None:
    text = (
        "token_id,seen_at,price,strength,level_date\n"
        "1,2025-05-10T05:40:00Z,95,2,2025-01-02\n"
        "1,2025-05-10T09:30:00Z,,,\n"
        "1,2025-05-10T05:40:00Z,110,,\n"
    )
    seen = read_record(_folder(tmp_path, levels=text)).levels
    assert seen == [
        LevelList(
            token_id=1,
            seen_at=parse_instant("2025-05-10T05:40:00Z"),
            levels=(
                Level(
                    price=Decimal(95), strength=2.0, level_date=parse_instant("2025-01-02T00:00Z")
                ),
                Level(price=Decimal(110)),
            ),
        ),
        LevelList(token_id=1, seen_at=parse_instant("2025-05-10T09:30:00Z"), levels=()),
    ]


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("0", False), ("FALSE", False)])
def test_missed_slots_take_yes_and_no_in_each_spelling(
    tmp_path: Path, written: str, meant: bool  # noqa: FBT001
) -> None:  # fmt: skip
    text = f"slot,as_of,missed\n2025-05-10T13:00:00Z,2025-05-10T13:10:00Z,{written}\n"
    assert read_record(_folder(tmp_path, slots=text)).slots == [
        Slot(slot=T0, as_of=T0 + 600_000, missed=meant)
    ]


@pytest.mark.parametrize(
    ("table", "text", "place"),
    [
        ("bars", "token_id,open_time,open,high,low,close\n1,1746882000,1,1,1,x\n",
         r"bars\.csv, row 2, column close: 'x' is not a decimal number"),
        ("bars", "token_id,open_time,open,high,low,close\n\n1,1746882000,1,1,1,1\n\n"
         "1,1746882000,1,1,,1\n",
         r"bars\.csv, row 5, column low: found nothing, expected a value"),
        ("bars", "token_id,open_time,open,high,low,close\n1,yesterday,1,1,1,1\n",
         r"row 2, column open_time: 'yesterday' is not an instant"),
        ("bars", "token_id,open_time,open,high,low,close\n1,2025-02-30T00:00:00Z,1,1,1,1\n",
         r"row 2, column open_time: '2025-02-30"),
        ("bars", "token_id,open_time,open,high,low,close\n1,12,1,1,1,1\n",
         r"row 2, column open_time: .* lies outside the years 2000 to 2100"),
        ("bars", "token_id,open_time,open,high,low,close\n-1,1746882000,1,1,1,1\n",
         r"row 2, column token_id: '-1' is not a token id"),
        ("bars", "token_id,open_time,open,high,low,close,interval\n1,1746882000,1,1,1,1,hour\n",
         r"row 2, column interval: found 'hour', expected an interval such as 1h"),
        ("bars", "token_id,opentime,open,high,low,close\n1,1746882000,1,1,1,1\n",
         r"column 'open_time' is missing \(did you mean 'opentime'\?\)"),
        ("bars", "token_id,open_time,open,open,low,close\n1,1746882000,1,1,1,1\n",
         r"column 'open' stands there twice"),
        ("bars", "token_id,open_time,open,high,low,close\n1,1746882000,1,1\n",
         r"bars\.csv: cannot be read"),
        ("bars", "", r"bars\.csv: the file is empty"),
        ("metrics", "token_id,valid_time,sharpe\n1,1746882000,abc\n",
         r"metrics\.csv, row 2, column sharpe: 'abc' is not a decimal number"),
        ("metrics", "token_id,valid_time,sharpe\n1,1746882000,1e999\n",
         r"row 2, column sharpe: '1e999' is too large"),
        ("levels", "token_id,seen_at,price\n1,1746882000,5\n1,1746882000,\n",
         r"levels\.csv, row 3, column price: found no price \(an empty list\)"),
        ("slots", "slot,as_of,missed\n1746882000,1746882600,maybe\n",
         r"slots\.csv, row 2, column missed: 'maybe' is not a yes or no"),
        ("commands", "at,kind\n1746882000,BUY\n",
         r"commands\.csv, row 2, column kind: found 'BUY', expected one of PAUSE, RESUME, CLOSE"),
        ("commands", "at,kind,token_id\n1746882000,ACK,\n1746882000,CLOSE,\n",
         r"commands\.csv, row 3, column token_id: found nothing, expected the token to CLOSE"),
        ("tokens", "token_id,symbol,name\n1,A,\"two\nlines\"\nx,B,b\n",
         r"tokens\.csv, row 4, column token_id: 'x' is not a token id"),
        ("tokens", "token_id,symbol,tick\n1,A,.01\n2,B,0\n",
         r"tokens\.csv, row 3, column tick: found 0, expected a step above 0"),
        ("tokens", "token_id,symbol,lot\n1,A,-1e-3\n",
         r"tokens\.csv, row 2, column lot: found -0\.001, expected a step above 0"),
        ("tokens", "token_id,symbol,volume_unit\n1,A,coins\n",
         r"tokens\.csv, row 2, column volume_unit: found 'coins', expected one of base, quote"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_file_line_and_column(
    tmp_path: Path, table: str, text: str, place: str
) -> None:
    with pytest.raises(DataError, match=place):
        read_record(_folder(tmp_path, **{table: text}))


def test_a_missing_folder_or_folder_without_bars_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such record folder"):
        read_record(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"holds no bars: expected bars\.csv"):
        read_record(tmp_path)


def test_one_table_in_two_formats_is_refused(tmp_path: Path) -> None:
    write_record(Record(), tmp_path, "parquet")
    with pytest.raises(DataError, match=r"holds bars\.csv and bars\.parquet"):
        read_record(_folder(tmp_path))


def test_a_token_file_without_some_ids_is_reported(tmp_path: Path) -> None:
    record, notes = read_record_with_notes(_folder(tmp_path, tokens="token_id,symbol\n9,Z\n"))
    assert [token.token_id for token in record.tokens] == [9]
    assert notes == ["tokens.csv: no row for 1 ids seen: 1"]


def test_typed_parquet_of_another_origin_is_read(tmp_path: Path) -> None:
    table = pa.table(
        {
            "token_id": pa.array([3], pa.int32()),
            "open_time": pa.array([T0 * 1000], pa.timestamp("us")),
            "open": [0.1], "high": [0.30000000000000004], "low": [1e-08], "close": [0.2],
            "volume": pa.array([float("nan")]),
        }
    )  # fmt: skip
    pa_parquet.write_table(table, tmp_path / "bars.parquet")
    bar = read_record(tmp_path).bars[0]
    assert (bar.token_id, bar.open_time, bar.volume) == (3, T0, None)
    assert (bar.open, bar.high, bar.low) == (Decimal("0.1"), Decimal("0.3"), Decimal("1E-8"))


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    for name in ("bars.parquet", "bars.csv.gz"):
        (tmp_path / name).write_text("no such thing")
        with pytest.raises(DataError, match=name):
            read_record(tmp_path)
        (tmp_path / name).unlink()


def test_a_source_of_another_name_is_read_as_hourly_and_said(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text(
        "token_id,open_time,open,high,low,close\n1,2025-05-09T00:00:00Z,1,2,1,2\n"
    )
    (tmp_path / "signals.csv").write_text(
        "token_id,valid_time,signal,source\n1,2025-05-09T00:00:00Z,1,mine\n"
    )
    record, notes = read_record_with_notes(tmp_path)
    assert [signal.source for signal in record.signals] == ["hourly"]
    assert notes == ["signals.csv: source 'mine' is read as hourly"]
