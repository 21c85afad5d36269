"""The loops over a token's columns as machine code: loaded from the cache, or compiled and kept."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from bot.adapters.compiled.folder import CodeFolder
from bot.adapters.compiled.machine import Machine, MachineCode
from bot.market.bulk.row_columns import Loops

Example: TypeAlias = tuple[Any, ...]


def load_loops(folder: CodeFolder) -> Loops | None:
    """The compiled loops out of the cache, None where one of them is not there."""
    found = {name: folder.load(f"columns-{name}") for name in Loops._fields}
    if None in found.values():
        return None
    return _machines({name: code for name, code in found.items() if code is not None})


def compile_loops(folder: CodeFolder) -> tuple[Loops, str]:
    """Compile the loops (seconds) and keep them; the text says what is in the way of keeping."""
    # numba is loaded only here: a replay from the cache does without.
    from bot.adapters.compiled.register import machine_code

    plain, examples = Loops(), example_arguments()
    compiled = {name: machine_code(getattr(plain, name), examples[name]) for name in Loops._fields}
    problems = [folder.save(f"columns-{name}", code) for name, code in compiled.items()]
    return _machines(compiled), next(filter(None, problems), "")


def _machines(codes: dict[str, MachineCode]) -> Loops:
    examples = example_arguments()
    return Loops(**{name: Machine(code, examples[name]) for name, code in codes.items()})


def example_arguments() -> dict[str, Example]:
    """Arguments of every loop for no bar: the one signature of each that is compiled."""
    read, write = _read(), np.zeros(0)
    rows, ints = np.zeros(0, dtype=np.int64), _read_ints()
    table = np.zeros((0, 3), dtype=np.int64)
    return {
        "ewma_rows": (read, 0, 0.0, 0, 0.0, 0, write, write, write, write),
        "range_rows": (0, read, read, read, read, 0, 0.0, 0, write),
        "atr_rows": (read, read, read, 0, 0, 0, write, write, write, write),
        "trend_rows": (read, read, read, 0, 0, write, write, write, rows),
        "ratio_rows": (0, read, 0, 0.0, 0.0, 0.0, 0, write),
        "floor_rows": (write, 0.0),
        "find_pivots": (read, read, read, read, 0, 0.0, 0.0, rows, write, write),
        "book_rows": (
            0, ints, rows, write, write, 0, 0, 0, 0.0, 0, 0.0, 0, 0, write, write, write, rows,
            rows, rows, table, 0, rows, write, 0, rows,
        ),
    }  # fmt: skip


def _read() -> Any:
    return _only_read(np.zeros(0))


def _read_ints() -> Any:
    return _only_read(np.zeros(0, dtype=np.int64))


def _only_read(array: Any) -> Any:
    array.flags.writeable = False
    return array
