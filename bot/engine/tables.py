"""The arrays of a run in one value: inputs, account and buffers, and how they are made.

Only drivers hold these; the engine's functions are handed the single arrays that they read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from bot.engine.layout import (
    A_CASH,
    A_DAY,
    A_PEAK,
    A_START,
    ACCOUNT_COLS,
    C_BOOK_END,
    C_BOOK_START,
    DECISION_INT_COLS,
    DX_GATES,
    MARK_COLS,
    OUT_COLS,
    OUT_DECISIONS,
    OUT_MARKS,
    OUT_RECORDS,
    RECORD_COLS,
    TOKEN_COLS,
    WORK_COLS,
)
from bot.engine.loop import run
from bot.engine.params import Params
from bot.engine.types import FloatArray, IntArray


class Rules(NamedTuple):
    """A strategy for the engine: scalars, gates and ranks."""

    params: Params
    gates: IntArray  # (gates, GATE_INT_COLS)
    limits: FloatArray  # (gates, GATE_FLOAT_COLS)
    ranks: IntArray  # (rank columns, RANK_COLS)
    weights: FloatArray


class Inputs(NamedTuple):
    """What a stretch of slots reads, as columns; shapes are named in `layout`."""

    slots: IntArray  # (slots, SLOT_COLS)
    # Apart from the cells, which idle hours of a position need not touch.
    newest: IntArray  # (slots, tokens), row of the newest known bar, -1 for none
    cells: IntArray  # (slots, tokens, CELL_COLS)
    values: FloatArray  # (slots, tokens, X_FIRST + columns)
    covariance: FloatArray  # (matrices, tokens, tokens), or (1, 0, 0) where none is asked for
    signals: IntArray
    sig_start: IntArray  # (slots + 1)
    look: IntArray
    look_start: IntArray  # (slots + 1)
    insts: IntArray
    bars: IntArray
    bar_start: IntArray  # (tokens + 1)
    fine: IntArray
    fine_start: IntArray  # (bars + 1)
    prices: IntArray
    strengths: FloatArray


class State(NamedTuple):
    """The account between slots."""

    tokens: IntArray  # (tokens, TOKEN_COLS)
    account: IntArray


class Output(NamedTuple):
    """Records of the slots just run; views into buffers, valid until the next run."""

    records: IntArray  # (n, RECORD_COLS)
    marks: IntArray  # (slots, MARK_COLS)
    decisions: IntArray
    details: FloatArray


class Buffers(NamedTuple):
    """Scratch and output space for a number of tokens, levels and gates."""

    work: IntArray
    found: IntArray
    merged: IntArray
    merged_strengths: IntArray
    scores: FloatArray
    pool: IntArray
    rec: IntArray
    marks: IntArray
    dec: IntArray
    decx: FloatArray
    out: IntArray


# What steps a stretch of slots: `run_slots`, or its compiled form.
Runner: TypeAlias = Callable[[Inputs, Rules, State, Buffers, int, int], tuple[int, Output]]


def new_state(tokens: int, cash: int) -> State:
    """An account that has just been opened with `cash` (money)."""
    account = np.zeros(ACCOUNT_COLS, dtype=np.int64)
    account[A_CASH] = account[A_START] = account[A_PEAK] = cash
    account[A_DAY] = -1
    return State(np.zeros((tokens, TOKEN_COLS), dtype=np.int64), account)


def new_buffers(inputs: Inputs, rules: Rules, records: int) -> Buffers:
    """Buffers for at least `records` records, a mark of every slot, and any one slot's scratch."""
    tokens = inputs.insts.shape[0]
    book = inputs.cells[:, :, C_BOOK_END] - inputs.cells[:, :, C_BOOK_START]
    levels = int(book.max(initial=0)) + 1
    rows = int(np.diff(inputs.sig_start).max(initial=0)) + 1
    decisions = max(records, 4 * tokens)
    return Buffers(
        work=np.zeros((tokens, WORK_COLS), dtype=np.int64),
        found=np.zeros((rows, 3), dtype=np.int64),
        merged=np.zeros(levels, dtype=np.int64),
        merged_strengths=np.zeros(levels, dtype=np.int64),
        scores=np.zeros(tokens, dtype=np.float64),
        pool=np.zeros(tokens, dtype=np.int64),
        rec=np.zeros((records, RECORD_COLS), dtype=np.int64),
        marks=np.zeros((len(inputs.slots), MARK_COLS), dtype=np.int64),
        dec=np.zeros((decisions, DECISION_INT_COLS), dtype=np.int64),
        decx=np.zeros((decisions, DX_GATES + rules.gates.shape[0]), dtype=np.float64),
        out=np.zeros(OUT_COLS, dtype=np.int64),
    )


def run_slots(
    inputs: Inputs, rules: Rules, state: State, buffers: Buffers, start: int, stop: int
) -> tuple[int, Output]:
    """Step slots [start, stop) as far as the buffers reach; returns the next slot and the records.

    Moves `state` in place.
    """
    done = run(*run_arguments(inputs, rules, state, buffers, start, stop))
    return done, output_of(buffers)


def run_arguments(
    inputs: Inputs, rules: Rules, state: State, buffers: Buffers, start: int, stop: int
) -> tuple[Any, ...]:
    """The arguments of `loop.run`, whatever form of it is called."""
    return (start, stop, *inputs, rules.gates, rules.limits, rules.ranks, rules.weights,
            rules.params, *state, *buffers)  # fmt: skip


def output_of(buffers: Buffers) -> Output:
    """What the last call of the loop wrote."""
    records = int(buffers.out[OUT_RECORDS])
    marks = int(buffers.out[OUT_MARKS])
    decisions = int(buffers.out[OUT_DECISIONS])
    return Output(
        buffers.rec[:records], buffers.marks[:marks], buffers.dec[:decisions],
        buffers.decx[:decisions],
    )  # fmt: skip
