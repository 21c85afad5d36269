"""A small real home: a daemon that ran against the simulator over loopback, with trades in it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.sql.lock import acquire
from bot.app.bootstrap import build_daemon
from bot.app.daemon import _Runner
from bot.app.settings import Settings, load_settings
from bot.domain.instants import HOUR, parse_instant
from bot.domain.values import Record
from bot.simulator import MarketSource, Server, SimulatorOptions, SteppedClock, create_app
from bot.simulator.generated import GeneratedMarket, generate

START = parse_instant("2025-02-03T00:00:00Z")
KEY = "tm-0f3c9a52-7d1e-4b86-a1c4-55e0d2b79f18"

# Wide enough limits that a few dozen hours hold entries, exits and refusals of many kinds.
EASY = """
signals = "hourly"
poll_offset = "65s"
levels = "provider"
enter_on_first_seen = true
candidate_ttl = 6
reentry = "while_bullish"
cooldown_stop = 1
cooldown_other = 1
sharpe_min = -5
mdd_max = "off"
stop_min_strength = 0
target_min_strength = 0
strong = "off"
stop_buf_atr = 0
stop_min_atr = 0
stop_max_atr = "off"
stop_max_pct = 0.5
stop_min_pct = 0.002
min_rr = 0.05
sigma = "quantmetrics"
max_drift = 0.05
max_hold = 24
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the home is made from: strategies (name -> further lines), hours, tokens, seed."""

    strategies: tuple[tuple[str, str], ...] = (("easy", EASY),)
    hours: int = 72
    tokens: int = 6
    seed: int = 7


def write_home(home: Path, url: str, strategies: tuple[tuple[str, str], ...]) -> Settings:
    """Settings, key and strategy files of a home that works against a simulator."""
    for folder in ("config", "strategies", "secrets"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "config" / "hourhand.toml").write_text(
        f'base_url = "{url}"\nclock_url = "{url}"\nrequests_per_minute = 10000\n'
        f"monthly_credits = 1000000\nbackfill_days = 0\n"
    )
    secret = home / "secrets" / "api_key"
    secret.write_text(KEY)
    secret.chmod(0o600)
    for name, lines in strategies:
        (home / "strategies" / f"{name}.toml").write_text(f'name = "{name}"\n{lines}')
    return load_settings(home)


def market(plan: Plan) -> Record:
    """The generated market that the home lives in, with some days before its first slot."""
    days = 12
    return generate(
        GeneratedMarket(
            seed=plan.seed,
            start=START - days * 24 * HOUR,
            hours=days * 24 + plan.hours + 24,
            tokens=plan.tokens,
        )
    )


def run_until(settings: Settings, until: int) -> int:
    """The daemon itself, in this thread, until a slot is done."""
    stop = threading.Event()
    with acquire(settings.database_path):
        daemon = build_daemon(settings, stop)
        try:
            return _Runner(daemon, stop, until).run()
        finally:
            daemon.close()


def make_home(home: Path, plan: Plan | None = None) -> Settings:
    """A home whose ledger holds `plan.hours` slots."""
    chosen = plan or Plan()
    app = create_app(MarketSource(market(chosen)), SteppedClock(START), SimulatorOptions())
    with Server(app) as server:
        settings = write_home(home, server.url, chosen.strategies)
        run_until(settings, START + chosen.hours * HOUR)
    return settings
