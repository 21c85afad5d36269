"""Every command in every bad situation: one message, a documented exit code, no traceback.

The commands are those of the program itself: a new one is covered by being there.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from bot.adapters.sql.lock import acquire
from bot.cli.main import app
from tests.support.command_server import (
    CommandServer,
    Ended,
    command_server,
    unloaded_command_server,
)
from tests.support.reading_home import FilledHomes
from tests.support.tampering import tamper

DOCUMENTED = {
    int(code)
    for code in re.findall(
        r"^\| (\d+) \| ", (Path(__file__).parents[2] / "docs/operations.md").read_text(), re.M
    )
}
# What a command is called with where it cannot be called without.
ARGUMENTS = {
    "token": "DEMO1", "replay.files": "strategies", "diff.old": "strategies/eager.toml",
    "diff.new": "strategies/picky.toml", "export.folder": "exported",
    "import.folder": "nothing-there", "restore.file": "nothing-there.db", "ack.id": "1",
    "card.trade": "0",
}  # fmt: skip
# These would work for long, or for ever, were they not held back.
HELD = {"simulate": ["--record", "nothing-there"], "demo": []}
# What writes a file writes beside the home that is tried, and not where the tests run.
PAGES = {"report": ["--out", "page.html"], "card": ["--out", "card.svg"]}
LONG_IN = {"demo": {"no home", "empty home"}}
# `run` prints nothing, `demo` works for long before it does.
SILENT = {"run", "demo"}


def commands(group: click.Command, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for name, command in getattr(group, "commands", {}).items():
        found |= commands(command, (*path, name)) or {(*path, name): command}
        if getattr(command, "invoke_without_command", False):
            found[(*path, name)] = command
    return found


ALL = commands(typer.main.get_command(app))
NAMES = sorted(" ".join(path) for path in ALL)
PRINTING = [name for name in NAMES if name not in SILENT]


def argv(name: str, home: Path) -> list[str]:
    """The command with what it needs, on a home."""
    words = name.split()
    command = ALL[tuple(words)]
    given: list[str] = []
    for parameter in command.params:
        if isinstance(parameter, click.Argument) and parameter.required:
            key = f"{words[-1]}.{parameter.name}"
            value = ARGUMENTS.get(key, ARGUMENTS.get(str(parameter.name)))
            assert value is not None, f"say in ARGUMENTS what {key} is called with"
            given.append(value if parameter.name == "token" else str(home / value))
    given += HELD.get(name, [])
    given += [str(home.parent / word) if "." in word else word for word in PAGES.get(name, ())]
    options = {option for parameter in command.params for option in parameter.opts}
    return [*words, *given, *(["--home", str(home)] if "--home" in options else [])]


def no_home(place: Path, _homes: FilledHomes) -> Path:
    return place / "nowhere"


def empty_home(place: Path, _homes: FilledHomes) -> Path:
    (place / "home").mkdir()
    return place / "home"


def broken_settings(place: Path, homes: FilledHomes) -> Path:
    home = shutil.copytree(homes.early, place / "home")
    (home / "config" / "hourhand.toml").write_text('batch_sise = 1\nbase_url = "http://x"\n')
    return home


def no_toml(place: Path, homes: FilledHomes) -> Path:
    home = shutil.copytree(homes.early, place / "home")
    (home / "config" / "hourhand.toml").write_text("= = =\n")
    (home / "strategies" / "eager.toml").write_text("= = =\n")
    return home


def no_database(place: Path, homes: FilledHomes) -> Path:
    home = shutil.copytree(homes.early, place / "home")
    (home / "hourhand.db").write_bytes(b"this is no database\n" * 500)
    return home


def corrupt_database(place: Path, homes: FilledHomes) -> Path:
    """Every page but the first and those of the schema is noise."""
    home = shutil.copytree(homes.early, place / "home")
    body = bytearray((home / "hourhand.db").read_bytes())
    for start in range(40 * 4096, len(body), 4096):
        body[start : start + 64] = b"\xa5" * 64
    (home / "hourhand.db").write_bytes(body)
    return home


def empty_database(place: Path, homes: FilledHomes) -> Path:
    home = shutil.copytree(homes.early, place / "home")
    (home / "hourhand.db").write_bytes(b"")
    return home


def folder_for_a_database(place: Path, homes: FilledHomes) -> Path:
    home = shutil.copytree(homes.early, place / "home")
    (home / "hourhand.db").unlink()
    (home / "hourhand.db").mkdir()
    return home


def newer_database(place: Path, homes: FilledHomes) -> Path:
    home = shutil.copytree(homes.early, place / "home")
    connection = sqlite3.connect(home / "hourhand.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    return home


SITUATIONS = {
    make.__name__.replace("_", " "): make
    for make in (no_home, empty_home, broken_settings, no_toml, no_database, corrupt_database,
                 empty_database, folder_for_a_database, newer_database)
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandServer]:
    with command_server(tmp_path_factory.mktemp("said")) as found:
        yield found


@pytest.fixture(scope="module")
def unloaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandServer]:
    with unloaded_command_server(tmp_path_factory.mktemp("unloaded")) as found:
        yield found


def is_lawful(ended: Ended) -> bool:
    told = ended.code == 0 or ended.err.strip() or ended.out.strip()
    return ended.quiet() and ended.code in DOCUMENTED and bool(told)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_command_ends_with_a_message_and_a_documented_code(
    server: CommandServer, homes: FilledHomes, tmp_path: Path, situation: str
) -> None:
    wrong = []
    for name in NAMES:
        if situation in LONG_IN.get(name, ()):
            continue
        place = tmp_path / name.replace(" ", "-")
        place.mkdir()
        ended = server.run(*argv(name, SITUATIONS[situation](place, homes)))
        if not is_lawful(ended):
            wrong.append(f"{name}: exit {ended.code}\n{ended.out[-500:]}{ended.err[-1500:]}")
        shutil.rmtree(place, ignore_errors=True)
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def usual(
    server: CommandServer, homes: FilledHomes, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Ended]:
    """How every command ends that somebody listens to."""
    found = {}
    for name in PRINTING:
        home = shutil.copytree(homes.early, tmp_path_factory.mktemp("usual") / "home")
        found[name] = server.run(*argv(name, home))
        shutil.rmtree(home)
    return found


@pytest.mark.parametrize("stdout", ["closed", "gone", "full"])
def test_every_command_bears_a_reader_that_left_and_a_full_disk(
    server: CommandServer,
    homes: FilledHomes,
    usual: dict[str, Ended],
    tmp_path: Path,
    stdout: str,
) -> None:
    """As `hourhand ... | head -1`, `>&-` and `> /dev/full` have it."""
    wrong = []
    for name in PRINTING:
        home = shutil.copytree(homes.early, tmp_path / name.replace(" ", "-"))
        ended = server.run(*argv(name, home), stdout=stdout)
        shutil.rmtree(home)
        expected = usual[name].code
        if stdout == "full" and usual[name].out:
            expected = 74
            assert "standard output: No space left on device" in ended.err, name
        if not ended.quiet() or ended.code != expected:
            wrong.append(f"{name}: exit {ended.code}, not {expected}\n{ended.err[-1500:]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("at", [2, 1000])
def test_a_ctrl_c_at_any_time_ends_every_command_with_130_and_no_word(
    unloaded: CommandServer, homes: FilledHomes, tmp_path: Path, at: int
) -> None:
    wrong = []
    for name in NAMES:
        home = shutil.copytree(homes.early, tmp_path / name.replace(" ", "-"))
        if name == "demo":
            home = tmp_path / "demo" / "new"
        ended = unloaded.run(*argv(name, home), interrupt_at=at)
        shutil.rmtree(tmp_path / name.replace(" ", "-"))
        # One that had ended before, or that ends in good order, has its own code.
        if not (is_lawful(ended) or (ended.code == 130 and ended.quiet())):
            wrong.append(f"{name}: exit {ended.code}\n{ended.out[-300:]}{ended.err[-1500:]}")
    assert not wrong, "\n".join(wrong)


def test_text_from_the_command_line_is_never_sql(server: CommandServer, homes: FilledHomes) -> None:
    for evil in ("' OR '1'='1", "DEMO1'; DROP TABLE cycle; --", '" OR 1=1 --', "%", "\x1b[31mX"):
        for words in (["why", evil], ["status", "--strategy", evil], ["orders", "--token", evil]):
            ended = server.run(*words, "--home", homes.late)
            assert ended.code == 2, (words, ended)
            assert "\x1b" not in ended.err
    assert server.run("db", "info", "--home", homes.late).code == 0


def test_each_documented_code_is_that_of_its_cause(
    server: CommandServer, unloaded: CommandServer, homes: FilledHomes, tmp_path: Path
) -> None:
    """Real commands, one for each code of the table in docs/operations.md."""

    def code(situation: str, *words: object) -> int:
        place = tmp_path / f"{situation}-{words[0]}"
        place.mkdir()
        home = SITUATIONS[situation](place, homes)
        return server.run(*words, "--home", home).code

    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "bars.csv").write_text("token_id,open_time\n1,never\n")
    audited = shutil.copytree(homes.early, tmp_path / "audited")
    tamper(audited / "hourhand.db", "UPDATE equity SET equity = equity + 1")
    held = shutil.copytree(homes.early, tmp_path / "held")
    found = {
        0: code("empty home", "schema"),
        2: code("no home", "status"),
        64: code("broken settings", "status"),
        65: code("empty home", "import", tmp_path / "bad"),
        69: server.run("once", "--home", without_provider(tmp_path / "away", homes)).code,
        70: server.run("audit", "--home", audited).code,
        74: code("folder for a database", "run"),
        75: 0,
        77: server.run("once", "--home", without_key(tmp_path / "keyless", homes)).code,
        78: code("newer database", "status"),
        130: unloaded.run("trials", "--home", tmp_path, interrupt_at=2).code,
    }
    with acquire(held / "hourhand.db"):
        found[75] = server.run("once", "--home", held).code
    assert found == {expected: expected for expected in found}
    assert found.keys() == DOCUMENTED - {1}  # 1 is any other failure


def without_key(home: Path, homes: FilledHomes) -> Path:
    shutil.copytree(homes.early, home)
    (home / "secrets" / "api_key").unlink()
    return home


def without_provider(home: Path, homes: FilledHomes) -> Path:
    """A home with months to catch up, and nobody who says that it is really so late."""
    shutil.copytree(homes.early, home)
    (home / "config" / "hourhand.toml").write_text('base_url = "http://127.0.0.1:9"\n')
    return home
