"""Real hourly candles: what the reader reports is what their source list says."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bot.adapters.files.candles import read_candle_history, read_candles
from bot.domain.instants import parse_instant
from tests.unit.adapters.files.plain_reading import bar_of, examine_plainly, rows_of

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "usdt"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real candles is absent")


def test_rows_gaps_and_longest_gap_are_those_of_the_source_list() -> None:
    _, report = read_candles(DATA / "SOL-USDT-1h.csv.gz")
    found = report.series[0]
    assert (found.bars, found.missing, found.longest_gap) == (29686, 20, 4)
    assert [(each.kind, each.count) for each in found.findings] == [("gaps", 10)]


def test_eleven_tokens_trade_in_the_span_of_the_crash() -> None:
    start, end = parse_instant("2021-05-18"), parse_instant("2021-05-21")
    record, _ = read_candles(DATA, start, end)
    assert len(record.tokens) == 11
    assert len(record.bars) == 11 * 72
    assert {bar.interval for bar in record.bars} == {"1h"}


@pytest.mark.parametrize("pair", ["SHIB-USDT", "BTC-USDT"])
def test_columns_hold_what_a_plain_reading_of_the_file_gives(tmp_path: Path, pair: str) -> None:
    text = gzip.decompress((DATA / f"{pair}-1h.csv.gz").read_bytes()).decode()
    head, *lines = text.splitlines(keepends=True)
    path = tmp_path / f"{pair}-1h.csv"
    path.write_text(head.replace("timestamp", "open_time") + "".join(lines[:6000]))
    expected = examine_plainly([[bar_of(row, 1) for row in rows_of(path)]])
    history, report = read_candle_history(path)
    assert history.tables[0].bars() == expected.bars
    assert history.rest.bars == []
    gaps = [finding.count for finding in report.series[0].findings if finding.kind == "gaps"]
    assert sum(gaps) == len(expected.places["gaps"])


def test_six_years_of_every_token_fit_into_tables() -> None:
    history, report = read_candle_history(DATA)
    assert history.rest.bars == []
    assert [len(table) for table in history.tables] == [one.bars for one in report.series]
    assert sum(map(len, history.tables)) == 485_892
