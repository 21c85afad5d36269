"""The daemon on the machine's clock: what it tells its supervisor, and what ends it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.simulator import MarketSource, RunningClock, Server, SimulatorOptions, create_app
from tests.support.ledger_home import EASY, KEY, made_up_market, write_strategy

WAIT_S = 60


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A provider that lives in our time, and has nothing new to say."""
    clock = RunningClock(time.time_ns() // 10**6, 1.0, time.monotonic)
    app = create_app(MarketSource(made_up_market(6, 2)), clock, SimulatorOptions())
    with Server(app) as server:
        yield server.url


@pytest.fixture
def home(tmp_path: Path, url: str) -> Path:
    write_strategy(tmp_path, "easy", EASY)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "hourhand.toml").write_text(
        f'base_url = "{url}"\nrequests_per_minute = 10000\nbackfill_days = 0\n'
    )
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "api_key").write_text(KEY)
    (tmp_path / "secrets" / "api_key").chmod(0o600)
    return tmp_path


def begin(home: Path, *program: str, **environment: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOURHAND_")}
    with (home / "log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *program], env=kept | environment, stderr=log, stdout=log,
            text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip


def events(home: Path) -> list[dict[str, Any]]:
    lines = (home / "log").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def wait_for_event(home: Path, daemon: subprocess.Popen[str], name: str) -> dict[str, Any]:
    end = time.monotonic() + WAIT_S
    while True:
        for event in events(home):
            if event["event"] == name:
                return event
        assert daemon.poll() is None, (home / "log").read_text()
        assert time.monotonic() < end, (home / "log").read_text()
        time.sleep(0.05)


def test_the_supervisor_hears_of_start_life_and_end(home: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(home / "notify"))
        heard.settimeout(WAIT_S)
        daemon = begin(home, "bot.cli", "run", "--home", str(home),
                       NOTIFY_SOCKET=str(home / "notify"), WATCHDOG_USEC="2000000")  # fmt: skip
        assert heard.recv(100) == b"READY=1"
        assert heard.recv(100) == b"WATCHDOG=1"
        assert heard.recv(100) == b"WATCHDOG=1"
        os.kill(daemon.pid, signal.SIGHUP)  # a terminal that closes
        assert heard.recv(100) == b"WATCHDOG=1"
        daemon.send_signal(signal.SIGTERM)
        rest = {heard.recv(100)}
        assert daemon.wait(WAIT_S) == 0
        heard.setblocking(False)
        try:
            while True:
                rest.add(heard.recv(100))
        except BlockingIOError:
            pass
    assert b"STOPPING=1" in rest
    assert events(home)[-1]["event"] == "daemon.stop"


@pytest.mark.parametrize("how", ["exit", "assertion"])
def test_what_only_a_bug_can_raise_ends_the_process_with_70(home: Path, how: str) -> None:
    daemon = begin(home, "tests.support.broken_daemon", how, str(home))
    assert daemon.wait(WAIT_S) == 70
    broke = [event for event in events(home) if event["event"] == "wake.broke"]
    assert [event["kind"] for event in broke] == [
        {"exit": "SystemExit", "assertion": "AssertionError"}[how]
    ]


@pytest.mark.parametrize(("how", "kind"), [("bug", "ValueError"), ("memory", "MemoryError")])
def test_an_error_that_nobody_foresaw_is_told_and_the_daemon_lives(
    home: Path, how: str, kind: str
) -> None:
    daemon = begin(home, "tests.support.broken_daemon", how, str(home))
    try:
        assert wait_for_event(home, daemon, "wake.failed")["kind"] == kind
        status = subprocess.run(
            [sys.executable, "-m", "bot.cli", "status", "--home", str(home), "--json"],
            capture_output=True, text=True, check=False, timeout=WAIT_S,
        )  # fmt: skip
        health = json.loads(status.stdout)["health"]
        assert (status.returncode, health["state"]) == (1, "degraded")
        assert any(kind in reason["reason"] for reason in health["reasons"])
        assert daemon.poll() is None
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(WAIT_S) == 0
    finally:
        daemon.kill()
        daemon.wait()
