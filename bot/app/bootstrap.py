"""The composition root: from a home folder to the objects that a command works with."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.settings import Settings
from bot.app.strategy_files import LoadedStrategy, load_strategies
from bot.domain.errors import AuthError, ConfigError, UsageError

if TYPE_CHECKING:
    from bot.adapters.clock import Clock
    from bot.adapters.sql.engine import Database
    from bot.adapters.tokenmetrics.client import TokenMetricsClient
    from bot.adapters.tokenmetrics.wire_settings import WireSettings
    from bot.app.cycle import Cycle
    from bot.app.poller import Poller


@dataclass(slots=True)
class Daemon:
    """What runs: the cycle, its clock, and what must be closed at the end."""

    cycle: Cycle
    polls: Poller
    clock: Clock
    database: Database
    client: TokenMetricsClient
    strategies: list[LoadedStrategy]

    def close(self) -> None:
        """Close connections and the database."""
        self.client.close()
        self.clock.close()
        self.database.close()


def load_all_strategies(settings: Settings, names: list[str] | None = None) -> list[LoadedStrategy]:
    """The strategies of the home folder; ConfigError where there is none."""
    folder = settings.strategies_path
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder: run `hourhand init` here first")
    loaded = load_strategies([folder])
    if names:
        loaded = [one for one in loaded if one.strategy.name in names]
    if not loaded:
        raise ConfigError([f"{folder}: no strategy file (*.toml) here"])
    return loaded


def build_clock(settings: Settings, stop: threading.Event) -> Clock:
    """The machine's clock, or the one of a simulator."""
    from bot.adapters.clock import SharedClock, SystemClock

    if settings.clock_url is not None:
        return SharedClock(settings.clock_url, stop)
    return SystemClock(stop)


def build_daemon(settings: Settings, stop: threading.Event) -> Daemon:
    """Everything that the daemon needs; the caller holds the database's lock."""
    from bot.adapters.sql.engine import open_database
    from bot.adapters.tokenmetrics.client import ClientSettings, TokenMetricsClient
    from bot.adapters.tokenmetrics.poll_plan import Cadence
    from bot.adapters.tokenmetrics.ports import Ports
    from bot.app.cycle import Cycle, timing_of
    from bot.app.desk import Desk
    from bot.app.poller import BACKFILL_MINUTES, Poller, PollLimits
    from bot.app.recorder import DatabaseCredits, RecordingSink
    from bot.app.stepper import Stepper

    if settings.api_key is None:
        raise AuthError(
            f"no key: put it into {settings.home / 'secrets' / 'api_key'} (mode 600) or set "
            f"HOURHAND_API_KEY; without a key try `hourhand demo`"
        )
    loaded = load_all_strategies(settings)
    strategies = [one.strategy for one in loaded]
    clock = build_clock(settings, stop)
    database = open_database(settings.database_path, create=True)
    wire = wire_settings(settings)
    client = TokenMetricsClient(
        ClientSettings(
            base_url=settings.base_url,
            version=settings.api_version,
            key_header=settings.key_header,
            batch_size=settings.batch_size,
            requests_per_minute=settings.requests_per_minute,
            credits_per_month=settings.monthly_credits,
            attempt_deadline_s=settings.deadline_s,
            poll_deadline_s=settings.cycle_deadline_s,
            wire=wire,
        ),
        settings.api_key,
        Ports(clock=clock, sink=RecordingSink(database, wire), credits=DatabaseCredits(database)),
    )
    polls = Poller(
        client,
        database,
        strategies,
        PollLimits(
            cadence=Cadence(daily_every=settings.daily_every_ms),
            backfill_requests=settings.requests_per_minute * BACKFILL_MINUTES,
            backfill_days=settings.backfill_days,
            batch_size=settings.batch_size,
            tokens=settings.tokens_max,
        ),
    )
    desks = [Desk(database, Stepper(one)) for one in loaded]
    cycle = Cycle(database, desks, polls, clock, timing_of(strategies))
    return Daemon(cycle, polls, clock, database, client, loaded)


def wire_settings(settings: Settings) -> WireSettings:
    """How ambiguous fields of the wire are read."""
    from bot.adapters.tokenmetrics.wire_settings import DrawdownForm, WireSettings

    return WireSettings(
        max_drawdown=DrawdownForm(sign=settings.max_drawdown_sign, unit=settings.max_drawdown_unit)
    )


def wall_ms() -> int:
    """The machine's instant, for leases and file names."""
    return time.time_ns() // 1_000_000


def database_at(home: Path, settings: Settings) -> Path:
    """The database of a home; UsageError where it has not been made yet."""
    path = settings.database_path
    if not path.is_file():
        raise UsageError(
            f"{path}: no database here yet: `hourhand run` or `hourhand import` makes one "
            f"(home is {home})"
        )
    return path
