"""What systemd is told, over the socket that it names."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.systemd import Supervisor, find_supervisor


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(address)
        made.settimeout(5)
        yield address, made


def test_it_is_told_of_start_life_and_end(listener: tuple[str, socket.socket]) -> None:
    address, heard = listener
    supervisor = find_supervisor({"NOTIFY_SOCKET": address})
    supervisor.ready()
    supervisor.alive()
    supervisor.stopping()
    assert [heard.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_name_outside_the_file_system_is_understood() -> None:
    name = f"hourhand-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind("\0" + name)
        made.settimeout(5)
        find_supervisor({"NOTIFY_SOCKET": "@" + name}).ready()
        assert made.recv(100) == b"READY=1"


def test_the_watchdog_is_told_twice_in_its_time_and_only_by_its_process() -> None:
    given = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "120000000"}
    assert find_supervisor(given).alive_every_s == 60.0
    assert find_supervisor({**given, "WATCHDOG_PID": str(os.getpid())}).alive_every_s == 60.0
    assert find_supervisor({**given, "WATCHDOG_PID": "1"}).alive_every_s == 0.0
    assert find_supervisor({**given, "WATCHDOG_USEC": "soon"}).alive_every_s == 0.0


@pytest.mark.parametrize("address", ["", "/nowhere/notify"])
def test_without_a_supervisor_nothing_happens(address: str) -> None:
    Supervisor(address=address).ready()
    assert find_supervisor({}) == Supervisor()


def test_a_supervisor_that_does_not_read_holds_nothing_up(
    listener: tuple[str, socket.socket],
) -> None:
    supervisor = Supervisor(address=listener[0])
    for _ in range(10_000):
        supervisor.alive()
