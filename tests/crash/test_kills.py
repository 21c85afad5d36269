"""A kill at any instant neither loses nor doubles an order, on a stepped clock or a running one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app.simulation import GENERATED_START, SimulationSettings, build_server, generated_market
from bot.domain.instants import HOUR, MINUTE
from bot.domain.values import Record
from tests.support.daemon_process import (
    hours_after,
    journal,
    ledger_sha256,
    run_with_kills,
)
from tests.support.forked import Forks

HISTORY = 730
SLOTS = 26  # the busiest of this market
MARKET_HOURS = HISTORY + 70
FIRST = hours_after(GENERATED_START, HISTORY)
LAST = hours_after(FIRST, SLOTS - 1)
STRATEGY = Path(__file__).parents[2] / "strategies" / "demo.toml"


@pytest.fixture(scope="module")
def market() -> Record:
    return generated_market(SimulationSettings(seed=15, hours=MARKET_HOURS, tokens=6))


def new_home(folder: Path) -> Path:
    (folder / "strategies").mkdir(parents=True)
    shutil.copy(STRATEGY, folder / "strategies")
    return folder


def run(forks: Forks, home: Path, market: Record, kills: list[int]) -> int:
    settings = SimulationSettings(start=FIRST - 10 * MINUTE)
    with build_server(market, settings) as server:
        return run_with_kills(forks, home, server.url, LAST, kills)


def replayed(home: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "bot.cli.main", "replay", str(STRATEGY), "--home", str(home),
               "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    document: dict[str, object] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def undisturbed(forks: Forks, market: Record, memory: Path) -> Path:
    home = new_home(memory / "undisturbed")
    assert run(forks, home, market, []) == 0
    return home


def test_a_run_records_orders_worth_killing_for(undisturbed: Path) -> None:
    lines = "".join(journal(undisturbed))
    assert len(journal(undisturbed)) == SLOTS
    assert lines.count('"record":"order"') >= 12
    assert lines.count('"record":"fill"') >= 8


def test_a_run_killed_five_times_writes_the_ledger_of_one_that_was_not(
    forks: Forks, undisturbed: Path, market: Record, tmp_path: Path
) -> None:
    home = new_home(tmp_path / "killed")
    assert run(forks, home, market, [1, 3, 4, 15, 22]) == 5
    assert journal(home) == journal(undisturbed)


def test_the_record_of_a_daemon_replays_to_its_ledger(undisturbed: Path) -> None:
    assert replayed(undisturbed)["ledger_sha256"] == ledger_sha256(undisturbed)


def test_with_the_clock_running_on_a_killed_run_equals_its_own_replay(
    forks: Forks, market: Record, tmp_path: Path
) -> None:
    home = new_home(tmp_path / "running")
    # An hour passes in 0.4 s, so every restart costs some hours: missed slots are recorded.
    settings = SimulationSettings(start=FIRST - 10 * MINUTE, speed=9000.0)
    with build_server(market, settings) as server:
        assert run_with_kills(forks, home, server.url, LAST, [3, 10]) == 2
    slots = journal(home)
    assert len(slots) == (LAST - json_slot(slots[0])) // HOUR + 1
    assert any('"missed":"yes"' in lines for lines in slots)
    assert replayed(home)["ledger_sha256"] == ledger_sha256(home)


def json_slot(lines: str) -> int:
    from bot.domain.instants import parse_instant

    return parse_instant(json.loads(lines.split("\n")[0])["slot"])
