"""Real hourly candles: what the reader reports is what their source list says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.files.candles import read_candles
from bot.domain.instants import parse_instant

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
