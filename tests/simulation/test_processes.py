"""Neither the order of sets nor the machine's time zone is in the ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.simulation.ledger_hash import ledger_hash

ROOT = Path(__file__).resolve().parents[2]
SEED, HOURS = 11, 62  # summer time begins in New York within them
ZONES = ("UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/London")


def test_hash_seeds_and_time_zones_give_one_ledger() -> None:
    command = [sys.executable, "-m", "tests.simulation.ledger_hash", str(SEED), str(HOURS)]
    processes = [
        subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": str(number), "TZ": zone},
            stdout=subprocess.PIPE, text=True,
        )
        for number, zone in enumerate(ZONES)
    ]  # fmt: skip
    found = {process.communicate(timeout=300)[0].strip() for process in processes}
    assert found == {ledger_hash(SEED, HOURS)}
