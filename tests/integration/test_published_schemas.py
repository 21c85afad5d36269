"""Every command's --json document against the schema that is published for it.

Besides, `tests.support.command.run` holds each document that any test asks for to its schema.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from bot.app.documents.registry import DOCUMENTS
from bot.app.documents.schema import document_schema, file_name, schema_text, write_schemas
from bot.cli.main import app
from tests.support.command import run
from tests.support.published import faults
from tests.support.reading_home import FilledHomes, make_home

PUBLISHED = Path(__file__).parents[2] / "docs/schemas"
# These print a schema or nothing, or serve until they are stopped.
WITHOUT = {"schema", "simulate", "db", "run"}
STRATEGIES = ("eager", "picky")
# Held to their schemas by their own tests, which have a provider, a receiver or something to close.
ELSEWHERE = {
    "ack", "alerts", "close", "demo", "doctor", "once", "outbox retry", "outbox test", "pause",
    "restatements", "resume",
}  # fmt: skip


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    for name, command in getattr(group, "commands", {}).items():
        options = {option for parameter in command.params for option in parameter.opts}
        yield " ".join((*path, name)), options
        yield from commands(command, (*path, name))


def test_every_command_with_json_has_a_schema_and_no_other() -> None:
    found = {
        name
        for name, options in commands(typer.main.get_command(app))
        if "--json" in options and name not in WITHOUT
    }
    assert set(DOCUMENTS) == found, "a command joins in bot/app/documents/registry.py"


def test_the_published_files_are_what_the_types_say(tmp_path: Path) -> None:
    """`hourhand schema --out docs/schemas` writes them anew."""
    assert {path.name for path in PUBLISHED.iterdir()} == {file_name(name) for name in DOCUMENTS}
    for command in DOCUMENTS:
        assert (PUBLISHED / file_name(command)).read_text() == schema_text(command), command
    assert [path.read_text() for path in write_schemas(tmp_path)] == list(
        map(schema_text, DOCUMENTS)
    )


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


@pytest.mark.parametrize("command", DOCUMENTS)
def test_every_object_refuses_keys_that_it_does_not_name_and_says_what_it_is(command: str) -> None:
    found = list(objects(document_schema(command)))
    assert found
    for one in found:
        assert one["additionalProperties"] is False
        assert one.get("description") or set(one["properties"]) >= {"from"}, one


def test_a_key_more_a_key_less_and_a_number_for_exact_text_are_found() -> None:
    good: dict[str, Any] = {"trades": [], "n": 0, "won": 0, "pnl": "-1.5", "fees": "0"}
    assert faults("trades", good) == []
    assert faults("trades", {**good, "extra": 1})
    assert faults("trades", {**good, "pnl": -1.5})
    assert faults("trades", {**good, "pnl": "1.50"})
    assert faults("trades", {name: good[name] for name in ("trades", "n", "won", "pnl")})


def newest(home: Path) -> str:
    """The id of the newest trade."""
    found: str = json.loads(run("trades", "--home", home, "--json").out)["trades"][0]["id"]
    return found


@pytest.fixture
def home(homes: FilledHomes, tmp_path: Path) -> Path:
    return Path(shutil.copytree(homes.late, tmp_path / "home"))


def test_documents_of_a_real_home_are_what_their_schemas_say(home: Path, tmp_path: Path) -> None:
    """`run` holds each of them to its schema; here each command is asked at least once."""
    make_home(tmp_path / "other")
    asked: dict[str, list[list[object]]] = {
        "status": [["status"], ["status", "--strategy", "picky"]],
        "positions": [["positions"]],
        "orders": [["orders", "--all"]],
        "trades": [["trades", "--limit", "1"]],
        "why": [["why", token] for token in (9001, 9002, 9003)],
        "check": [["check"]],
        "export": [["export", tmp_path / "r"], ["export", tmp_path / "l", "--ledger"]],
        "import": [["import", tmp_path / "r"]],
        "replay": [["replay", home / "strategies" / "eager.toml", "--prove-no-lookahead",
                    "--cuts", 2],
                   ["replay", home / "strategies"]],
        "trials": [["trials"]],
        "audit": [["audit"]],
        "gates": [["gates"]],
        "diff": [["diff", *(home / "strategies" / f"{name}.toml" for name in STRATEGIES)]],
        "digest": [["digest"]],
        "levels": [["levels"], ["levels", "--out", tmp_path / "levels"]],
        "screen": [["screen"]],
        "signals": [["signals"]],
        "report": [["report"]],
        "card": [["card", newest(home)]],
        "outbox": [["outbox", "--limit", "9"]],
        "db info": [["db", "info"]],
        "db upgrade": [["db", "upgrade"]],
        "db backup": [["db", "backup", tmp_path / "copy.db"]],
        "db restore": [["db", "restore", tmp_path / "copy.db"]],
        "init": [["init", tmp_path / "new"]],
    }  # fmt: skip
    assert asked.keys() | ELSEWHERE == DOCUMENTS.keys()
    for command, lines in asked.items():
        for line in lines:
            place = tmp_path / "other" if command == "import" else home
            homed = [] if command == "trials" else ["--home", place]
            outcome = run(*line, *homed, "--json")
            assert outcome.out, (line, outcome.error)


def test_faults_are_a_document_too(home: Path) -> None:
    (home / "strategies" / "eager.toml").write_text("= = =\n")
    outcome = run("check", "--home", home, "--json")
    assert outcome.code == 64
    assert json.loads(outcome.out)["ok"] is False


def test_the_schema_command_prints_them_and_names_what_there_is(tmp_path: Path) -> None:
    assert json.loads(run("schema", "db", "info").out) == document_schema("db info")
    assert json.loads(run("schema").out)["title"] == "hourhand strategy"
    refused = run("schema", "nothing")
    assert refused.code == 2
    assert "status" in refused.error
    assert run("schema", "--out", tmp_path / "all").code == 0
    assert len(list((tmp_path / "all").iterdir())) == len(DOCUMENTS)
