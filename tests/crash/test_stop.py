"""A stop ends the daemon soon and quietly, whatever it waits for."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bot.app.simulation import GENERATED_START, SimulationSettings, build_server, generated_market
from bot.domain.instants import HOUR, MINUTE
from tests.support.daemon_process import slots_done, start_daemon
from tests.support.forked import Forks

STRATEGY = Path(__file__).parents[2] / "strategies" / "demo.toml"


def requests_of(url: str) -> int:
    with urllib.request.urlopen(f"{url}/_requests") as answer:  # noqa: S310
        return sum(json.loads(answer.read()).values())


@contextmanager
def silent_provider() -> Iterator[tuple[str, list[socket.socket]]]:
    """The address of a provider that takes every connection and never says a word."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            with suppress(OSError):
                while True:
                    taken.append(listener.accept()[0])

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", taken
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    for connection in taken:
        connection.close()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_an_answer_is_awaited_ends_the_daemon_within_ten_seconds(
    forks: Forks, tmp_path: Path, stop: signal.Signals
) -> None:
    (tmp_path / "strategies").mkdir()
    shutil.copy(STRATEGY, tmp_path / "strategies")
    market = generated_market(SimulationSettings(seed=15, hours=30, tokens=1))
    first = GENERATED_START + 24 * HOUR
    with (
        build_server(market, SimulationSettings(start=first + MINUTE)) as server,
        silent_provider() as (silent, taken),
    ):
        daemon = start_daemon(forks, tmp_path, server.url, first + HOUR, base_url=silent)
        deadline = time.monotonic() + 60
        while not taken:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        began = time.monotonic()
        daemon.send_signal(stop)
        assert daemon.wait(timeout=60) == 0, (tmp_path / "daemon.log").read_text()[-2000:]
        assert time.monotonic() - began < 10
    assert slots_done(tmp_path) == 0


def test_sigterm_while_rows_are_awaited_leaves_the_slot_undone_and_asks_no_more(
    forks: Forks, tmp_path: Path
) -> None:
    (tmp_path / "strategies").mkdir()
    shutil.copy(STRATEGY, tmp_path / "strategies")
    market = generated_market(SimulationSettings(seed=15, hours=800, tokens=3))
    first = GENERATED_START + 730 * HOUR
    # The clock crawls, so that the daemon waits for the hour's last rows for minutes.
    settings = SimulationSettings(start=first + MINUTE // 6, speed=1.0, late_ppm=1_000_000)
    with build_server(market, settings) as server:
        daemon = start_daemon(forks, tmp_path, server.url, first + HOUR)
        deadline = time.monotonic() + 60
        while requests_of(server.url) < 8:
            assert time.monotonic() < deadline
            assert daemon.poll() is None, (tmp_path / "daemon.log").read_text()[-2000:]
            time.sleep(0.05)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=20) == 0
        asked = requests_of(server.url)
        time.sleep(0.2)
        assert requests_of(server.url) == asked
    assert slots_done(tmp_path) == 0
