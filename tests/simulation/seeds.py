"""Seeds run and judged: each against its market without faults, its own checks and the audit.

`python -m tests.simulation.seeds SEED[,SEED] [HOURS]` runs some and prints what they came to.
"""

from __future__ import annotations

import gc
import shutil
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bot.app.audit import audit_home
from bot.domain.instants import HOUR
from tests.simulation.facts import (
    Ledger,
    check_same_where_known_the_same,
    last_slot,
    reached,
    read_ledger,
)
from tests.simulation.markets import MARKETS
from tests.simulation.plan import RESTARTS, draw_plan, kind_of, quiet_plan
from tests.simulation.world import Outcome, World, make_template
from tests.support.memory import folder_in_memory

WELL_AGAIN = 4 * HOUR
FOUND = 3  # exit code of a seed with a problem


@dataclass(slots=True, kw_only=True)
class SeedResult:
    """One seed: `problem` is empty where every promise was kept."""

    seed: int
    problem: str = ""
    slots: int = 0
    compared: int = 0
    lives: int = 0
    requests: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def run_seeds(seeds: list[int], hours: int) -> list[SeedResult]:
    """Run and judge seeds, one after the other."""
    gc.set_threshold(200_000)  # a fifth of the time would go into looking for cycles
    with folder_in_memory("seeds") as folder:
        return [judged(seed, hours, folder) for seed in seeds]


def judged(seed: int, hours: int, folder: Path) -> SeedResult:
    """One seed's result; whatever is wrong stands in `problem`."""
    result = SeedResult(seed=seed)
    began = time.process_time()
    home = folder / f"seed-{seed}"
    home.mkdir()
    try:
        _judge(seed, hours, home, result)
    except Exception:
        result.problem = traceback.format_exc(limit=-6)
    result.seconds = time.process_time() - began
    shutil.rmtree(home)
    return result


def _judge(seed: int, hours: int, home: Path, result: SeedResult) -> None:
    plan = draw_plan(seed, hours)
    world = World(plan, home, template(home.parent))
    try:
        outcome = world.run()
        result.slots = sum(lane.slots for lane in outcome.checker.lanes.values())
        result.lives, result.requests = outcome.lives, outcome.requests
        result.injected = outcome.injected
        result.reached = reached(outcome.settings.database_path) + outcome.checker.seen
        result.reached += Counter({f"log {name}": n for name, n in outcome.log.items()})
        for name, ledger in ledgers(outcome).items():
            clean = untouched(plan.market, hours, home.parent)[name]
            result.compared += check_same_where_known_the_same(ledger, clean)
            if kind_of(seed) == RESTARTS:
                assert ledger.lines == clean.lines, f"{name}: restarts alone changed the ledger"
        _check_recovered(outcome, plan.until)
        check_audit(outcome)
    finally:
        world.checker.close()


def _check_recovered(outcome: Outcome, until: int) -> None:
    """When all is well again for some hours, slots are in time and on new rows, by themselves."""
    if until - outcome.well_since < WELL_AGAIN:
        return
    missed, newest = last_slot(outcome.settings.database_path)
    assert not missed, "the last slot was missed, hours after the last trouble"
    assert until - newest <= WELL_AGAIN, "no row came any more, hours after the last trouble"


def check_audit(outcome: Outcome) -> None:
    """No finding, and the raw answers replayed come to the ledger that is there."""
    audit = audit_home(outcome.settings)
    assert audit.ok, "\n".join(str(finding) for finding in audit.findings[:5])
    assert audit.replayed_sha256 == audit.ledger_sha256


def ledgers(outcome: Outcome) -> dict[str, Ledger]:
    """Every strategy's ledger of a run."""
    path = outcome.settings.database_path
    return {
        name: read_ledger(path, name, lane.states, lane.memories)
        for name, lane in outcome.checker.lanes.items()
    }


@cache
def template(folder: Path) -> Path:
    """An empty database to copy."""
    return make_template(folder)


@cache
def untouched(market: int, hours: int, folder: Path) -> dict[str, Ledger]:
    """The ledgers of a market's run without any fault."""
    home = folder / f"untouched-{market}"
    home.mkdir()
    outcome = World(quiet_plan(market, hours), home, template(folder)).run()
    check_audit(outcome)
    outcome.checker.close()
    found = ledgers(outcome)
    shutil.rmtree(home)
    return found


def by_market(seeds: list[int]) -> list[list[int]]:
    """Seeds that share a market, and so the run without faults, together."""
    return [
        mine for number in range(MARKETS) if (mine := [s for s in seeds if s % MARKETS == number])
    ]


def command_of(seed: int, hours: int) -> str:
    """How a person runs this seed again."""
    return f"pytest tests/simulation --seed {seed} --hours {hours}"


if __name__ == "__main__":
    asked = [int(text) for text in sys.argv[1].split(",")]
    for found in run_seeds(asked, int(sys.argv[2]) if len(sys.argv) > 2 else 96):
        print(found.problem or f"seed {found.seed}: {found.slots} slots, {found.compared} compared")
        if found.problem:
            sys.exit(FOUND)
