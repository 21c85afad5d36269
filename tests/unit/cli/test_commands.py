"""The command line as a whole: options that every command takes, and what starting it loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
import typer

from bot.cli.main import app
from tests.support.command import run

HEAVY = ("numpy", "numba", "pyarrow", "httpx", "sqlalchemy", "alembic", "uvicorn", "starlette",
         "pydantic", "structlog", "apscheduler")  # fmt: skip
READING = {"status", "orders", "positions", "trades", "why", "check", "export", "import",
           "schema", "init", "upgrade", "backup", "restore", "info", "trials",
           "doctor"}  # fmt: skip
HOMELESS = {"trials"}  # the registry is the user's, not a home's


def commands(group: click.Command) -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in getattr(group, "commands", {}).items():
        found |= commands(command) or {name: command}
    return found


ALL = commands(typer.main.get_command(app))


@pytest.mark.parametrize("name", sorted(ALL.keys() - HOMELESS))
def test_every_command_takes_a_home_and_says_what_it_does(name: str) -> None:
    options = {option for parameter in ALL[name].params for option in parameter.opts}
    assert "--home" in options
    assert ALL[name].help


@pytest.mark.parametrize("name", sorted(READING))
def test_reading_commands_take_json(name: str) -> None:
    options = {option for parameter in ALL[name].params for option in parameter.opts}
    assert "--json" in options


def test_starting_the_command_loads_no_heavy_library() -> None:
    program = f"import sys, bot.cli.main; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_replay_that_writes_nothing_loads_no_database_library(tmp_path: Path) -> None:
    """Half of a replay's time from the shell to the summary is loading."""
    (tmp_path / "plain.toml").write_text('name = "plain"\nlevels = "local"\n')
    write_candles(tmp_path / "candles")
    words = ["replay", str(tmp_path / "plain.toml"), "--candles", str(tmp_path / "candles")]
    program = (
        "import atexit, sys; from bot.cli.main import main; "
        f"sys.argv = ['hourhand', *{words}, '--no-trial']; "
        "atexit.register(lambda: print([m for m in ('sqlalchemy', 'alembic', 'httpx') "
        "if m in sys.modules])); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("\n[]\n"), done.stdout[-200:]


def write_candles(folder: Path) -> None:
    folder.mkdir()
    rows = [f"{1_700_002_800 + 3600 * n},100,101,99,100,5\n" for n in range(60)]
    (folder / "BTC-1h.csv").write_text("time,open,high,low,close,volume\n" + "".join(rows))


@pytest.mark.parametrize("key", ["short", "with a blank", ""])
def test_a_simulator_refuses_a_key_that_no_daemon_could_send(key: str) -> None:
    outcome = run("simulate", "--key", "long-enough", "--key", key)
    assert outcome.code == 2
    assert outcome.error == (
        "--key: provider key: expected at least 8 printable characters, no blanks"
    )
