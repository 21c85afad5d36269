"""Candle folders: any common spelling is read, and every oddity is counted and placed."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as pa_feather
import pytest

from bot.adapters.files.candles import read_candles
from bot.domain.errors import DataError
from bot.domain.instants import HOUR, parse_instant
from bot.domain.values import Bar

T0 = parse_instant("2021-05-19T00:00:00Z")
HEADER = "timestamp,open,high,low,close,volume\n"


def _row(hour: int, close: str = "1.5") -> str:
    return f"{T0 + hour * HOUR},1,2,0.5,{close},10\n"


def _bar(hour: int, token_id: int = 1) -> Bar:
    return Bar(
        token_id=token_id, open_time=T0 + hour * HOUR, open=Decimal(1), high=Decimal(2),
        low=Decimal("0.5"), close=Decimal("1.5"), volume=Decimal(10),
    )  # fmt: skip


def _findings(folder: Path) -> dict[str, tuple[int, tuple[int, ...]]]:
    report = read_candles(folder)[1]
    return {
        found.kind: (found.count, tuple((place - T0) // HOUR for place in found.places))
        for series in report.series
        for found in series.findings
    }


def test_one_file_per_token_gets_ids_by_sorted_pair(tmp_path: Path) -> None:
    for pair in ("ETH-USDT", "BTC-USDT"):
        with gzip.open(tmp_path / f"{pair}-1h.csv.gz", "wt") as stream:
            stream.write(HEADER + _row(0) + _row(1))
    record, report = read_candles(tmp_path)
    assert [(each.token_id, each.symbol, each.name) for each in record.tokens] == [
        (1, "BTC", "BTC-USDT"),
        (2, "ETH", "ETH-USDT"),
    ]
    assert record.bars == [_bar(hour, token_id) for token_id in (1, 2) for hour in (0, 1)]
    assert report.lines() == []


def test_a_span_loads_only_its_bars_and_keeps_the_ids(tmp_path: Path) -> None:
    (tmp_path / "A-USDT-1h.csv").write_text(HEADER + _row(0))
    (tmp_path / "B-USDT-1h.csv").write_text(HEADER + "".join(map(_row, range(5))))
    record, _ = read_candles(tmp_path, T0 + HOUR, T0 + 3 * HOUR)
    assert record.bars == [_bar(1, 2), _bar(2, 2)]
    assert [token.token_id for token in record.tokens] == [2]


def test_a_tokens_file_gives_the_ids(tmp_path: Path) -> None:
    (tmp_path / "BTCUSDT.csv").write_text(HEADER + _row(0))
    (tmp_path / "tokens.csv").write_text("token_id,symbol,tick\n3375,BTC,0.01\n")
    record, _ = read_candles(tmp_path)
    assert record.bars == [_bar(0, 3375)]
    assert record.tokens[0].tick == Decimal("0.01")
    (tmp_path / "tokens.csv").write_text("token_id,symbol\n3375,ETH\n")
    with pytest.raises(DataError, match="the tokens file has no row for 'BTCUSDT'"):
        read_candles(tmp_path)


@pytest.mark.parametrize(
    ("header", "first"),
    [
        ("time,open,high,low,close,volume", "1621382400"),
        ("Open Time;Open;High;Low;Close;Vol", "2021-05-19 00:00:00"),
        ("date,o,h,l,c,v", "2021-05-19T00:00:00+00:00"),
        ("unix,open_price,high_price,low_price,close_price,base_volume", "1621382400000000"),
    ],
)
def test_common_spellings_and_units_are_recognised(tmp_path: Path, header: str, first: str) -> None:
    mark = ";" if ";" in header else ","
    text = header + "\n" + mark.join([first, "1", "2", "0.5", "1.5", "10"]) + "\n"
    (tmp_path / "X.csv").write_text(text)
    assert read_candles(tmp_path)[0].bars == [_bar(0)]


def test_one_long_table_is_split_by_its_token_column(tmp_path: Path) -> None:
    rows = [f"{symbol},{_row(hour)}" for hour in (0, 1) for symbol in ("SOL", "ADA")]
    (tmp_path / "all.csv").write_text("symbol," + HEADER + "".join(rows))
    record, _ = read_candles(tmp_path)
    assert [token.symbol for token in record.tokens] == ["ADA", "SOL"]
    assert record.bars == [_bar(hour, token_id) for token_id in (1, 2) for hour in (0, 1)]


def test_feather_of_the_usual_bots_is_read(tmp_path: Path) -> None:
    table = pa.table(
        {
            "date": pa.array([T0, T0 + HOUR], pa.timestamp("ms", tz="UTC")),
            "open": [1.0, 1.0], "high": [2.0, 2.0], "low": [0.5, 0.5], "close": [1.5, 1.5],
            "volume": [10.0, 10.0],
        }
    )  # fmt: skip
    pa_feather.write_feather(table, tmp_path / "BTC_USDT-1h.feather")
    record, _ = read_candles(tmp_path)
    assert record.bars == [_bar(0), _bar(1)]
    assert record.tokens[0].symbol == "BTC"


def test_the_interval_comes_from_the_name_or_from_the_spacing(tmp_path: Path) -> None:
    rows = [f"{T0 + minute * 60_000},1,2,0.5,1.5,10\n" for minute in (0, 5, 10, 20)]
    (tmp_path / "A.csv").write_text(HEADER + "".join(rows))
    (tmp_path / "B_5m.csv").write_text(HEADER + rows[0])
    assert {bar.interval for bar in read_candles(tmp_path)[0].bars} == {"5m"}


def test_gaps_are_counted_and_never_filled(tmp_path: Path) -> None:
    (tmp_path / "A-1h.csv").write_text(HEADER + _row(0) + _row(3) + _row(4) + _row(6))
    record, report = read_candles(tmp_path)
    assert _findings(tmp_path) == {"gaps": (2, (1, 5))}
    assert (report.series[0].missing, report.series[0].longest_gap) == (3, 2)
    assert len(record.bars) == 4
    assert report.lines() == [
        "A-1h.csv: A 1h: 2 gaps, 3 hours absent, the longest 2 hours from 2021-05-19T01:00:00Z "
        "(2021-05-19T01:00:00Z, 2021-05-19T05:00:00Z)"
    ]


def test_duplicates_disorder_conflicts_and_impossible_bars_are_told(tmp_path: Path) -> None:
    rows = [_row(1), _row(0), _row(1), _row(2), _row(2, close="1.4"), _row(3, close="9")]
    (tmp_path / "A-1h.csv").write_text(HEADER + "".join(rows))
    assert _findings(tmp_path) == {
        "duplicates": (1, (1,)),
        "conflicts": (1, (2,)),
        "disorder": (1, (0,)),
        "impossible": (1, (3,)),
    }
    hours = [(bar.open_time - T0) // HOUR for bar in read_candles(tmp_path)[0].bars]
    assert hours == [0, 1, 2, 2, 3]


def test_prices_finer_than_the_record_keeps_are_told_and_noise_is_not(tmp_path: Path) -> None:
    rows = [
        _row(0, close="1.5000000000000002"),
        _row(1, close="1.50000000000049"),
        f"{T0 + 2 * HOUR},1e-9,1.23456e-9,1e-9,1.2e-9,10\n",
        f"{T0 + 3 * HOUR},1e-9,1.234e-9,1e-9,1.2e-9,10\n",
        f"{T0 + 4 * HOUR},1e-13,1e-13,1e-13,1e-13,10\n",
    ]
    (tmp_path / "A-1h.csv").write_text(HEADER + "".join(rows))
    assert _findings(tmp_path) == {"cut": (2, (2, 4)), "impossible": (1, (4,))}
    report = read_candles(tmp_path)[1]
    assert "2 bars with finer prices, rounded to 12 decimals" in " ".join(report.lines())


def test_bars_off_the_hour_are_left_out_and_told(tmp_path: Path) -> None:
    odd = f"{T0 + 60_000},1,2,0.5,1.5,10\n"
    (tmp_path / "A-1h.csv").write_text(HEADER + _row(0) + odd + _row(1))
    assert read_candles(tmp_path)[0].bars == [_bar(0), _bar(1)]
    assert _findings(tmp_path)["misaligned"] == (1, (0,))


def test_a_fault_is_named_by_its_line_also_in_a_span(tmp_path: Path) -> None:
    (tmp_path / "A-1h.csv").write_text(HEADER + _row(0) + _row(1) + _row(2, close="?"))
    with pytest.raises(DataError, match=r"A-1h\.csv, row 4, column close: '\?' is not a decimal"):
        read_candles(tmp_path, start=T0 + HOUR)


def test_files_without_candles_are_refused_with_what_was_found(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder of candles"):
        read_candles(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no candle files"):
        read_candles(tmp_path)
    (tmp_path / "A.csv").write_text("when,open,high\n")
    with pytest.raises(DataError, match="no column for open_time, low, close; found when, open"):
        read_candles(tmp_path)


@pytest.mark.parametrize(
    ("prices", "verdict"),
    [
        (("1", "2", "0.5", "1.5"), False),
        (("1", "1", "1", "1"), False),
        (("1", "2", "1.1", "1.5"), True),
        (("1.5", "2", "1.1", "1"), True),
        (("1", "1.4", "0.5", "1.5"), True),
        (("1", "2", "0", "1.5"), True),
        (("1", "2", "-1", "1.5"), True),
    ],
)
def test_a_bar_that_no_trading_could_have_made_is_impossible(
    tmp_path: Path,
    prices: tuple[str, str, str, str],
    verdict: bool,  # noqa: FBT001
) -> None:
    (tmp_path / "A-1h.csv").write_text(HEADER + ",".join([str(T0), *prices, "10"]) + "\n")
    assert ("impossible" in _findings(tmp_path)) is verdict
