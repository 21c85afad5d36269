"""The unit file for systemd: hardening, restarts, and that systemd takes it without a word."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.systemd import find_supervisor
from bot.domain.errors import (
    AlreadyRunningError,
    AuthError,
    ConfigError,
    HourhandError,
    LedgerError,
    SchemaError,
    StorageError,
)

UNIT = Path(__file__).parents[3] / "config" / "hourhand.service"


def service() -> dict[str, str]:
    reader = configparser.RawConfigParser(strict=False, delimiters=("=",))
    reader.optionxform = str  # type: ignore[assignment,method-assign]
    reader.read(UNIT, encoding="utf-8")
    return dict(reader["Service"])


def test_it_is_hardened_and_may_write_to_its_own_folders_only() -> None:
    found = service()
    assert found["ProtectSystem"] == "strict"
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices"):
        assert found[key] == "yes"
    assert found["CapabilityBoundingSet"] == ""
    assert found["RestrictAddressFamilies"] == "AF_INET AF_INET6 AF_UNIX"
    assert (found["UMask"], found["LimitCORE"]) == ("0077", "0")
    assert found["User"] != "root"
    assert "MemoryMax" in found
    assert found["StateDirectory"] in found["ExecStart"]
    assert "key" not in found["ExecStart"].lower()


def test_it_is_not_started_again_after_what_stays() -> None:
    stays: set[type[HourhandError]] = {
        ConfigError, LedgerError, AlreadyRunningError, AuthError, SchemaError,
    }  # fmt: skip
    codes = {int(code) for code in service()["RestartPreventExitStatus"].split()}
    assert codes == {error.exit_code for error in stays}
    assert StorageError.exit_code not in codes
    assert int(service()["RestartSec"]) >= 30


def test_its_watchdog_is_told_in_time() -> None:
    found = service()
    assert found["Type"] == "notify"
    given = {"WATCHDOG_USEC": str(int(found["WatchdogSec"]) * 1_000_000)}
    assert 0 < find_supervisor(given).alive_every_s <= int(found["WatchdogSec"]) / 2


def test_systemd_takes_it_without_a_word(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "hourhand.service"
    command = service()["ExecStart"].split()[0]
    unit.write_text(UNIT.read_text().replace(command, sys.executable))
    done = subprocess.run([program, "verify", unit], capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if "hourhand" in line]
    assert told == []
