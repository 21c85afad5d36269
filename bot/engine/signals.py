"""The signal series of a token, folded row by row: trend, edges, gaps and late rows (S1, S2, T7).

Only the newest row can still be replaced, so the fold keeps the state before it and with it.
"""

from __future__ import annotations

from bot.engine.layout import (
    G_AMBIGUOUS,
    G_TOKEN,
    G_VALID,
    G_VALUE,
    OUT_WOKEN,
    Q_COLD,
    Q_COUNT,
    Q_EDGE,
    Q_FIRED,
    Q_LAST,
    Q_TREND,
    Q_UNDATED,
    SERIES_COLS,
    T_BASE,
    T_BUSY,
    T_EDGE_USED,
    T_NEWEST_VALID,
    T_NEWEST_VALUE,
    T_SEEN_ROW,
    T_SERIES,
    UNREADABLE,
    W_WOKEN,
)
from bot.engine.params import Params
from bot.engine.reasons import LATE_ROW, OK, SIGNAL_AMBIGUOUS, SIGNAL_UNKNOWN
from bot.engine.types import Ints, Row


def apply_row(series: Row, valid_time: int, value: int, p: Params) -> None:
    """Move the state at T_SERIES by one accepted row; value is -1, 0 or 1."""
    at = T_SERIES
    last = series[at + Q_LAST]
    gap = 1 if last > 0 and valid_time - last > p.max_signal_gap else 0
    series[at + Q_LAST] = valid_time
    if value < 0:
        series[at + Q_TREND] = -1
        series[at + Q_EDGE] = 0
        series[at + Q_COUNT] = 0
        series[at + Q_FIRED] = 0
        series[at + Q_UNDATED] = 0
        series[at + Q_COLD] = 0
        return
    if series[at + Q_FIRED] == 0 and series[at + Q_TREND] != 0:
        series[at + Q_UNDATED] = series[at + Q_UNDATED] | gap
    if value == 0:
        return
    if series[at + Q_TREND] != 1:
        series[at + Q_COLD] = 1 if series[at + Q_TREND] == 0 else 0
        series[at + Q_TREND] = 1
        series[at + Q_EDGE] = valid_time
        series[at + Q_COUNT] = 1
    else:
        series[at + Q_COUNT] = series[at + Q_COUNT] + 1
    if series[at + Q_COUNT] >= p.confirm_bars:
        series[at + Q_FIRED] = 1


def accept(series: Row, newest_before: int, valid_time: int, value: int, p: Params) -> int:
    """Take one row of this slot's set; LATE_ROW where it is older than an earlier slot's newest.

    Rows come ordered by (valid time, instant of knowledge, text). A row of the newest valid time
    replaces that row: the fold goes back to the state before it.
    """
    if value == UNREADABLE:
        return SIGNAL_UNKNOWN
    seen = series[T_SEEN_ROW]
    if seen == 1 and valid_time < newest_before:
        return LATE_ROW
    if seen == 1 and valid_time == series[T_NEWEST_VALID]:
        for j in range(SERIES_COLS):
            series[T_SERIES + j] = series[T_BASE + j]
    else:
        for j in range(SERIES_COLS):
            series[T_BASE + j] = series[T_SERIES + j]
    apply_row(series, valid_time, value, p)
    series[T_NEWEST_VALID] = valid_time
    series[T_NEWEST_VALUE] = value
    series[T_SEEN_ROW] = 1
    return OK


def ingest(
    tokens: Ints, rows: Ints, start: int, end: int, p: Params, found: Ints, work: Ints, out: Row
) -> int:
    """Fold the rows [start, end) of one slot, all tokens; rows are grouped by token, in order.

    Writes (token, reason, valid time) of every row that is late, unreadable or ambiguous to
    `found` and returns how many there are. Idle tokens with an edge not yet consumed are woken.
    """
    count = 0
    token = -1
    newest_before = 0
    out[OUT_WOKEN] = 0
    for r in range(start, end):
        if rows[r, G_TOKEN] != token:
            token = rows[r, G_TOKEN]
            newest_before = tokens[token, T_NEWEST_VALID]
        valid_time = rows[r, G_VALID]
        t = tokens[token]
        reason = accept(t, newest_before, valid_time, rows[r, G_VALUE], p)
        if reason == OK and rows[r, G_AMBIGUOUS] == 1:
            reason = SIGNAL_AMBIGUOUS
        if reason != OK:
            found[count, 0] = token
            found[count, 1] = reason
            found[count, 2] = valid_time
            count += 1
        if t[T_BUSY] == 0 and edge_waits(t):
            t[T_BUSY] = 1
            work[out[OUT_WOKEN], W_WOKEN] = token
            out[OUT_WOKEN] = out[OUT_WOKEN] + 1
    return count


def edge_waits(t: Row) -> bool:
    """Whether an edge has fired that no candidate has consumed."""
    return bool(t[T_SERIES + Q_FIRED] == 1 and t[T_SERIES + Q_EDGE] > t[T_EDGE_USED])


def signal_age(series: Row, slot: int, p: Params) -> int:
    """Milliseconds from the end of the newest known row's period to the decision."""
    return slot + p.latency - (series[T_SERIES + Q_LAST] + p.signal_period)  # type: ignore[no-any-return]
