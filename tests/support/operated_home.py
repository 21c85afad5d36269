"""A home beside its simulator, moved on hour by hour, with commands given in between."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from bot.adapters.clock import SharedClock
from bot.app.settings import Settings
from bot.domain.instants import HOUR
from tests.support.command import ask, run
from tests.support.ledger_home import (
    EASY,
    MARKET_HOURS,
    START,
    made_up_market,
    run_until,
    simulated,
    write_home,
    write_strategy,
)

TOKENS = 4
HELD = 6  # hours after START: a position is open then


@dataclass
class Home:
    """A home beside its simulator; hours count from START."""

    path: Path
    settings: Settings

    def until(self, hour: int) -> None:
        run_until(self.settings, START + hour * HOUR)

    def give(self, *command: object) -> Any:
        return ask(*command, "--home", self.path)

    def refused(self, *command: object) -> str:
        outcome = run(*command, "--home", self.path)
        assert outcome.code == 2
        return outcome.error

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        uri = f"file:{self.path / 'hourhand.db'}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def status(self, name: str = "easy") -> dict[str, Any]:
        rows = self.give("status")["strategies"]
        return next(row for row in rows if row["name"] == name)

    def held(self) -> dict[str, Any]:
        """The one open position."""
        (position,) = self.give("positions")["positions"]
        return dict(position)

    def outcomes(self, hour: int) -> dict[str, int]:
        """Reasons of the decisions made after the slot of an hour."""
        query = "SELECT reason, count(*) FROM decision WHERE slot > ? GROUP BY 1"
        return dict(self.rows(query, START + hour * HOUR))

    def findings(self) -> Any:
        """What the audit finds."""
        return json.loads(run("audit", "--json", "--home", self.path).out)["findings"]

    def is_sound(self) -> bool:
        """The audit finds nothing, and the record replays to the ledger's hash, exported too."""
        assert self.findings() == []
        file = self.path / "strategies" / "easy.toml"
        folder = self.path / "record"
        shutil.rmtree(folder, ignore_errors=True)
        self.give("export", folder)
        hashes = {
            self.status()["ledger_sha256"],
            ask("replay", file, "--home", self.path)["ledger_sha256"],
            ask("replay", file, "--record", folder)["ledger_sha256"],
        }
        return len(hashes) == 1


# A token that is bought in hour 4 of a longer market, and of which nothing comes from hour 7 on.
GONE, GONE_TOKEN = 7, 9002
_LONGER = 72


@contextmanager
def delisted(path: Path) -> Iterator[Home]:
    """A home two days after the token that it holds went off the market."""
    record = made_up_market(_LONGER, TOKENS)
    last = START + GONE * HOUR
    record.bars = [bar for bar in record.bars if bar.token_id != GONE_TOKEN or bar.open_time < last]
    record.signals = [
        row for row in record.signals
        if row.token_id != GONE_TOKEN or row.valid_time < last - HOUR
    ]  # fmt: skip
    with simulated(record) as url:
        found = Home(path, write_home(path, url))
        write_strategy(path, "easy", EASY)
        found.until(GONE)
        clock = SharedClock(url, Event())
        clock.wait_until(START + (GONE + 49) * HOUR)  # two days off: the slots are missed, quickly
        clock.close()
        found.until(GONE + 50)
        yield found


@contextmanager
def operated(path: Path) -> Iterator[Home]:
    """A home after HELD hours, with a position in it; its simulator's clock stands there."""
    with simulated(made_up_market(MARKET_HOURS, TOKENS)) as url:
        found = Home(path, write_home(path, url))
        write_strategy(path, "easy", EASY)
        found.until(HELD)
        yield found
