"""The engine's loop as machine code: loaded from the cache, or compiled and kept there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, get_type_hints

import numpy as np

from bot.adapters.compiled.folder import CodeFolder, code_folder
from bot.adapters.compiled.machine import Machine, MachineCode
from bot.engine import layout as at
from bot.engine.loop import run
from bot.engine.params import Params
from bot.engine.tables import (
    Buffers,
    Inputs,
    Output,
    Rules,
    State,
    new_buffers,
    new_state,
    output_of,
    run_arguments,
)

NAME = "engine-loop"


class CompiledRunner:
    """`tables.run_slots` with the compiled loop; writes the same to the bit."""

    def __init__(self, compiled: MachineCode) -> None:
        self._machine = Machine(compiled, example_arguments())

    def __call__(
        self, inputs: Inputs, rules: Rules, state: State, buffers: Buffers, start: int, stop: int
    ) -> tuple[int, Output]:
        """Step slots [start, stop) as far as the buffers reach; see `tables.run_slots`."""
        done = self._machine(*run_arguments(inputs, rules, state, buffers, start, stop))
        return done, output_of(buffers)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A freshly compiled runner; `not_kept` says why the next process must compile again."""

    runner: CompiledRunner
    not_kept: str


def this_folder() -> CodeFolder:
    """Where this installation keeps its machine code."""
    return code_folder(os.environ)


def load_runner(folder: CodeFolder) -> CompiledRunner | None:
    """The compiled loop out of the cache (about 60 ms), None where it is not there."""
    found = folder.load(NAME)
    return None if found is None else CompiledRunner(found)


def compile_runner(folder: CodeFolder) -> Compiled:
    """Compile the loop (20 to 45 s) and keep it where that is possible."""
    # numba is loaded only here: a replay from the cache does without.
    from bot.adapters.compiled.register import machine_code

    compiled = machine_code(run, example_arguments())
    runner = CompiledRunner(compiled)
    return Compiled(runner, folder.save(NAME, compiled))


def example_arguments() -> tuple[Any, ...]:
    """Arguments of the loop for no slot and no token: the one signature that is compiled."""
    inputs, rules = _empty_inputs(), _empty_rules()
    buffers = new_buffers(inputs, rules, 1)
    for array in (*inputs, rules.gates, rules.limits, rules.ranks, rules.weights):
        array.flags.writeable = False  # only read, so a driver may hand in read-only arrays
    return run_arguments(inputs, rules, new_state(0, 0), buffers, 0, 0)


def _empty_rules() -> Rules:
    hints = get_type_hints(Params)
    return Rules(
        params=Params(*(hints[name]() for name in Params._fields)),
        gates=_ints(0, at.GATE_INT_COLS),
        limits=_floats(0, at.GATE_FLOAT_COLS),
        ranks=_ints(0, at.RANK_COLS),
        weights=_floats(0),
    )


def _empty_inputs() -> Inputs:
    return Inputs(
        slots=_ints(0, at.SLOT_COLS),
        newest=_ints(0, 0),
        cells=_ints(0, 0, at.CELL_COLS),
        values=_floats(0, 0, at.X_FIRST),
        covariance=_floats(1, 0, 0),
        signals=_ints(0, at.SIGNAL_COLS),
        sig_start=_ints(1),
        look=_ints(0),
        look_start=_ints(1),
        insts=_ints(0, at.INST_COLS),
        bars=_ints(0, at.BAR_COLS),
        bar_start=_ints(1),
        fine=_ints(0, at.FINE_COLS),
        fine_start=_ints(1),
        prices=_ints(0),
        strengths=_floats(0),
    )


def _ints(*shape: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.zeros(shape, dtype=np.int64)


def _floats(*shape: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.zeros(shape, dtype=np.float64)
