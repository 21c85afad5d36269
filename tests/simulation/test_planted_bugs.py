"""The simulation finds what it is there to find: known bugs, planted into a copy of the program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.simulation.seeds import FOUND

ROOT = Path(__file__).resolve().parents[2]
# Found among the first hundred seeds; the later ones of a bug stand in when the first no longer
# shows it, as after a change of what a seed draws.


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """In a file one text is replaced by another; these seeds show it within so many hours."""

    name: str
    file: str
    right: str
    wrong: str
    seeds: str
    hours: int = 24


BUGS = (
    Bug(
        name="the account is stored without what is in it",
        file="bot/adapters/sql/ledger_store.py",
        right='for name in ("slot", "state_sha256", "state")}',
        wrong='for name in ("slot",)}',
        seeds="56,58,60",
    ),
    Bug(
        name="a slot is committed in two halves",
        file="bot/adapters/sql/ledger_store.py",
        right="    _write_rows(connection, commit)\n",
        wrong='    connection.exec_driver_sql("COMMIT")\n'
        '    connection.exec_driver_sql("BEGIN IMMEDIATE")\n'
        "    _write_rows(connection, commit)\n",
        seeds="56,58,60",
    ),
    Bug(
        name="hours of an absence are left out",
        file="bot/app/cycle.py",
        right="return list(range(first, newest + 1, HOUR))",
        wrong="return [newest] if newest >= first else []",
        seeds="11,19,10",
    ),
    Bug(
        name="what was seen is forgotten when a slot fails",
        file="bot/app/desk.py",
        right="            self._market = None  # the slot is not in the ledger: see it anew\n",
        wrong="",
        seeds="58,12,57",
    ),
    Bug(
        name="a restart sees old rows as new",
        file="bot/app/desk.py",
        right="            market.skip_to(reached)\n",
        wrong="            pass\n",
        seeds="56,12,57",
    ),
    Bug(
        name="rows are known from their own time on",
        file="bot/adapters/tokenmetrics/wire.py",
        right='        signal=_call(row.need("signal", "trading_signal", "token_signal_str")),\n'
        "        source=source,\n"
        "        available_at=reading.fetched_at,\n",
        wrong='        signal=_call(row.need("signal", "trading_signal", "token_signal_str")),\n'
        "        source=source,\n"
        "        available_at=row.instant() + HOUR,\n",
        seeds="11,17,43",
        hours=36,
    ),
    Bug(
        name="a refused request ends the asking for good",
        file="bot/adapters/tokenmetrics/circuit.py",
        right="        self._held_until = self._clock.elapsed() + hold_s\n",
        wrong="        self._held_until = self._clock.elapsed() + 1e9 * hold_s\n",
        seeds="10,9,16",
        hours=48,
    ),
    Bug(
        name="half a set of rows counts as whole",
        file="bot/app/poller.py",
        right="        return not torn\n",
        wrong="        return True\n",
        seeds="8,9,32,33",
        hours=96,
    ),
    Bug(
        name="a strategy whose file is gone or another goes on entering",
        file="bot/app/desk.py",
        right="if hold_entries(connection, self.name, now, post.words):",
        wrong="if False:",
        seeds="32,36,16",
        hours=96,
    ),
    Bug(
        name="a gap through the stop is sold at the stop",
        file="bot/engine/matching.py",
        right="STOP_GAP, opening)",
        wrong="STOP_GAP, t[T_STOP] * tick)",
        seeds="2,10",
        hours=96,
    ),
    Bug(
        name="a slot polled too long is frozen late and not missed",
        file="bot/app/cycle.py",
        right="                return deadline, False\n",
        wrong="                return now, True\n",
        seeds="39,33,8",
        hours=96,
    ),
    Bug(
        name="what alerts remember is forgotten from slot to slot",
        file="bot/app/desk.py",
        right="            remembered = load_alerts(connection, self.name)",
        wrong="            remembered = None",
        seeds="1,2",
    ),
)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "-"))
def test_a_planted_bug_is_found(bug: Bug, tmp_path: Path) -> None:
    for folder in ("bot", "migrations", "config", "strategies", "tests/simulation",
                   "tests/support"):  # fmt: skip
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "tests/__init__.py", tmp_path / "tests")
    spoilt = tmp_path / bug.file
    text = spoilt.read_text()
    assert text.count(bug.right) == 1, f"{bug.file} no longer holds what the bug replaces"
    spoilt.write_text(text.replace(bug.right, bug.wrong))
    command = [sys.executable, "-m", "tests.simulation.seeds", bug.seeds, str(bug.hours)]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == FOUND, done.stdout + done.stderr
