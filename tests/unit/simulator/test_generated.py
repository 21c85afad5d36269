from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bot.domain.errors import ConfigError
from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.values import Record
from bot.simulator.generated import PREHISTORY_DAYS, GeneratedMarket, generate
from bot.simulator.generated_views import (
    Path,
    daily_signals,
    grades,
    hourly_signals,
    level_lists,
    metrics,
)

MARKET = GeneratedMarket(seed=5, start=parse_instant("2025-01-01"), hours=30 * 24, tokens=4)


@pytest.fixture(scope="module")
def record() -> Record:
    return generate(MARKET)


def test_the_same_seed_gives_the_same_market(record: Record) -> None:
    assert generate(MARKET) == record


def test_another_seed_gives_another_market(record: Record) -> None:
    assert generate(replace(MARKET, seed=6)).bars != record.bars


def test_more_tokens_leave_the_paths_of_the_others_as_they_were(record: Record) -> None:
    more = generate(replace(MARKET, tokens=6))
    wanted = {9001, 9002, 9003}
    assert [b for b in more.bars if b.token_id in wanted] == [
        b for b in record.bars if b.token_id in wanted
    ]


def test_the_last_token_is_a_copycat_of_the_first_ones_symbol(record: Record) -> None:
    assert [token.symbol for token in record.tokens] == ["DEMO1", "DEMO2", "DEMO3", "DEMO1"]
    assert len({token.token_id for token in record.tokens}) == 4
    caps = [token.market_cap for token in record.tokens]
    assert min(cap for cap in caps if cap is not None) == caps[-1]
    assert record.tokens[-1].token_id not in {seen.token_id for seen in record.levels}


def test_every_bar_is_possible_and_lies_on_its_hour(record: Record) -> None:
    for bar in record.bars:
        assert 0 < bar.low <= min(bar.open, bar.close)
        assert max(bar.open, bar.close) <= bar.high
        assert bar.volume is not None
        assert bar.volume > 0
        assert bar.open_time % HOUR == 0
    assert {bar.open_time for bar in record.bars} <= set(
        range(MARKET.start, MARKET.start + MARKET.hours * HOUR, HOUR)
    )


def test_some_hours_are_missing_but_few(record: Record) -> None:
    assert 0.985 < len(record.bars) / (4 * MARKET.hours) < 1


def test_returns_cluster_and_jump(record: Record) -> None:
    closes = np.array([float(b.close) for b in record.bars if b.token_id == 9001])
    moves = np.abs(np.diff(np.log(closes)))
    assert np.corrcoef(moves[1:], moves[:-1])[0, 1] > 0.05
    assert moves.max() > 4 * moves.mean()


def test_every_token_turns_often_in_both_directions(record: Record) -> None:
    for token in record.tokens:
        calls = [
            s.signal
            for s in record.signals
            if (s.token_id, s.source) == (token.token_id, "hourly") and s.signal != "0"
        ]
        turns = Counter(pair for pair in pairwise(calls) if pair[0] != pair[1])
        assert turns["-1", "1"] >= 4
        assert turns["1", "-1"] >= 4


def test_levels_lie_on_both_sides_of_the_price(record: Record) -> None:
    last = {bar.token_id: bar.close for bar in record.bars}
    newest = {seen.token_id: seen for seen in record.levels}
    for token_id, seen in newest.items():
        sides = {level.price > last[token_id] for level in seen.levels}
        assert sides == {True, False}


def test_metrics_grades_and_levels_are_there_on_the_first_day(record: Record) -> None:
    first = MARKET.start + DAY
    assert min(row.valid_time for row in record.metrics) < MARKET.start
    assert min(row.valid_time for row in record.grades) < MARKET.start
    assert min(row.seen_at for row in record.levels) < first
    assert all(0 <= dict(row.values)["max_drawdown"] < 1 for row in record.metrics)


def _walk(hours: int) -> Path:
    rng = np.random.default_rng(1)
    closes = 100 * np.exp(np.cumsum(0.01 * rng.standard_normal(150 * 24)))[:hours]
    opens = np.concatenate(([100.0], closes[:-1]))
    return Path(
        token_id=1, begin=MARKET.start, decimals=2, opens=opens,
        highs=np.maximum(opens, closes), lows=np.minimum(opens, closes), closes=closes,
        volumes=np.ones(hours),
    )  # fmt: skip


def test_what_is_said_about_a_day_does_not_depend_on_later_prices() -> None:
    first, cut = PREHISTORY_DAYS * 24, 140 * 24
    whole, short = _walk(150 * 24), _walk(cut)
    for view in (hourly_signals, daily_signals, metrics, level_lists):
        early = view(short, first)
        assert len(early) > 10
        assert early == view(whole, first)[: len(early)]
    noise = [np.random.default_rng(2) for _ in range(2)]
    early_grades = grades(short, first, noise[0])
    assert early_grades == grades(whole, first, noise[1])[: len(early_grades)]


def test_a_market_without_tokens_or_hours_is_refused() -> None:
    for tokens, hours in ((0, 10), (1, 0), (10_000, 10)):
        with pytest.raises(ConfigError, match="tokens"):
            GeneratedMarket(seed=1, start=MARKET.start, hours=hours, tokens=tokens)
