"""Whatever JSON comes, a reader gives observations or one of two errors, in an order of its own."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.wire import PARSERS
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.adapters.tokenmetrics.wire_vocabulary import (
    GRADE_KEYS,
    LEVEL_KEYS,
    OHLCV_KEYS,
    QUANTMETRICS_KEYS,
    SIGNAL_KEYS,
    TOKEN_KEYS,
)
from bot.domain.errors import ProviderError
from bot.domain.instants import parse_instant
from bot.domain.values import Bar, Grade, Metrics

FETCHED = parse_instant("2025-09-01T15:00:05Z")
PLAIN = WireSettings()
KEYS = sorted(OHLCV_KEYS | SIGNAL_KEYS | LEVEL_KEYS | GRADE_KEYS | QUANTMETRICS_KEYS | TOKEN_KEYS)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["2025-09-01", "2025-09-01T12:00:00Z", "1", "-1", "0.5", "NaN", "1e999"]),
)
names = st.one_of(st.sampled_from(KEYS), st.sampled_from(KEYS).map(str.upper), st.text(max_size=4))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4)),
    max_leaves=12,
)
rows = st.lists(st.one_of(st.dictionaries(names, values, max_size=10), values), max_size=4)
endpoints = st.sampled_from(sorted(PARSERS))

good_times = st.sampled_from([f"2025-09-01T{hour:02d}:00:00Z" for hour in range(18)])
good_rows = st.lists(
    st.fixed_dictionaries(
        {
            "TOKEN_ID": st.integers(1, 3),
            "TOKEN_SYMBOL": st.sampled_from(["A", "b"]),
            "TIMESTAMP": good_times,
            "OPEN": st.sampled_from([1, 1.0, "1.00", 2, "2e0"]),
            "HIGH": st.sampled_from([3, "3.0"]),
            "LOW": st.just(0.5),
            "CLOSE": st.sampled_from([1, 2, -1, None]),
            "SIGNAL": st.sampled_from(["1", 1, "-1", 0, None, "Bullish"]),
            "TM_GRADE": st.sampled_from(["71.42", 18, None, 101]),
            "SHARPE": st.sampled_from([1.5, "1.5", None, True, 0.0, -0.0]),
            "SUPPORT": st.lists(
                st.fixed_dictionaries({"price": st.sampled_from([1, "1.0", 0, None, 2.5])}),
                max_size=3,
            ),
            "CURRENT_PRICE": st.sampled_from([1, "1.0", 0]),
        }
    ),
    max_size=8,
)


def envelope(data: object) -> bytes:
    return json.dumps({"success": True, "data": data}).encode()


@settings(max_examples=300, deadline=None)
@given(endpoint=endpoints, data=st.one_of(rows, values))
def test_no_json_makes_a_reader_crash(endpoint: Endpoint, data: object) -> None:
    for text in (envelope(data), json.dumps(data).encode()):
        try:
            parsed = PARSERS[endpoint](text, FETCHED, PLAIN)
        except ProviderError:
            continue
        assert len(parsed.observations) + parsed.unfinished <= parsed.rows


@settings(max_examples=200, deadline=None)
@given(endpoint=endpoints, body=st.binary(max_size=300))
def test_no_bytes_make_a_reader_crash(endpoint: Endpoint, body: bytes) -> None:
    with pytest.raises(ProviderError):
        PARSERS[endpoint](b"\x00" + body, FETCHED, PLAIN)


@settings(max_examples=200, deadline=None)
@given(endpoint=endpoints, data=good_rows, seed=st.integers(0, 1000))
def test_the_order_of_rows_and_of_keys_changes_no_observation(
    endpoint: Endpoint, data: list[dict[str, object]], seed: int
) -> None:
    shuffler = random.Random(seed)
    moved = [dict(shuffler.sample(sorted(row.items()), len(row))) for row in data]
    shuffler.shuffle(moved)
    before = PARSERS[endpoint](envelope(data), FETCHED, PLAIN)
    after = PARSERS[endpoint](envelope(moved), FETCHED, PLAIN)
    assert repr(before.observations) == repr(after.observations)
    assert before.unfinished == after.unfinished


@settings(max_examples=200, deadline=None)
@given(endpoint=endpoints, data=good_rows)
def test_rows_delivered_twice_add_nothing(
    endpoint: Endpoint, data: list[dict[str, object]]
) -> None:
    once = PARSERS[endpoint](envelope(data), FETCHED, PLAIN)
    twice = PARSERS[endpoint](envelope(data + data), FETCHED, PLAIN)
    assert once.observations == twice.observations


@settings(max_examples=200, deadline=None)
@given(endpoint=endpoints, data=rows)
def test_what_is_observed_is_finite_and_prices_are_above_zero(
    endpoint: Endpoint, data: object
) -> None:
    for found in PARSERS[endpoint](envelope(data), FETCHED, PLAIN).observations:
        if isinstance(found, Bar):
            assert min(found.open, found.high, found.low, found.close) > 0
        if isinstance(found, Metrics):
            assert all(math.isfinite(value) for _, value in found.values)
        if isinstance(found, Grade) and found.tm_grade is not None:
            assert 0 <= found.tm_grade <= 100
