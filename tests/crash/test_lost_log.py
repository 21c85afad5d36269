"""Slots that went with the write-ahead log are missed by every command, until acknowledged."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.domain.instants import HOUR, format_instant
from tests.support.command import ask, run
from tests.support.daemon_process import slots_done, start_daemon
from tests.support.forked import Forks
from tests.support.ledger_home import (
    EASY,
    MARKET_HOURS,
    START,
    made_up_market,
    simulated,
    write_home,
    write_strategy,
)

FRAME = 24 + 4096
FOLDED = 3  # slots that are in the database file itself
WAIT_S = 60


@dataclass(frozen=True, slots=True)
class Killed:
    """A home whose daemon was killed, its simulator, and the entry that it noted last."""

    home: Path
    url: str
    noted: int


@pytest.fixture(scope="module")
def killed(forks: Forks, memory: Path) -> Iterator[Killed]:
    home = memory / "lost-log"
    with simulated(made_up_market(MARKET_HOURS, 2)) as url:
        write_home(home, url)
        write_strategy(home, "easy", EASY)
        first = start_daemon(forks, home, url, START + (FOLDED - 1) * HOUR)
        assert first.wait() == 0
        daemon = start_daemon(forks, home, url, START + 50 * HOUR)
        deadline = time.monotonic() + WAIT_S
        while noted(home) < FOLDED + 5:
            assert time.monotonic() < deadline, (home / "daemon.log").read_text()[-2000:]
            time.sleep(0.01)
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        yield Killed(home, url, noted(home))


@pytest.fixture
def home(killed: Killed, tmp_path: Path) -> Path:
    return Path(shutil.copytree(killed.home, tmp_path / "home"))


def noted(home: Path) -> int:
    """The journal's last entry by the note beside the database."""
    return int(json.loads((home / "hourhand.db.head").read_text())["seq"])


def log_of(home: Path) -> Path:
    return home / "hourhand.db-wal"


def lose(home: Path) -> None:
    log_of(home).unlink()
    (home / "hourhand.db-shm").unlink()


def cut(home: Path) -> None:
    with log_of(home).open("r+b") as log:
        log.truncate(_middle(home))


def flip(home: Path) -> None:
    with log_of(home).open("r+b") as log:
        log.seek(_middle(home) + 24 + 100)
        byte = log.read(1)
        log.seek(-1, 1)
        log.write(bytes([byte[0] ^ 1]))


def _middle(home: Path) -> int:
    frames = (log_of(home).stat().st_size - 32) // FRAME
    return int(32 + frames // 2 * FRAME)


def audited(home: Path) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, the findings and the ledger's hash."""
    outcome = run("audit", "--home", home, "--json")
    document = json.loads(outcome.out)
    return outcome.code, document["findings"], document["ledger_sha256"]


def journal_check(home: Path) -> dict[str, Any]:
    checks = json.loads(run("doctor", "--home", home, "--json").out)["checks"]
    return next(dict(check) for check in checks if check["name"] == "journal")


def ledger_troubles(home: Path) -> list[str]:
    health = ask("status", "--home", home)["health"]
    found = [one for one in health["reasons"] if one["part"] == "ledger"]
    assert all(one["state"] == "degraded" for one in found)
    assert not found or health["state"] != "healthy"
    return [one["reason"] for one in found]


def test_a_kill_alone_loses_nothing(home: Path, killed: Killed) -> None:
    assert slots_done(home) >= killed.noted > FOLDED
    assert audited(home)[:2] == (0, [])
    assert journal_check(home)["level"] == "ok"
    assert ledger_troubles(home) == []


@pytest.mark.parametrize("damage", [lose, cut, flip])
def test_slots_that_went_with_the_log_are_named_by_every_command(
    home: Path, killed: Killed, damage: Callable[[Path], None]
) -> None:
    damage(home)
    assert FOLDED <= slots_done(home) < killed.noted
    code, findings, _ = audited(home)
    assert code == 70
    assert [(one["code"], one["invariant"]) for one in findings] == [("JOURNAL_HEAD", 25)]
    assert findings[0]["where"] == f"journal {killed.noted}"
    slot = format_instant(START + (killed.noted - 1) * HOUR)
    gone = f"entry {killed.noted} of the journal, with slots up to {slot}, is gone"
    assert findings[0]["found"].startswith(gone)
    assert "hourhand db restore" in findings[0]["found"]
    check = journal_check(home)
    assert (check["level"], check["found"].startswith(gone)) == ("fail", True)
    assert "start the daemon" in check["advice"]
    (reason,) = ledger_troubles(home)
    assert reason.startswith(gone)
    shown = run("status", "--home", home).out
    assert f"degraded: ledger: entry {killed.noted}" in shown
    refused = run("ack", "put-back", "--home", home)
    assert refused.code == 2
    assert "start the daemon" in refused.error


def test_after_the_next_start_the_loss_is_told_until_it_is_acknowledged(
    home: Path, killed: Killed, forks: Forks
) -> None:
    lose(home)
    assert start_daemon(forks, home, killed.url, START + 30 * HOUR).wait() == 0
    assert noted(home) > killed.noted  # the note beside the database tells of nothing any more
    code, findings, before = audited(home)
    assert (code, [one["code"] for one in findings]) == (70, ["JOURNAL_HEAD"])
    assert "hourhand ack put-back" in findings[0]["found"]
    assert journal_check(home)["level"] == "warn"
    (reason,) = ledger_troubles(home)
    assert f"entry {killed.noted} of its journal is gone" in reason

    told = run("ack", "put-back", "--home", home, "--note", "the disk was swapped")
    assert (told.code, "the ledger was put back" in told.out) == (0, True)
    assert ledger_troubles(home) == []
    assert journal_check(home)["level"] == "ok"
    assert audited(home) == (0, [], before)  # no hash of the ledger is another
    assert run("ack", "put-back", "--home", home).code == 2
    assert start_daemon(forks, home, killed.url, START + 32 * HOUR).wait() == 0
    assert audited(home)[:2] == (0, [])  # the slots after it are repeated to the same lines
    assert ledger_troubles(home) == []
