"""Tokens whose names would steer a terminal, forge lines or style text: shown by every command."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.files.record_writer import write_record
from tests.support.command_server import CommandServer, command_server
from tests.support.ledger_home import EASY, made_up_market, write_strategy

FIRST = 9001  # the generated market counts from there
EVIL = "[red]EVIL\x1b[31m\x1b]0;owned\x07\x9b2J\u202e{0}%s=1"
COMMANDS = (
    ["why", FIRST], ["orders", "--all"], ["positions"], ["trades"], ["status"], ["check"],
    ["db", "info"], ["why", "nobody"],
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandServer]:
    with command_server(tmp_path_factory.mktemp("said")) as found:
        yield found


@pytest.fixture(scope="module")
def home(server: CommandServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which every token has such a name, two of them the same."""
    folder = tmp_path_factory.mktemp("hostile")
    record = made_up_market(40, 3)
    record.tokens = [
        replace(one, symbol=EVIL, name=f"name {EVIL}", sector=EVIL, category=EVIL)
        for one in record.tokens
    ]
    write_record(record, folder / "rows", "csv")
    write_strategy(folder, "easy", EASY)
    done = server.run(
        "replay", folder / "strategies", "--record", folder / "rows", "--no-trial",
        "--out", folder / "home", "--format", "sqlite",
    )  # fmt: skip
    assert done.code == 0, done.err
    return folder / "home"


def steers(text: str) -> set[str]:
    return {sign for sign in text if not sign.isprintable()} - {"\n"}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(map(str, words)))
def test_a_name_does_not_steer_a_terminal(
    server: CommandServer, home: Path, words: list[object]
) -> None:
    ended = server.run(*words, "--home", home)
    assert ended.quiet()
    assert steers(ended.out + ended.err) == set()
    as_json = server.run(*words, "--json", "--home", home)
    assert steers(as_json.out) == set()


def test_an_ambiguous_name_is_told_without_being_obeyed(server: CommandServer, home: Path) -> None:
    ended = server.run("why", EVIL, "--home", home)
    assert ended.code == 2
    assert "is the symbol of 3 tokens" in ended.err
    assert steers(ended.err) == set()


@pytest.mark.parametrize(
    "words",
    [["replay", "no\x1b[31m-such.toml"], ["status", "--home", "no\x1b[31m-such"],
     ["import", "no\x9b-such"], ["why", "\x1b]0;owned\x07"]],
)  # fmt: skip
def test_a_message_quotes_what_was_typed_without_obeying_it(
    server: CommandServer, home: Path, words: list[str]
) -> None:
    ended = server.run(*words, *([] if "--home" in words else ["--home", home]))
    assert ended.code == 2
    assert "such" in ended.err or "owned" in ended.err
    assert steers(ended.err) == set()


def test_on_a_terminal_only_styles_of_our_own_are_sent(home: Path) -> None:
    own, other = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "orders", "--all", "--home", str(home)], check=False,
        stdout=other, stderr=other, env=os.environ | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(other)
    seen = bytearray()
    while piece := _read(own):
        seen += piece
    os.close(own)
    assert done.returncode == 0
    text = bytes(seen).decode()
    assert "[red]EVIL" in text  # as it stands, not as a style
    for evil in ("\x1b[31m", "\x1b]0", "\x07", "\x9b", "\u202e"):
        assert evil not in text


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the end, as Linux says it
        return b""
