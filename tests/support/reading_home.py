"""A home folder that a short real daemon run has filled: for tests of commands that read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bot.app.simulation import GENERATED_START, SimulationSettings, build_server, generated_market
from bot.domain.instants import DAY, HOUR, format_instant

KEY = "reading-key"
WARM_UP = 32 * DAY  # local volatility and range need 720 bars
FIRST_SLOT = GENERATED_START + WARM_UP
EARLY_SLOT = FIRST_SLOT + HOUR
LAST_SLOT = FIRST_SLOT + 10 * HOUR

# Enters whatever is Bullish and holds it shortly, so that a day shows every kind of row.
EAGER = """\
name = "eager"
enter_on_first_seen = true
max_hold = 4
cooldown_other = 1
reentry = "while_bullish"
sharpe_min = "off"
mdd_max = "off"
min_history = "1d"
stop_min_strength = 0
target_min_strength = 0
strong = "off"
atr_fallback = 1.5
target_fallback = 1.0
min_rr = 0
"""
# Looks at every number and lets nothing through.
PICKY = """\
name = "picky"
enter_on_first_seen = true
sharpe_min = 90
mdd_max = 0.01
grade_min = 99
"""


def make_home(home: Path) -> Path:
    """Settings, key and strategies of a home without a database."""
    (home / "strategies").mkdir(parents=True)
    (home / "strategies" / "eager.toml").write_text(EAGER)
    (home / "strategies" / "picky.toml").write_text(PICKY)
    (home / "secrets").mkdir(mode=0o700)
    key = home / "secrets" / "api_key"
    key.write_text(KEY)
    key.chmod(0o600)
    return home


@dataclass(frozen=True, slots=True)
class FilledHomes:
    """The same home twice: after two slots (an open position and an entry that waits), and later,
    with closed trades and every kind of decision."""

    early: Path
    late: Path


def fill_homes(folder: Path) -> FilledHomes:
    """Run the daemon over a generated market, on the simulator's stepped clock."""
    made = SimulationSettings(seed=4, hours=24 * 35, tokens=4)
    market = generated_market(made)
    simulation = SimulationSettings(start=FIRST_SLOT + 30_000, keys=(KEY,))
    late = make_home(folder / "late")
    with build_server(market, simulation) as server:
        (late / "config").mkdir()
        (late / "config" / "hourhand.toml").write_text(
            f'base_url = "{server.url}"\nclock_url = "{server.url}"\n'
            "requests_per_minute = 1000\nmonthly_credits = 100000\nbackfill_days = 32\n"
        )
        _run_daemon(late, EARLY_SLOT)
        shutil.copytree(late, folder / "early")
        _run_daemon(late, LAST_SLOT)
    return FilledHomes(folder / "early", late)


def _run_daemon(home: Path, until: int) -> None:
    # A process of its own: what it leaves is what a real one leaves.
    command = [sys.executable, "-m", "bot.cli.main", "run", "--home", str(home)]
    subprocess.run(
        [*command, "--until", format_instant(until)], check=True, capture_output=True, timeout=120
    )
