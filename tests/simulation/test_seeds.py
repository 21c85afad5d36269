"""Seeded simulation: whatever goes wrong, the ledger is sound and says what it must.

One seed again: `pytest tests/simulation --seed 17 --hours 96`. More: `--seeds 200 --hours 1440`.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed

import pytest

from tests.simulation.seeds import SeedResult, by_market, command_of, run_seeds
from tests.simulation.table import Sum

# What a default run must have done to the daemon, and what must have come through to the engine;
# a simulation that misses one of these tests less than it says.
ENOUGH = 200
INJECTED = {
    "kill", "kill before BEGIN", "kill before SELECT", "kill before INSERT", "kill before UPDATE",
    "storage error", "config edit", "suspend", "clock set", "refused", "timeout", "reset", "empty",
    "slow", "wrong-key", "rate-limit", "server-error", "truncated", "broken-off", "html",
    "wrong-types", "duplicated", "contradicted", "shuffled", "late bar", "missing bar",
    "corrected bar", "unusable bar", "late signal", "missing signal", "corrected signal",
    "unusable signal", "late metrics", "missing metrics", "corrected metrics", "late levels",
    "operator pause", "operator resume", "operator close", "operator write_off",
    "strategy file removed", "missing levels", "corrected levels", "row of a token that is gone",
}  # fmt: skip
REACHED = {
    "slot in time", "slot missed", "entry order", "fill ENTRY", "fill STOP", "fill STOP_RESIDUAL",
    "fill TARGET", "fill SIGNAL_EXIT", "fill TIME_STOP", "refused SLOT_MISSED",
    "refused SIGNAL_STALE", "refused PAUSED", "fill MANUAL", "refused LEVELS_STALE",
    "refused COOLDOWN", "refused BAR_STALE",
    "notice LATE_ROW", "notice SIGNAL_AMBIGUOUS", "notice SIGNAL_UNKNOWN",
    "bar revised", "bar seen late", "bar impossible", "signal revised", "answer 200",
    "fill STOP_GAP", "set in part", "poll cut by the freeze", "slot managed only",
    "told alert.rules", "told alert.column", "told alert.signal", "told alert.level",
    "answer 401", "answer 404", "answer 429", "answer 503", "log poll.failed", "log wake.failed",
}  # fmt: skip


def test_every_seed_leaves_a_sound_ledger(pytestconfig: pytest.Config, tell: list[str]) -> None:
    """One test, so that the seeds run once however the tests are spread over processes."""
    hours = pytestconfig.getoption("--hours")
    total = Sum()
    broken = []
    for result in results_of(pytestconfig):
        total.add(result)
        if result.problem:
            broken.append(f"{command_of(result.seed, hours)}\n{result.problem}")
    tell.extend(total.lines())
    assert not broken, f"{len(broken)} of {total.seeds} seeds:\n" + "\n".join(broken[:5])
    if total.seeds >= ENOUGH:
        assert INJECTED - set(total.injected) == set()
        assert REACHED - set(total.reached) == set()
        assert total.compared > total.slots / 3


def results_of(config: pytest.Config) -> list[SeedResult]:
    """The seeds asked for, on as many processes as were asked for."""
    one = config.getoption("--seed")
    seeds = [one] if one is not None else list(range(config.getoption("--seeds")))
    hours, jobs = config.getoption("--hours"), config.getoption("--jobs")
    if jobs == 1 or len(seeds) == 1:
        return run_seeds(seeds, hours)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        parts = [pool.submit(run_seeds, mine, hours) for mine in by_market(seeds)]
        found = [result for part in as_completed(parts) for result in part.result()]
    return sorted(found, key=lambda result: result.seed)
