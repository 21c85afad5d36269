"""A small real home: a daemon that ran against the simulator over loopback, with trades in it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bot.app.daemon import run_daemon
from bot.app.settings import Settings, load_settings
from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.values import Record
from bot.simulator import MarketSource, Server, SimulatorOptions, SteppedClock, create_app
from bot.simulator.generated import GeneratedMarket, generate

START = parse_instant("2025-02-03T00:00:00Z")
KEY = "tm-0f3c9a52-7d1e-4b86-a1c4-55e0d2b79f18"
MARKET_HOURS = 54  # a market of another length is another market
DAYS_BEFORE = 1

# Limits so wide that a day holds entries, exits and refusals of several kinds, and so much cash
# that bars are too thin for some orders.
EASY = """
cash = 20_000_000
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
max_hold = 9
max_adv_frac = "off"
"""


# One alert of each kind, so near that a few hours tell of all three. They end a strategy file.
ALERTS = """
[[alert]]
name = "moved"
on = "column"
column = "close"
above = 10_800
below = 10_700
throttle = "0s"

[[alert]]
name = "turned"
on = "signal"
throttle = "2h"

[[alert]]
name = "levels"
on = "level"
throttle = "0s"
"""


# Refuses what it sees: a second strategy for a ledger of several.
STRICT = """
signals = "hourly"
poll_offset = "65s"
enter_on_first_seen = true
sharpe_min = 3
mdd_max = 0.05
"""


def write_strategy(home: Path, name: str, lines: str) -> None:
    """Put a strategy file into a home."""
    folder = home / "strategies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(f'name = "{name}"\n{lines}')


def write_home(home: Path, url: str, batch_size: int = 50) -> Settings:
    """Settings and key of a home that works against a simulator; it still needs a strategy."""
    for folder in ("config", "strategies", "secrets"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "config" / "hourhand.toml").write_text(
        f'base_url = "{url}"\nclock_url = "{url}"\nrequests_per_minute = 10000\n'
        f"monthly_credits = 1000000\nbackfill_days = 0\n"
        f"batch_size = {batch_size}\n"
    )
    secret = home / "secrets" / "api_key"
    secret.write_text(KEY)
    secret.chmod(0o600)
    return load_settings(home)


def made_up_market(hours: int, tokens: int) -> Record:
    """A generated market with some days before START and `hours` after it."""
    return generate(
        GeneratedMarket(
            seed=7,
            start=START - DAYS_BEFORE * DAY,
            hours=DAYS_BEFORE * 24 + hours,
            tokens=tokens,
        )
    )


@contextmanager
def simulated(record: Record) -> Iterator[str]:
    """The address of a simulator whose stepped clock stands at START."""
    app = create_app(MarketSource(record), SteppedClock(START), SimulatorOptions())
    with Server(app) as server:
        yield server.url


def run_until(settings: Settings, until: int) -> int:
    """The daemon until a slot is done; in a thread, where it leaves signal handlers alone."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(run_daemon, settings, until).result()


def make_home(home: Path, hours: int = 22, tokens: int = 4, alerts: str = "") -> Settings:
    """A home with one strategy whose ledger holds the slots of `hours` hours after START."""
    with simulated(made_up_market(MARKET_HOURS, tokens)) as url:
        settings = write_home(home, url)
        write_strategy(home, "easy", EASY + alerts)
        run_until(settings, START + hours * HOUR)
    return settings
