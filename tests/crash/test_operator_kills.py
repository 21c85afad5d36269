"""Commands given to a daemon that runs, kills in between: the ledger is that of a quiet run."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.instants import HOUR, MINUTE
from bot.domain.values import Record
from bot.simulator import MarketSource, Server, SimulatorOptions, create_app
from tests.support.command import ask, run
from tests.support.crash_lab import SetClock
from tests.support.daemon_process import journal, slots_done, start_daemon
from tests.support.forked import Daemon, Forks
from tests.support.ledger_home import (
    EASY,
    MARKET_HOURS,
    START,
    STRICT,
    made_up_market,
    write_home,
    write_strategy,
)

HELD = 6  # a position is open after the slot of this hour
LAST = 15


@pytest.fixture(scope="module")
def market() -> Record:
    return made_up_market(MARKET_HOURS, 4)


@dataclass
class Run:
    """A daemon in a process of its own, on a clock that a test holds between two hours."""

    forks: Forks
    home: Path
    url: str
    clock: SetClock
    kills: bool
    daemon: Daemon | None = None

    def start(self) -> None:
        self.daemon = start_daemon(self.forks, self.home, self.url, START + LAST * HOUR)

    def hold_after(self, hour: int) -> None:
        """Let time pass until the slot of an hour is done and the daemon waits for the next."""
        done = slots_done(self.home)
        self.clock.set(self.clock.now(), START + hour * HOUR + 30 * MINUTE)
        if self.kills and self.daemon is not None:
            self._wait(lambda: slots_done(self.home) > done)
            self.kill()
            self.start()
        if self.daemon is None:
            self.start()
        end = START + hour * HOUR + 30 * MINUTE
        self._wait(lambda: slots_done(self.home) > hour and self.clock.now() == end)

    def finish(self) -> None:
        self.clock.set(self.clock.now())
        if self.daemon is None:
            self.start()
        assert self.daemon is not None
        assert self.daemon.wait(120) == 0, self.said()

    def kill(self) -> None:
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        self.daemon = None

    def said(self) -> str:
        return (self.home / "daemon.log").read_text()[-3000:]

    def _wait(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not is_so():
            assert time.monotonic() < deadline, self.said()
            assert self.daemon is not None
            assert self.daemon.poll() is None, self.said()
            time.sleep(0.01)


@contextmanager
def running(forks: Forks, market: Record, home: Path, *, kills: bool) -> Iterator[Run]:
    """A home with a position, whose daemon waits after the slot of HELD."""
    clock = SetClock(START)
    with Server(create_app(MarketSource(market), clock, SimulatorOptions())) as server:
        write_home(home, server.url)
        write_strategy(home, "easy", EASY)
        found = Run(forks, home, server.url, clock, kills)
        try:
            found.hold_after(HELD)
            yield found
        finally:
            if found.daemon is not None and found.daemon.poll() is None:
                found.kill()


def commanded(forks: Forks, market: Record, home: Path, *, kills: bool) -> list[str]:
    """A pause, a close and a resume, each given while the daemon runs; the journal's lines."""
    with running(forks, market, home, kills=kills) as daemon:
        assert ask("status", "--home", home)["daemon"]["running"]
        ask("pause", "--home", home, "--note", "while it runs")
        daemon.hold_after(HELD + 2)
        (position,) = ask("positions", "--home", home)["positions"]
        ask("close", position["token_id"], "--home", home)
        daemon.hold_after(HELD + 4)
        ask("resume", "--home", home)
        daemon.finish()
    assert run("audit", "--home", home).code == 0
    return journal(home)


def test_commands_to_a_running_daemon_come_to_the_same_ledger_with_kills_between(
    forks: Forks, market: Record, tmp_path: Path
) -> None:
    quiet = commanded(forks, market, tmp_path / "quiet", kills=False)
    killed = commanded(forks, market, tmp_path / "killed", kills=True)
    assert killed == quiet
    text = "".join(quiet)
    assert '"reason":"PAUSED"' in text
    assert '"reason":"MANUAL"' in text
    replayed = ask("replay", tmp_path / "killed" / "strategies" / "easy.toml",
                   "--home", tmp_path / "killed")  # fmt: skip
    (status,) = ask("status", "--home", tmp_path / "killed")["strategies"]
    assert replayed["ledger_sha256"] == status["ledger_sha256"]


def orphaned(forks: Forks, market: Record, home: Path, *, kills: bool) -> list[str]:
    """The strategy's file goes while it holds a position; the journal's lines."""
    with running(forks, market, home, kills=kills) as daemon:
        daemon.kill()
        (home / "strategies" / "easy.toml").unlink()
        write_strategy(home, "strict", STRICT)
        for hour in (HELD + 2, HELD + 5):
            daemon.hold_after(hour)
        daemon.finish()
    assert run("audit", "--home", home).code == 0
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        given = connection.execute("SELECT kind, source FROM command").fetchall()
    assert given == [("PAUSE", "file")]  # once, however often it started
    return journal(home)


def test_a_strategy_without_its_file_is_managed_to_its_end_through_kills(
    forks: Forks, market: Record, tmp_path: Path
) -> None:
    quiet = orphaned(forks, market, tmp_path / "quiet", kills=False)
    assert orphaned(forks, market, tmp_path / "killed", kills=True) == quiet
    assert any('"side":"SELL"' in lines for lines in quiet[HELD + 1 :])
