"""The compiled loop with every array index checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.compiled_loop import environment

ROOT = Path(__file__).resolve().parents[2]
MARKETS = 40


def test_no_index_of_the_compiled_loop_lies_outside_its_array(machine_cache: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.compiled_bounds", str(machine_cache), str(MARKETS)],
        cwd=ROOT,
        env=environment(machine_cache) | {"NUMBA_BOUNDSCHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{MARKETS} equal", "a bad index stops it"]
