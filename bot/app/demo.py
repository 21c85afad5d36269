"""The demo: generated market, simulator, daemon on a stepped clock, one kill, audit, report."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.adapters.sql import ledger_read
from bot.adapters.sql.engine import open_readonly
from bot.adapters.sql.ledger_read import Span
from bot.adapters.whole_file import whole_file
from bot.app.audit import AuditResult, audit_home
from bot.app.settings import load_settings
from bot.app.simulation import GENERATED_START, SimulationSettings, build_server, generated_market
from bot.domain.errors import HourhandError, UsageError
from bot.domain.instants import HOUR, MINUTE, format_instant
from bot.report.demo_report import DemoFigures, demo_report
from bot.resources import resource_dir
from bot.simulator import Lags

SEED = 4
HISTORY_HOURS = 800  # before the first slot: more than the longest window that the demo reads
SLOTS = 240
MARKET_HOURS = 1100  # the market is a function of its length, so it is fixed apart from the slots
KILL_AFTER = 100
DAILY_LAG = 6 * HOUR
MARKER = ".hourhand-demo"
# With the simulator's clock named, reading commands count from the record, not from today.
CONFIG = """# The demo's simulator, which is gone when the demo has ended; it knew no limits.
base_url = "{url}"
clock_url = "{url}"
requests_per_minute = 10000
monthly_credits = 1000000
backfill_days = 0
"""
OWN_FILES = (
    "hourhand.db", "hourhand.db-wal", "hourhand.db-shm", "hourhand.db.lock", "daemon.log",
    "report.md",
)  # fmt: skip
REPORT = "report.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the demo did."""

    home: Path
    figures: DemoFigures
    audit: AuditResult

    def document(self) -> dict[str, Any]:
        """The demo in numbers, as `--json` prints it."""
        figures = self.figures
        return {
            "slots": figures.slots,
            "orders": figures.orders,
            "fills": figures.fills,
            "trades": figures.trades,
            "refusals": figures.refusals,
            "kills": figures.kills,
            "seconds": round(figures.seconds, 1),
            "report": str(self.home / REPORT),
            "audit": {
                "ok": self.audit.ok,
                "findings": [finding.as_dict() for finding in self.audit.findings],
                "ledger_sha256": self.audit.ledger_sha256,
                "replayed_sha256": self.audit.replayed_sha256,
            },
        }


def run_demo(home: Path, say: Callable[[str], None]) -> Demo:
    """Run the demo in `home`; what an earlier demo left there is replaced, anything else refused.

    Asks nothing, reads no key and talks to this machine only.
    """
    began = time.monotonic()
    _prepare(home)
    settings = SimulationSettings(
        seed=SEED,
        hours=MARKET_HOURS,
        start=GENERATED_START + HISTORY_HOURS * HOUR - 30 * MINUTE,
        # Rows are there when they are first asked for: waiting for them is not worth seeing.
        lags=Lags(bar_ms=1_000, hourly_signal_ms=2_000, daily_ms=DAILY_LAG),
    )
    say("generating a market: made up, seeded, not a real price in it")
    until = GENERATED_START + (HISTORY_HOURS + SLOTS - 1) * HOUR
    with build_server(generated_market(settings), settings) as server:
        say(f"the simulator speaks the provider's wire on {server.url}")
        config = CONFIG.format(url=server.url)
        (home / "config" / "hourhand.toml").write_text(config, encoding="utf-8")
        runner = _Runner(home, until)
        say(f"the daemon runs {SLOTS} simulated hours and is killed on the way")
        kills = runner.run_with_a_kill(say)
    say("auditing: every record recomputed from the raw responses")
    audit = audit_home(load_settings(home))
    figures = _figures(home, kills, time.monotonic() - began)
    with whole_file(home / REPORT) as draft:
        draft.write_text(demo_report(figures, audit), encoding="utf-8")
    return Demo(home=home, figures=figures, audit=audit)


def _prepare(home: Path) -> None:
    if home.exists() and not home.is_dir():
        raise UsageError(f"{home}: is a file, not a folder")
    if home.is_dir() and any(home.iterdir()) and not (home / MARKER).exists():
        raise UsageError(
            f"{home}: holds other things: give an empty or a new folder, e.g. --home demo"
        )
    home.mkdir(parents=True, exist_ok=True)
    marker = "made by `hourhand demo`; the next demo replaces it\n"
    (home / MARKER).write_text(marker, encoding="utf-8")
    for name in OWN_FILES:
        (home / name).unlink(missing_ok=True)
    strategies = home / "strategies"
    strategies.mkdir(exist_ok=True)
    shutil.copy(resource_dir("strategies") / "demo.toml", strategies / "demo.toml")
    (home / "config").mkdir(exist_ok=True)


class _Runner:
    """Starts the daemon as its user would, in a process of its own."""

    def __init__(self, home: Path, until: int) -> None:
        self._home = home
        self._until = until
        # Only what a program needs to start: no setting of the user's reaches the demo.
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HOURHAND_")}
        self._environment = kept | {"HOURHAND_API_KEY": "tm-demo-needs-no-key"}

    def run_with_a_kill(self, say: Callable[[str], None]) -> int:
        """Run to the end; SIGKILL once when a third of the slots is in the ledger."""
        daemon = self._start()
        kills = 0
        while daemon.poll() is None:
            if kills == 0 and self.slots_done() >= KILL_AFTER:
                daemon.send_signal(signal.SIGKILL)
                daemon.wait()
                kills = 1
                say(f"killed with SIGKILL after slot {self.slots_done()}; started again")
                daemon = self._start()
            time.sleep(0.05)
        if daemon.returncode != 0:
            tail = (self._home / "daemon.log").read_text(encoding="utf-8").splitlines()[-3:]
            raise HourhandError("the demo's daemon failed:\n  " + "\n  ".join(tail))
        return kills

    def slots_done(self) -> int:
        """Slots in the ledger, 0 while there is none."""
        path = self._home / "hourhand.db"
        if not path.exists():
            return 0
        database = open_readonly(path)
        try:
            with database.transaction() as connection:
                return len(ledger_read.cycles(connection, Span(strategy="demo")))
        finally:
            database.close()

    def _start(self) -> subprocess.Popen[bytes]:
        log = (self._home / "daemon.log").open("ab")
        command = [
            sys.executable, "-m", "bot.cli", "run", "--home", str(self._home),
            "--until", format_instant(self._until),
        ]  # fmt: skip
        with log:
            return subprocess.Popen(command, env=self._environment, stderr=log, stdout=log)


def _figures(home: Path, kills: int, seconds: float) -> DemoFigures:
    database = open_readonly(home / "hourhand.db")
    try:
        with database.transaction() as connection:
            span = Span(strategy="demo")
            decisions = ledger_read.decisions(connection, span)
            fills = ledger_read.fills(connection, span)
            equity = ledger_read.equity(connection, span)
            positions = ledger_read.positions(connection, span)
            refusals = Counter(row.reason for row in decisions if row.outcome == "REFUSED")
            return DemoFigures(
                slots=len(ledger_read.cycles(connection, span)),
                orders=len(ledger_read.orders(connection, span)),
                fills=len(fills),
                trades=sum(row.status == "CLOSED" for row in positions),
                refusals=dict(refusals.most_common()),
                exits=dict(Counter(f.reason for f in fills if f.side == "SELL").most_common()),
                kills=kills,
                seconds=seconds,
                start=equity[0].equity,
                end=equity[-1].equity,
                fees=sum(fill.fee for fill in fills),
            )
    finally:
        database.close()
