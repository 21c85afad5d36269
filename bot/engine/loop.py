"""Many slots in one call: the loop that the replay compiles and the daemon runs for one slot."""

from __future__ import annotations

from bot.engine.layout import (
    HOUR,
    OUT_BUSY,
    OUT_DECISIONS,
    OUT_MARKS,
    OUT_RECORDS,
    S_COVARIANCE,
    S_SLOT,
    T_BUSY,
    T_CURSOR,
    T_QTY,
    T_REST,
    W_BUSY,
)
from bot.engine.params import Params
from bot.engine.step import step
from bot.engine.types import Floats, Ints, Row

PER_HOUR = 12  # records that one token can make of one hour's bar, and a margin
PER_SLOT = 8
DECISIONS_PER_SLOT = 3


def list_busy(tokens: Ints, work: Ints, out: Row) -> None:
    """Write down which tokens are busy, in token order; from here on each slot moves the list."""
    out[OUT_BUSY] = 0
    for i in range(tokens.shape[0]):
        if tokens[i, T_BUSY] == 1:
            work[out[OUT_BUSY], W_BUSY] = i
            out[OUT_BUSY] = out[OUT_BUSY] + 1


def records_needed(tokens: Ints, work: Ints, busy: int, slot: int, signal_rows: int) -> int:
    """An upper bound of what one slot can write, so that no buffer overflows in the middle."""
    need = PER_SLOT + signal_rows + tokens.shape[0] * PER_SLOT
    for n in range(busy):
        i = work[n, W_BUSY]
        waiting = tokens[i, T_QTY] > 0 or tokens[i, T_REST] > 0
        if waiting and tokens[i, T_CURSOR] < slot:
            need += (slot - tokens[i, T_CURSOR]) // HOUR * PER_HOUR
    return need  # type: ignore[no-any-return]


def run(
    start: int, stop: int, slots: Ints, newest: Ints, cells: Ints, values: Floats,
    covariance: Floats, signals: Ints, sig_start: Row, look: Ints, look_start: Row, insts: Ints,
    bars: Ints, bar_start: Row, fine: Ints, fine_start: Row, prices: Ints, strengths: Floats,
    gates: Ints, limits: Floats, ranks: Ints, weights: Row, p: Params, tokens: Ints, acc: Row,
    work: Ints, found: Ints, merged: Ints, merged_strengths: Ints, scores: Row, pool: Row,
    rec: Ints, marks: Ints, dec: Ints, decx: Floats, out: Row,
) -> int:  # fmt: skip
    """Step the slots [start, stop) and return the first one not done.

    Returns early, before a slot that might not fit the buffers; the driver empties them, sets the
    counters in `out` to zero and calls again.
    """
    out[OUT_RECORDS] = 0
    out[OUT_DECISIONS] = 0
    out[OUT_MARKS] = 0
    list_busy(tokens, work, out)
    for s in range(start, stop):
        rows = sig_start[s + 1] - sig_start[s]
        need = out[OUT_RECORDS] + records_needed(
            tokens, work, out[OUT_BUSY], slots[s, S_SLOT], rows
        )
        decisions = out[OUT_DECISIONS] + tokens.shape[0] * DECISIONS_PER_SLOT
        marked = out[OUT_MARKS]
        if need > rec.shape[0] or decisions > dec.shape[0] or marked == marks.shape[0]:
            return s
        step(
            slots[s], newest[s], cells[s], values[s], covariance[slots[s, S_COVARIANCE]], signals,
            sig_start[s], sig_start[s + 1], look,
            look_start[s], look_start[s + 1], insts, bars, bar_start, fine, fine_start, prices,
            strengths, gates, limits, ranks, weights, p, tokens, acc, work, found, merged,
            merged_strengths, scores, pool, rec, marks, dec, decx, out,
        )  # fmt: skip
    return stop
