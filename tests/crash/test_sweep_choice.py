"""A sweep takes a few points by default, and every one where that is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.crash_sweep import chosen

ROOT = Path(__file__).parents[2]


def test_a_sweep_takes_the_points_that_were_asked_for(pytestconfig: pytest.Config) -> None:
    full = pytestconfig.getoption("--all-kill-points") or os.environ.get("CRASH_SWEEP") == "full"
    assert len(chosen(range(100), 3, always=(7,))) == (100 if full else 4)


def test_the_option_holds_where_a_file_is_named_on_the_command_line() -> None:
    """As in the commands of docs/crash-tests.md; the inner test says what was chosen."""
    inner = f"{__file__}::{test_a_sweep_takes_the_points_that_were_asked_for.__name__}"
    kept = {name: value for name, value in os.environ.items() if name != "CRASH_SWEEP"}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", inner,
         "--all-kill-points"],
        cwd=ROOT, env=kept, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout
