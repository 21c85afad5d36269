"""A simulator put together: its source, its clock and its faults."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.instants import HOUR, MINUTE, format_instant, parse_instant
from bot.domain.plurals import counted
from bot.domain.values import Record
from bot.simulator import (
    DataFaults,
    FaultPlan,
    Lags,
    MarketSource,
    RunningClock,
    Server,
    SimulatorOptions,
    SteppedClock,
    create_app,
    disturb,
    parse_random_fault,
)
from bot.simulator.source import PROVIDER_LAGS

GENERATED_START = parse_instant("2025-01-06T00:00:00Z")
LATE = 90 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationSettings:
    """What `simulate` may be told; `speed` None is the stepped clock."""

    port: int = 0
    start: int | None = None
    speed: float | None = None
    seed: int = 1
    hours: int = 24 * 60
    tokens: int = 8
    keys: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    late_ppm: int = 0
    corrected_ppm: int = 0
    missing_ppm: int = 0
    lags: Lags = PROVIDER_LAGS  # how long after its period a row is served


def generated_market(settings: SimulationSettings) -> Record:
    """The generated market: made up, seeded, and said to be so by its names."""
    from bot.simulator.generated import GeneratedMarket, generate

    return generate(
        GeneratedMarket(
            seed=settings.seed,
            start=GENERATED_START,
            hours=settings.hours,
            tokens=settings.tokens,
        )
    )


def build_server(record: Record, settings: SimulationSettings) -> Server:
    """A server over a record; its clock starts at the first bar's close unless told otherwise."""
    first = min((bar.open_time for bar in record.bars), default=GENERATED_START)
    start = settings.start if settings.start is not None else first + HOUR
    clock: SteppedClock | RunningClock = SteppedClock(start)
    if settings.speed is not None:
        clock = RunningClock(start, settings.speed, time.monotonic)
    if settings.late_ppm or settings.corrected_ppm or settings.missing_ppm:
        data = DataFaults(
            late_ppm=settings.late_ppm,
            corrected_ppm=settings.corrected_ppm,
            missing_ppm=settings.missing_ppm,
            late_ms=LATE,
            correction_ms=LATE,
            seed=settings.seed,
        )
        record = disturb(record, data)
    chances = tuple(parse_random_fault(text) for text in settings.faults)
    options = SimulatorOptions(
        keys=frozenset(settings.keys), faults=FaultPlan(chances=chances, seed=settings.seed)
    )
    return Server(create_app(MarketSource(record, settings.lags), clock, options), settings.port)


def serve(record: Record | None, settings: SimulationSettings, say: Callable[[str], None]) -> None:
    """Serve until stopped; says where."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    data = record if record is not None else generated_market(settings)
    with build_server(data, settings) as server:
        opens = [bar.open_time for bar in data.bars]
        say(f"serving {counted(len(data.tokens), 'token')} on {server.url}")
        if opens:
            say(f"bars from {format_instant(min(opens))} to {format_instant(max(opens))}")
        say(f"HOURHAND_BASE_URL={server.url} HOURHAND_CLOCK_URL={server.url}")
        stop.wait()
