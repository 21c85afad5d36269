"""A daemon in a process of its own against a simulator in this one, for tests that kill it."""

from __future__ import annotations

import hashlib
import signal
import sqlite3
import time
from pathlib import Path

from bot.domain.instants import HOUR, format_instant
from tests.support.forked import Daemon, Forks

KEY = "tm-test-key-for-daemons"


def start_daemon(
    forks: Forks, home: Path, url: str, until: int, base_url: str | None = None
) -> Daemon:
    """Start `hourhand run`; `url` is the simulator, `base_url` another provider."""
    environment = {
        "HOURHAND_API_KEY": KEY,
        "HOURHAND_BASE_URL": base_url or url,
        "HOURHAND_CLOCK_URL": url,
        "HOURHAND_REQUESTS_PER_MINUTE": "10000",
        "HOURHAND_MONTHLY_CREDITS": "1000000",
        "HOURHAND_BACKFILL_DAYS": "0",
    }
    command = ["run", "--home", str(home), "--until", format_instant(until)]
    return Daemon(forks, forks.start(command, environment, home / "daemon"))


def run_with_kills(forks: Forks, home: Path, url: str, until: int, kill_at_slots: list[int]) -> int:
    """Run to the end; SIGKILL as soon as so many slots are in the ledger. Returns the kills."""
    waiting = sorted(kill_at_slots)
    kills = 0
    daemon = start_daemon(forks, home, url, until)
    deadline = time.monotonic() + 240
    while daemon.poll() is None:
        assert time.monotonic() < deadline, (home / "daemon.log").read_text()[-2000:]
        if waiting and slots_done(home) >= waiting[0]:
            waiting.pop(0)
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
            kills += 1
            daemon = start_daemon(forks, home, url, until)
        time.sleep(0.01)
    assert daemon.returncode == 0, (home / "daemon.log").read_text()[-2000:]
    return kills


def slots_done(home: Path) -> int:
    """Slots in the ledger."""
    return len(journal(home))


def journal(home: Path) -> list[str]:
    """The lines of every slot, in order."""
    path = home / "hourhand.db"
    if not path.exists():
        return []
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        rows = connection.execute("SELECT body FROM journal ORDER BY seq").fetchall()
    except sqlite3.OperationalError:
        return []  # not made yet
    finally:
        connection.close()
    return [body for (body,) in rows]


def ledger_sha256(home: Path) -> str:
    """SHA-256 over the journal's lines."""
    return hashlib.sha256("".join(journal(home)).encode()).hexdigest()


def hours_after(start: int, hours: int) -> int:
    """An instant so many hours later."""
    return start + hours * HOUR
