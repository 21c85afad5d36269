"""Two years in one daemon process: what memory, file and time per slot come to, month by month.

`python -m tests.simulation.long_run [MONTHS]` (24 unless given; about ten minutes) prints a line a
month as JSON and at the end what the slots came to; the ledger is audited. Exit code 1 where the
audit finds anything, or memory, log or time per slot grew. The memory includes the made-up market.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bot.app.audit import audit_home
from bot.domain.instants import DAY, HOUR, MINUTE, format_instant
from bot.simulator import FaultKind
from tests.simulation import weather as kinds
from tests.simulation.facts import reached
from tests.simulation.markets import START
from tests.simulation.plan import Plan, quiet_plan
from tests.simulation.rows import RowFaults
from tests.simulation.sim_clock import Event
from tests.simulation.weather import Spell
from tests.simulation.world import World, make_template

MONTH_HOURS = 730
LOG_MB, MEMORY_FACTOR, TIME_FACTOR = 16, 1.1, 1.5
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def plan_of(months: int) -> Plan:
    """Small faults all the time, a day without the provider and a night's suspend each month."""
    hours = months * MONTH_HOURS
    months_of = [START + month * MONTH_HOURS * HOUR for month in range(months)]
    noise = Spell(
        start=START, end=START + hours * HOUR, share=0.01, kinds=tuple(map(str, kinds.NOISE))
    )
    outages = [
        Spell(
            start=begin + 9 * DAY, end=begin + 10 * DAY, share=1,
            kinds=(str(FaultKind.SERVER_ERROR), str(FaultKind.RATE_LIMIT), kinds.TIMEOUT),
        )
        for begin in months_of
    ]  # fmt: skip
    plan = quiet_plan(0, hours)
    return Plan(
        seed=1,
        hours=hours,
        market=plan.market,
        strategies=plan.strategies,
        rows=RowFaults(late=0.005, missing=0.001, corrected=0.003, unusable=0.001),
        spells=(*outages, noise),
        events=tuple(Event(at=begin + 20 * DAY + MINUTE, suspend=9 * HOUR) for begin in months_of),
        history_days=2,
    )


class Meter:
    """Looks at the process and the file at the end of each month."""

    def __init__(self, world: World, database: Path) -> None:
        self.lines: list[dict[str, Any]] = []
        self._world = world
        self._database = database
        self._began = time.process_time()
        self._slots = 0

    def look(self) -> None:
        """Called after every wake."""
        slots = self._world.checker.lanes["easy"].slots
        if slots // MONTH_HOURS == self._slots // MONTH_HOURS and self._slots:
            return
        now = time.process_time()
        line = {
            "slot": format_instant(self._world.checker.lanes["easy"].slot),
            "slots": slots,
            "resident_mb": round(_resident_bytes() / 1e6, 1),
            "database_mb": round(self._database.stat().st_size / 1e6, 2),
            "log_mb": round(_size(self._database.with_name(f"{self._database.name}-wal")) / 1e6, 2),
            "ms_a_slot": round(1000 * (now - self._began) / max(1, slots - self._slots), 2),
        }
        self._began, self._slots = now, slots
        self.lines.append(line)
        print(json.dumps(line), flush=True)


def growth(lines: list[dict[str, Any]]) -> list[str]:
    """What grew that should not: memory and time after the first half year, the log at any time."""
    months = lines[2:]
    found = [f"the log grew to {line['log_mb']} MB" for line in months if line["log_mb"] > LOG_MB]
    if len(months) < 12:
        return found
    early, late = months[4:8], months[-4:]
    for name, factor in (("resident_mb", MEMORY_FACTOR), ("ms_a_slot", TIME_FACTOR)):
        before, after = (sum(line[name] for line in part) / 4 for part in (early, late))
        if after > factor * before:
            found.append(f"{name} went from {before:.1f} to {after:.1f}")
    return found


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def main(months: int) -> int:
    """Run, print, audit; 1 where the audit finds anything."""
    with tempfile.TemporaryDirectory(prefix="long-run-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        world = World(plan_of(months), home, make_template(Path(folder)))
        meter = Meter(world, home / "hourhand.db")
        world.each_wait = meter.look
        outcome = world.run()
        meter.look()
        counts: Counter[str] = reached(home / "hourhand.db") + outcome.checker.seen
        print(json.dumps({"injected": dict(sorted(outcome.injected.items()))}))
        print(json.dumps({"reached": dict(sorted(counts.items()))}))
        print(json.dumps({"log": dict(sorted(outcome.log.items())), "requests": outcome.requests}))
        audit = audit_home(outcome.settings)
        grown = growth(meter.lines)
        told = {"findings": [str(one) for one in audit.findings], "lives": outcome.lives}
        print(json.dumps({**told, "growth": grown}))
        outcome.checker.close()
    return 0 if audit.ok and not grown else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 24))
