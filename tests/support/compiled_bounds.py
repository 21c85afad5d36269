"""`python -m tests.support.compiled_bounds FOLDER N`: the compiled loop over the first N markets.

Started with NUMBA_BOUNDSCHECK=1, so that an index outside an array stops it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from bot.adapters.compiled.machine import MachineError
from bot.engine import layout as at
from bot.engine.tables import new_buffers
from tests.support.compiled_loop import kept_runner
from tests.support.random_market import recorded


def main(cache: Path, count: int) -> None:
    """Print how many markets came out as interpreted, and what a bad index does."""
    runner = kept_runner(cache)
    equal = 0
    for seed in range(count):
        case, ledger = recorded(seed)
        buffers = new_buffers(case.inputs, case.rules, 20_000)
        runner(case.inputs, case.rules, case.account(), buffers, 0, len(case.inputs.slots))
        same_records = np.array_equal(buffers.rec[: len(ledger.records)], ledger.records)
        equal += int(same_records and np.array_equal(buffers.marks, ledger.marks))
    print(f"{equal} equal")
    case, _ = recorded(0)
    outside = case.inputs.signals.copy()
    outside[:, at.G_TOKEN] = 1000
    try:
        runner(
            case.inputs._replace(signals=outside), case.rules, case.account(),
            new_buffers(case.inputs, case.rules, 20_000), 0, len(case.inputs.slots),
        )  # fmt: skip
    except MachineError:
        print("a bad index stops it")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
