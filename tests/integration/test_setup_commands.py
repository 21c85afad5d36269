"""init, check and schema: a new home, and whether its files are right."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.app.settings import load_settings
from tests.support.command import ask, run
from tests.support.reading_home import FilledHomes, make_home

FILES = [
    "config/hourhand.toml", ".env.example",
    "strategies/plain.toml", "strategies/cautious.toml", "strategies/local.toml",
]  # fmt: skip


def test_init_makes_a_home_that_check_accepts(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    outcome = run("init", home)
    assert outcome.code == 0
    assert "hourhand check --home" in outcome.out
    assert "secrets/api_key" in outcome.out
    assert all((home / name).is_file() for name in FILES)
    assert load_settings(home).api_key is None
    checked = ask("check", "--home", home)
    assert [row["name"] for row in checked["strategies"]] == ["cautious", "local", "plain"]
    assert checked["key"] == "missing"


def test_init_without_a_folder_takes_the_home(tmp_path: Path) -> None:
    document = ask("init", "--home", tmp_path)
    assert document["home"] == str(tmp_path)
    assert document["written"] == FILES


def test_init_overwrites_nothing_and_then_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "plain.toml").write_text("mine")
    outcome = run("init", tmp_path)
    assert outcome.code == 2
    assert outcome.error == (
        f"{tmp_path}: holds strategies/plain.toml already: nothing was written"
    )
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["plain.toml"]
    assert (tmp_path / "strategies" / "plain.toml").read_text() == "mine"


def test_init_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run("init", tmp_path / "file").error == f"{tmp_path / 'file'}: is not a folder"


def test_the_written_settings_are_all_commented_defaults(tmp_path: Path) -> None:
    run("init", tmp_path)
    assert tomllib.loads((tmp_path / "config" / "hourhand.toml").read_text()) == {}


def test_check_lists_the_faults_of_settings_and_strategies_together(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    (home / "config").mkdir()
    (home / "config" / "hourhand.toml").write_text("requests_per_minuet = 3\n")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('name = "wrong"\nmax_hold = -1\nmin_r = 2\ntaker = "much"\n')
    outcome = run("check", wrong, "--home", home)
    assert outcome.code == 64
    faults = outcome.error.splitlines()
    assert len(faults) == 4
    assert "did you mean requests_per_minute?" in faults[0]
    places = [line.split(": ")[:2] for line in faults[1:]]
    assert places == [[f"{wrong}:2", "max_hold"], [f"{wrong}:3", "min_r"], [f"{wrong}:4", "taker"]]


def test_check_prints_the_faults_as_one_document_for_programs(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('name = "wrong"\nmax_hold = -1\nmin_r = 2\n')
    told = run("check", wrong, "--home", home)
    outcome = run("check", wrong, "--home", home, "--json")
    document = json.loads(outcome.out)
    assert (outcome.code, outcome.error) == (64, "")
    assert document == {"ok": False, "faults": told.error.splitlines()}
    assert len(document["faults"]) == 2
    assert ask("check", "--home", home)["ok"] is True


def test_check_of_a_home_without_strategies_says_what_to_do(tmp_path: Path) -> None:
    outcome = run("check", "--home", tmp_path)
    assert outcome.code == 2
    assert "run `hourhand init`" in outcome.error


def last_slot(document: dict[str, Any], name: str) -> dict[str, Any]:
    only: dict[str, Any] = next(
        row["last_slot"] for row in document["strategies"] if row["name"] == name
    )
    return only


def test_check_says_what_strategies_would_have_done_in_the_last_slot(homes: FilledHomes) -> None:
    document = ask("check", "--home", homes.late)
    assert document["last_slot"]["slot"] == "2025-02-07T10:00:00Z"
    assert "open positions" in document["last_slot"]["note"]
    # The account holds DEMO3 in this slot; a fresh one would enter it.
    assert last_slot(document, "eager")["outcomes"] == {"ENTRY": 1}
    refused = last_slot(document, "picky")["decisions"]
    assert [(row["symbol"], row["reason"]) for row in refused] == [("DEMO3", "SHARPE_LOW")]
    text = run("check", "--home", homes.late).out
    assert "DEMO3: would enter" in text
    assert "positions" in text.splitlines()[-2] + text.splitlines()[-1]


def test_check_judges_a_file_that_never_ran_over_the_record(
    homes: FilledHomes, tmp_path: Path
) -> None:
    file = tmp_path / "other.toml"
    file.write_text('name = "other"\nsharpe_min = "off"\nmdd_max = "off"\nmax_open = 1\n')
    document = ask("check", file, "--home", homes.late)
    assert [row["name"] for row in document["strategies"]] == ["other"]
    assert last_slot(document, "other")["outcomes"] == {"NO_SUPPORT": 1}


def test_check_counts_a_local_trend_as_just_turned(homes: FilledHomes, tmp_path: Path) -> None:
    file = tmp_path / "trend.toml"
    file.write_text(
        'name = "trend"\nsignals = "local"\nsharpe_min = "off"\nmdd_max = "off"\n'
        'min_history = "1d"\nstop_min_strength = 0\ntarget_min_strength = 0\nstrong = "off"\n'
    )
    outcomes = last_slot(ask("check", file, "--home", homes.late), "trend")["outcomes"]
    assert outcomes
    assert "COLD_START" not in outcomes


def test_check_writes_nothing(homes: FilledHomes) -> None:
    before = (homes.late / "hourhand.db").read_bytes()
    ask("check", "--home", homes.late)
    assert (homes.late / "hourhand.db").read_bytes() == before


@pytest.mark.parametrize("name", ["plain", "cautious", "local"])
def test_the_printed_schema_accepts_the_shipped_strategies(tmp_path: Path, name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    run("init", tmp_path)
    schema = json.loads(run("schema").out)
    given = tomllib.loads((tmp_path / "strategies" / f"{name}.toml").read_text())
    jsonschema.validate(given, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**given, "max_hlod": 3}, schema)
