"""What the audit says of commands that were taken away, put in, or never given."""

# ruff: noqa: S608  the statements are made of this file's own text
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.app.audit import audit_home
from bot.app.audit_finding import Code
from bot.app.settings import load_settings
from bot.domain.instants import HOUR
from tests.support.ledger_home import START
from tests.support.operated_home import HELD, operated
from tests.support.tampering import Damage, opened, sql

PUT_IN = "INSERT INTO command (at, kind, source, strategy, note) VALUES "
CONFLICT = (
    "INSERT INTO conflict (strategy, slot, kind, expected, found) "
    f"VALUES ('easy', {START}, 'CYCLE', 'lines_sha256=a', 'lines_sha256=b')"
)
LATER = START + 40 * HOUR  # no slot has seen it


@pytest.fixture(scope="module")
def commanded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose ledger has a pause, a close and a resume in it."""
    path = tmp_path_factory.mktemp("commanded") / "home"
    with operated(path) as home:
        home.give("pause")
        home.until(HELD + 2)
        home.give("close", home.held()["token_id"])
        home.until(HELD + 4)
        home.give("resume")
        home.until(HELD + 8)
    return path


def codes(home: Path) -> set[Code]:
    return {finding.code for finding in audit_home(load_settings(home)).findings}


def damaged(commanded: Path, tmp_path: Path, damage: Damage) -> set[Code]:
    home = tmp_path / "home"
    shutil.copytree(commanded, home)
    with opened(home / "hourhand.db") as connection:
        damage(connection)
    return codes(home)


def test_a_ledger_with_commands_is_sound(commanded: Path) -> None:
    assert codes(commanded) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM command WHERE kind = 'PAUSE'",
        "DELETE FROM command WHERE kind = 'CLOSE'",
        f"{PUT_IN} ({START}, 'PAUSE', 'somebody', NULL, '')",
        "UPDATE command SET token_id = 77 WHERE kind = 'CLOSE'",
    ],
)
def test_a_command_that_was_changed_is_missed_by_rule_and_by_repetition(
    commanded: Path, tmp_path: Path, statement: str
) -> None:
    found = damaged(commanded, tmp_path, sql(statement))
    assert {Code.REASON, Code.SLOT_INPUT, Code.LINES} <= found


def test_a_resume_that_was_taken_away_is_missed_where_nothing_entered(
    commanded: Path, tmp_path: Path
) -> None:
    found = damaged(commanded, tmp_path, sql("DELETE FROM command WHERE kind = 'RESUME'"))
    assert Code.SLOT_INPUT in found


def test_a_conflict_is_found_until_the_operator_has_acknowledged_it(
    commanded: Path, tmp_path: Path
) -> None:
    known = f"{PUT_IN} ({LATER}, 'RESUME', 'conflict 1', 'easy', 'seen')"
    assert Code.CONFLICT in damaged(commanded, tmp_path / "open", sql(CONFLICT))
    assert Code.CONFLICT not in damaged(commanded, tmp_path / "known", sql(CONFLICT, known))
