"""Waits between attempts: a random part of a doubling span, or what the server asks for."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.tokenmetrics.limits import BACKOFF_MAX_S
from bot.adapters.tokenmetrics.retry import backoff_s, retry_after_s
from bot.domain.instants import parse_instant

NOW = parse_instant("2025-09-01T15:00:05Z")


@given(attempt=st.integers(1, 50), part=st.floats(0, 1))
def test_a_backoff_is_never_above_its_cap(attempt: int, part: float) -> None:
    assert 0 <= backoff_s(attempt, lambda: part) <= BACKOFF_MAX_S


@given(value=st.text(max_size=40), date=st.text(max_size=40))
def test_no_header_text_crashes_or_asks_for_negative_time(value: str, date: str) -> None:
    wait = retry_after_s(value, date, NOW)
    assert wait is None or wait >= 0


@pytest.mark.parametrize(
    "value",
    ["", " ", "-1", "1.5", "+3", "soon", "²", "99999999999", "Mon, 99 Sep 2025 15:00:25 GMT"],
)
def test_an_unreadable_wait_is_none(value: str) -> None:
    assert retry_after_s(value, "", NOW) is None


def test_an_unreadable_server_date_leaves_the_own_clock() -> None:
    assert retry_after_s("Mon, 01 Sep 2025 15:00:25 GMT", "garbage", NOW) == 20


def test_a_date_in_another_zone_is_converted() -> None:
    assert retry_after_s("Mon, 01 Sep 2025 17:00:25 +0200", "", NOW) == 20


def test_a_date_without_a_zone_is_utc_wherever_the_machine_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert retry_after_s("Mon, 01 Sep 2025 15:00:25", "", NOW) == 20
    finally:
        monkeypatch.undo()
        time.tzset()
