"""A start that cannot work: one message with every fault of settings, strategies and key."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import run

GOOD = 'name = "good"\n'


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("HOURHAND_") and name.endswith(("API_KEY", "HOME")):
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "strategies").mkdir()
    return tmp_path


def started(home: Path, command: str = "run") -> tuple[int, list[str]]:
    """Exit code and lines of a start; a process of its own, since it sets up the log."""
    ended = subprocess.run(
        [sys.executable, "-m", "bot.cli", command, "--home", home],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert not (home / "hourhand.db").exists()
    assert ended.stderr.startswith("hourhand: ")
    return ended.returncode, ended.stderr.removeprefix("hourhand: ").splitlines()


def test_settings_strategies_and_the_missing_key_are_told_at_once(home: Path) -> None:
    (home / "config" / "hourhand.toml").write_text("requests_per_minute = nan\nbatchsize = 3\n")
    (home / "strategies" / "a.toml").write_text(GOOD + "sharpe_mim = 1\n")
    (home / "strategies" / "b.toml").write_text('name = "b"\nrisk = "much"\n')
    code, lines = started(home)
    assert (code, lines) == started(home, "once")
    assert (code, len(lines)) == (64, 5)
    assert lines[0].startswith("config/hourhand.toml: batchsize: no such setting")
    assert lines[1] == "config/hourhand.toml: requests_per_minute: must be a whole number"
    assert "a.toml:2: sharpe_mim" in lines[2]
    assert "b.toml:2: risk" in lines[3]
    assert lines[4].startswith("no key: put it into ")
    checked = run("check", "--home", home)  # which needs no key
    assert (checked.code, checked.error.splitlines()) == (64, lines[:4])


def test_a_missing_key_is_among_the_faults_of_the_strategies(home: Path) -> None:
    (home / "strategies" / "a.toml").write_text(GOOD + "sharpe_mim = 1\n")
    code, lines = started(home)
    assert (code, len(lines)) == (64, 2)
    assert "sharpe_mim" in lines[0]
    assert lines[1].startswith("no key: put it into")


def test_where_nothing_but_the_key_is_missing_the_start_ends_with_its_code(home: Path) -> None:
    (home / "strategies" / "a.toml").write_text(GOOD)
    code, lines = started(home)
    assert code == 77
    assert lines[0].startswith("no key: put it into")


def test_strategies_are_looked_for_where_wrong_settings_say(home: Path) -> None:
    (home / "config" / "hourhand.toml").write_text('strategies = "live"\nbatchsize = 3\n')
    (home / "strategies" / "a.toml").write_text("an example, and no TOML")
    (home / "live").mkdir()
    (home / "live" / "b.toml").write_text(GOOD + "sharpe_mim = 1\n")
    _, lines = started(home)
    told = "\n".join(lines)
    assert "b.toml:2: sharpe_mim" in told
    assert "a.toml" not in told


@pytest.mark.parametrize(
    ("name", "code"),
    [("strategies/pipe.toml", 64), ("config/hourhand.toml", 64), ("hourhand.db", 74)],
)
def test_a_named_pipe_is_refused_and_not_waited_for(home: Path, name: str, code: int) -> None:
    (home / "strategies" / "good.toml").write_text(GOOD)
    os.mkfifo(home / name)
    ended = subprocess.run(
        [sys.executable, "-m", "bot.cli", "once", "--home", home],
        env=os.environ | {"HOURHAND_API_KEY": "tm-0123456789"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == code
    assert f"{name.split('/')[-1]}: is no " in ended.stderr


def test_a_pipe_among_the_candles_is_refused_and_not_waited_for(home: Path) -> None:
    (home / "candles").mkdir()
    os.mkfifo(home / "candles" / "BTC.csv")
    (home / "a.toml").write_text(GOOD)
    ended = subprocess.run(
        [sys.executable, "-m", "bot.cli", "replay", home / "a.toml", "--candles", home / "candles"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 65
    assert "BTC.csv: is no regular file" in ended.stderr
