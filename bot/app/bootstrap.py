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
    from collections.abc import Callable

    import httpx
    from pydantic import SecretStr

    from bot.adapters.clock import Clock
    from bot.adapters.sql.engine import Database
    from bot.adapters.tokenmetrics.client import TokenMetricsClient
    from bot.adapters.tokenmetrics.ports import Ports
    from bot.adapters.tokenmetrics.wire_settings import WireSettings
    from bot.app.courier import Courier
    from bot.app.cycle import Cycle
    from bot.app.lineup import Lineup
    from bot.app.look_back import LookBack
    from bot.app.poller import Poller, PollLimits
    from bot.app.retention import Retention

COURIER_STOP_S = 3.0


@dataclass(slots=True)
class Daemon:
    """What runs: the cycle, its clock, and what must be closed at the end."""

    cycle: Cycle
    polls: Poller
    clock: Clock
    database: Database
    client: TokenMetricsClient
    lineup: Lineup
    courier: Courier
    retention: Retention
    look_back: LookBack

    def close(self) -> None:
        """Close connections and the database; messages that are left wait for the next start."""
        self.courier.stop(COURIER_STOP_S)
        self.client.close()
        self.clock.close()
        self.database.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What stands in for the machine's clock, network and chance: a simulation's."""

    clock: Clock
    net: httpx.BaseTransport
    jitter: Callable[[], float]


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


def build_daemon(
    settings: Settings, stop: threading.Event, outside: Outside | None = None
) -> Daemon:
    """Everything that the daemon needs; the caller holds the database's lock."""
    from bot.adapters.sql.engine import open_database
    from bot.adapters.sql.file_checks import check_start
    from bot.app.courier import Courier, CourierSettings
    from bot.app.cycle import Cycle
    from bot.app.desk import Desk
    from bot.app.look_back import LookBack, LookBackPlan
    from bot.app.poller import Poller
    from bot.app.retention import Retention, RetentionSettings
    from bot.app.sinks import build_sinks
    from bot.app.timing import timing_of

    key, files = _to_start_with(settings)
    clock = outside.clock if outside is not None else build_clock(settings, stop)
    database = open_database(settings.database_path, create=True)
    check_start(database)
    lineup = _line_up(settings, database, files)
    strategies = [one.strategy for one in lineup.strategies]
    bounds = RetentionSettings(keep_days=settings.raw_keep_days, max_mb=settings.raw_max_mb)
    retention = Retention(database, bounds, stop)
    ports = _ports(settings, database, clock, stop, retention)
    client = _client(settings, key, ports, outside)
    polls = Poller(
        client,
        database,
        strategies,
        _poll_limits(settings),
    )
    desks = [Desk.at_post(database, post) for post in lineup.posts]
    cycle = Cycle(database, desks, polls, clock, timing_of(strategies))
    # A simulation has a network of its own, and no time of this machine.
    sinks = build_sinks(settings, wall_ms) if outside is None else []
    courier = Courier(
        database, sinks, CourierSettings(attempts=settings.notify_attempts, now=wall_ms)
    )
    back = LookBackPlan(
        hours=settings.look_back_hours, with_signals=polls.reads_signals, universe=polls.universe
    )
    look_back = LookBack(client, database, back)
    return Daemon(cycle, polls, clock, database, client, lineup, courier, retention, look_back)


def _ports(
    settings: Settings,
    database: Database,
    clock: Clock,
    stop: threading.Event,
    retention: Retention,
) -> Ports:
    """What the provider's client works with: answers and credits go into the database."""
    from bot.adapters.clock import heeding
    from bot.adapters.tokenmetrics.ports import Ports
    from bot.app.recorder import DatabaseCredits, RecordingSink

    return Ports(
        clock=clock,
        sink=RecordingSink(database, wire_settings(settings), retention.make_room),
        credits=DatabaseCredits(database),
        heed=heeding(stop),
    )


def _client(
    settings: Settings, key: SecretStr, ports: Ports, outside: Outside | None
) -> TokenMetricsClient:
    """The provider's client."""
    from bot.adapters.tokenmetrics.client import ClientSettings, TokenMetricsClient

    return TokenMetricsClient(
        ClientSettings(
            base_url=settings.base_url,
            version=settings.api_version,
            key_header=settings.key_header,
            batch_size=settings.batch_size,
            requests_per_minute=settings.requests_per_minute,
            credits_per_month=settings.monthly_credits,
            attempt_deadline_s=settings.deadline_s,
            poll_deadline_s=settings.cycle_deadline_s,
            wire=wire_settings(settings),
        ),
        key,
        ports,
        jitter=outside.jitter if outside is not None else None,
        net=outside.net if outside is not None else None,
    )


def _poll_limits(settings: Settings) -> PollLimits:
    """How often and how much is asked for."""
    from bot.adapters.tokenmetrics.poll_plan import Cadence
    from bot.app.poll_needs import BACKFILL_MINUTES
    from bot.app.poller import PollLimits

    return PollLimits(
        cadence=Cadence(daily_every=settings.daily_every_ms),
        backfill_requests=settings.requests_per_minute * BACKFILL_MINUTES,
        backfill_days=settings.backfill_days,
        batch_size=settings.batch_size,
        tokens=settings.tokens_max,
    )


def strategy_files_of(settings: Settings) -> list[LoadedStrategy]:
    """The home's files; none where there is a ledger, in which something may still be open."""
    try:
        return load_all_strategies(settings)
    except UsageError:
        if settings.strategies_path.is_dir() and settings.database_path.is_file():
            return []
        raise


def no_key(home: Path) -> str:
    """What a start says that has no key."""
    return (
        f"no key: put it into {home / 'secrets' / 'api_key'} (mode 600) or set "
        f"HOURHAND_API_KEY; without a key try `hourhand demo`"
    )


def _to_start_with(settings: Settings) -> tuple[SecretStr, list[LoadedStrategy]]:
    """The key and the strategy files.

    Raises AuthError where nothing but the key is missing, and ConfigError with it among the faults
    of the files.
    """
    try:
        files = strategy_files_of(settings)
    except ConfigError as problem:
        if settings.api_key is None:
            raise ConfigError([*problem.faults, no_key(settings.home)]) from None
        raise
    if settings.api_key is None:
        raise AuthError(no_key(settings.home))
    return settings.api_key, files


def _line_up(settings: Settings, database: Database, files: list[LoadedStrategy]) -> Lineup:
    """Who runs; raises as for missing files where neither a file nor anything open is there."""
    from bot.app.lineup import line_up

    with database.transaction() as connection:
        lineup = line_up(connection, files)
    if not lineup.posts:
        database.close()
        load_all_strategies(settings)
    return lineup


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
        if path.exists():
            raise UsageError(f"{path}: is no file: name another one in `database`")
        raise UsageError(
            f"{path}: no database here yet: `hourhand run` or `hourhand import` makes one "
            f"(home is {home})"
        )
    return path
