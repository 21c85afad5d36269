"""A run's signals read at once: the rows that the daemon's series hands out slot by slot (T7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.instants import HOUR, MINUTE
from bot.domain.values import Signal, Slot
from bot.market.availability import Lags
from bot.market.bulk.known import SlotTimes
from bot.market.bulk.signal_track import signal_track
from bot.market.signal_rows import SignalSeries

START = 20_000 * 24 * HOUR
SLOTS = [Slot(slot=START + n * HOUR, as_of=START + n * HOUR + MINUTE) for n in range(2, 40)]
LAGS = [
    Lags(bar=0, hourly=5 * MINUTE, daily=HOUR, label_is_close=is_close)
    for is_close in (False, True)
]
TEXTS = st.sampled_from(["1", "-1", "Bullish", " bearish ", "0", "maybe"])


def one_by_one(signals: list[Signal], source: str, lags: Lags) -> list[list[int]]:
    series = SignalSeries(lags)
    for signal in signals:
        if signal.source == source:
            series.push(signal)
    return [
        [s, 0, row.valid_time, row.value, int(row.ambiguous)]
        for s, slot in enumerate(SLOTS)
        for row in series.advance(slot.as_of)
    ]


@st.composite
def hourly(draw: st.DrawFn) -> list[Signal]:
    """Hours with holes, some seen at an instant of their own, in any order: no hour twice."""
    found = []
    for hour in sorted(draw(st.sets(st.integers(-3, 45)))):
        opened, late = START + hour * HOUR, draw(st.none() | st.integers(0, 60))
        seen = None if late is None else opened + late * MINUTE
        found.append(
            Signal(token_id=1, valid_time=opened, signal=draw(TEXTS), available_at=seen)
        )  # fmt: skip
    return draw(st.permutations(found))


untidy = st.lists(
    st.builds(
        Signal,
        token_id=st.just(1),
        valid_time=st.integers(-3, 45).map(lambda hour: START + hour * HOUR),
        signal=TEXTS,
        source=st.sampled_from(["hourly", "daily"]),
        available_at=st.none() | st.integers(-3, 45).map(lambda hour: START + hour * HOUR),
    )
)


@pytest.mark.parametrize("source", ["hourly", "daily"])
@pytest.mark.parametrize("lags", LAGS)
@given(signals=hourly() | untidy)
def test_all_rows_at_once_are_those_of_the_slots(
    source: str, lags: Lags, signals: list[Signal]
) -> None:
    found = signal_track(signals, source, SlotTimes.of(SLOTS), lags)
    assert found.tolist() == one_by_one(signals, source, lags)
