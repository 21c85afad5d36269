"""A daemon in a process of its own, a provider whose mood a test sets, and a clock that waits.

The clock stops at a limit, and the daemon with it, so that a test can change the world between two
hours. Commands are forked from one process that has imported everything.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.domain.instants import DAY, HOUR, MINUTE, SECOND
from bot.domain.values import Record
from bot.simulator import MarketSource, Server, SimulatorOptions, create_app
from bot.simulator.generated import GeneratedMarket, generate
from tests.support.crash_lab import Lab, SetClock
from tests.support.forked import Ended, Forks, Started
from tests.support.ledger_home import EASY, START, write_strategy

WAIT_S = 180.0  # on a machine with other work too
_LOWER = Decimal("0.99")
WELL, REFUSING, DOWN = "well", "refusing", "down"


@dataclass(slots=True)
class Provider:
    """The simulated provider behind a mood; its Date header may be wrong by so many ms."""

    app: ASGIApp
    clock: SetClock
    mood: str = WELL
    shift: int = 0
    asked: Counter[str] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_"):
            await self.app(scope, receive, send)
            return
        self.asked[self.mood] += 1
        date = formatdate((self.clock.now() + self.shift) / SECOND, usegmt=True).encode()

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0].lower() != b"date"]
                message = {**message, "headers": [*kept, (b"date", date)]}
            await send(message)

        answer: ASGIApp = self.app
        if self.mood == REFUSING:
            body = {"success": False, "message": "Invalid or missing API key"}
            answer = Response(json.dumps(body), 401, media_type="application/json")
        elif self.mood == DOWN:
            answer = Response("<html></html>", 503, media_type="text/html")
        await answer(scope, receive, stamped)


@dataclass(slots=True)
class Running:
    """A daemon that runs."""

    world: World
    started: Started

    def until_slot(self, hours: int) -> None:
        """Let it do the slots up to `hours` after START, and wait until it has."""
        self.world.let_pass(hours)
        slot = START + hours * HOUR
        self.wait_for(lambda: self.world.last_slot() == slot, f"slot {hours}")

    def wait_for(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds, and fail with the log where it does not."""
        end = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < end, f"{what} did not come\n{self.world.log()[-3000:]}"
            assert self.is_alive(), f"it ended before {what}\n{self.world.log()[-3000:]}"
            time.sleep(0.02)

    def is_alive(self) -> bool:
        """Whether the process runs; one that waits to be reaped does not."""
        return self.started.is_alive()

    def ended(self) -> Ended:
        """How it ended; waits for that, and fails where it goes on."""
        end = time.monotonic() + WAIT_S
        while self.is_alive():
            if time.monotonic() > end:
                os.kill(self.started.pid, signal.SIGKILL)
                self.world.wait(self.started)
                raise AssertionError(f"it went on\n{self.world.log()[-3000:]}")
            time.sleep(0.02)
        return self.world.wait(self.started)

    def stop(self) -> Ended:
        """End it as a supervisor does."""
        os.kill(self.started.pid, signal.SIGTERM)
        return self.ended()


@dataclass(slots=True)
class World:
    """A home, its provider and its clock; `said` is where output goes, but for its ending."""

    home: Path
    lab: Lab
    provider: Provider
    said: Path

    def start(self) -> Running:
        """Start the daemon."""
        return Running(self, self._begin("run"))

    def wait(self, started: Started) -> Ended:
        """Wait for the end of a command."""
        return self.lab.wait(started)

    def _begin(self, *command: str) -> Started:
        return self.lab.start(self.home, *command, output=self.said)

    def let_pass(self, hours: int) -> None:
        """The clock may go on to the end of the settling of the slot `hours` after START."""
        clock = self.provider.clock
        clock.set(clock.now(), START + hours * HOUR + 12 * MINUTE)

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.home / "hourhand.db"

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """Rows of the database as it is now; nothing while it has none."""
        if not self.database.exists():
            return []
        uri = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=20)) as connection:
            return connection.execute(text).fetchall()

    def last_slot(self) -> int:
        """The newest slot of the ledger; 0 for none."""
        found = self.query("SELECT coalesce(max(slot), 0) FROM cycle")
        return int(found[0][0]) if found else 0

    def log(self) -> str:
        """What the daemon has logged."""
        path = self.said.with_name(self.said.name + ".log")
        return path.read_text(errors="replace") if path.exists() else ""

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's lines of one event."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == name]

    def ask(self, *command: str) -> tuple[int | None, Any]:
        """A reading command's exit code and its document."""
        out = self.said.with_name(self.said.name + ".out")
        before = out.stat().st_size if out.exists() else 0
        ended = self.wait(self._begin(*command, "--json"))
        text = out.read_text()[before:]
        return ended.exit, json.loads(text) if text.strip() else None

    def state(self) -> tuple[int | None, str, set[str]]:
        """What `status` says of its health: exit code, state, and the parts that have trouble."""
        code, document = self.ask("status")
        health = document["health"]
        return code, health["state"], {reason["part"] for reason in health["reasons"]}

    def findings(self) -> list[str]:
        """What the audit finds."""
        _, document = self.ask("audit")
        return [f"{one['code']} {one['where']}" for one in document["findings"]]


def market() -> Record:
    """Four tokens over some days with trades in many hours."""
    return generate(GeneratedMarket(seed=1, start=START - DAY, hours=24 * 7, tokens=4))


def restated(record: Record) -> Record:
    """The same market, told otherwise: every price a little lower."""
    bars = [
        replace(
            bar, open=bar.open * _LOWER, high=bar.high * _LOWER, low=bar.low * _LOWER,
            close=bar.close * _LOWER,
        )
        for bar in record.bars
    ]  # fmt: skip
    return replace(record, bars=bars)


def provider_of(record: Record, clock: SetClock) -> ASGIApp:
    """A simulator that serves a market."""
    return create_app(MarketSource(record), clock, SimulatorOptions())


@dataclass(slots=True)
class MoodyLab:
    """What worlds share: the process that forks commands, and the market."""

    forks: Forks
    record: Record

    @contextmanager
    def world(self, home: Path) -> Iterator[World]:
        """A new home at START, with a provider and a clock of its own."""
        home.mkdir(parents=True, exist_ok=True)
        write_strategy(home, "easy", EASY)
        clock = SetClock(START)
        clock.set(START, START)
        provider = Provider(provider_of(self.record, clock), clock)
        with Server(provider) as simulator:
            said = home.parent / "said"
            yield World(home, Lab(clock, simulator.url, self.forks), provider, said)
