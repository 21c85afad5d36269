"""A token's recorded signals over a run: which slot each row is new to, all rows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.domain.bar_table import NONE
from bot.domain.instants import DAY, HOUR
from bot.domain.values import Signal
from bot.engine.layout import SIGNAL_COLS
from bot.engine.types import IntArray
from bot.market.availability import Lags
from bot.market.bulk.known import SlotTimes
from bot.market.signal_rows import SignalSeries, trend_value


def signal_track(
    signals: Sequence[Signal], source: str, times: SlotTimes, lags: Lags
) -> IntArray:  # fmt: skip
    """(rows, 1 + SIGNAL_COLS): the index of a slot, then the row as the engine folds it there.

    `signals` are the token's; those of another source than `source` are left out, as are those
    that no slot of the run knows.
    """
    own = [signal for signal in signals if signal.source == source]
    opened, visible = _instants(own, source, lags)
    order = np.lexsort((opened, visible))
    slots = np.searchsorted(times.as_of, visible[order]).astype(np.int64)
    if np.any(np.diff(opened[order]) <= 0):
        return _folded(own, slots, times, lags)
    read = {text: trend_value(text) for text in {signal.signal for signal in own}}
    values = np.array([read[signal.signal] for signal in own], dtype=np.int64)
    nothing = np.zeros(len(own), dtype=np.int64)
    rows = np.column_stack([slots, nothing, opened[order], values[order], nothing])
    return rows[slots < len(times.as_of)]


def _instants(signals: Sequence[Signal], source: str, lags: Lags) -> tuple[IntArray, IntArray]:
    """As `signal_open` and `signal_visible`, for all rows."""
    valid = np.array([signal.valid_time for signal in signals], dtype=np.int64)
    seen = np.array(
        [NONE if signal.available_at is None else signal.available_at for signal in signals],
        dtype=np.int64,
    )
    if source == "daily":
        opened, span, lag = valid - valid % DAY, DAY, lags.daily
    else:
        opened, span, lag = valid - HOUR * lags.label_is_close, HOUR, lags.hourly
    end = opened + span
    return opened, np.where(seen == NONE, end + lag, np.maximum(seen, end))


def _folded(
    signals: Sequence[Signal], slots: IntArray, times: SlotTimes, lags: Lags
) -> IntArray:  # fmt: skip
    """The same slot by slot, where a period is told twice or late: what is no news falls out."""
    series = SignalSeries(lags)
    for signal in signals:
        series.push(signal)
    rows = [
        [s, 0, row.valid_time, row.value, int(row.ambiguous)]
        for s in np.unique(slots[slots < len(times.as_of)]).tolist()
        for row in series.advance(int(times.as_of[s]))
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 1 + SIGNAL_COLS)
