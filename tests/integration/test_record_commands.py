"""export, import and db: the record and the database as files."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sql.lock import acquire
from bot.domain.instants import DAY, HOUR, parse_instant
from tests.support.command import ask, run
from tests.support.reading_home import FilledHomes, make_home

TABLES = ["bars", "commands", "grades", "levels", "metrics", "signals", "slots", "tokens"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def exported(homes: FilledHomes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "record"
    assert run("export", folder, "--home", homes.late).code == 0
    return folder


@pytest.mark.parametrize("strategy", ["eager", "picky"])
@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_an_exported_record_replays_to_the_hash_of_the_ledger(
    homes: FilledHomes, tmp_path: Path, form: str, strategy: str
) -> None:
    document = ask("export", tmp_path / "record", "--format", form, "--home", homes.late)
    assert document["rows"]["slots"] == 11
    assert sorted(contents(tmp_path / "record")) == [f"{name}.{form}" for name in TABLES]
    file = homes.late / "strategies" / f"{strategy}.toml"
    replayed = ask("replay", file, "--record", tmp_path / "record")
    status = ask("status", "--strategy", strategy, "--home", homes.late)["strategies"][0]
    assert replayed["ledger_sha256"] == status["ledger_sha256"]
    assert replayed["slots"] == status["slots"]


def test_exported_tokens_have_the_units_that_the_slots_derived(exported: Path) -> None:
    rows = (exported / "tokens.csv").read_text().splitlines()
    head = rows[0].split(",")
    traded = [dict(zip(head, row.split(","), strict=True)) for row in rows[1:]]
    units = {row["symbol"]: (row["tick"], row["lot"]) for row in traded if row["tick"]}
    assert units["DEMO3"] == ("0.001", "0.00001")


def test_import_then_export_gives_the_same_files(exported: Path, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    document = ask("import", exported, "--home", home)
    assert document["new"] == document["rows"]
    assert stat.S_IMODE((home / "hourhand.db").stat().st_mode) == 0o600
    assert run("export", tmp_path / "again", "--home", home).code == 0
    assert contents(tmp_path / "again") == contents(exported)


def test_an_imported_record_replays_from_the_database(
    homes: FilledHomes, exported: Path, tmp_path: Path
) -> None:
    home = make_home(tmp_path / "home")
    assert run("import", exported, "--home", home).code == 0
    replayed = ask("replay", home / "strategies" / "eager.toml", "--home", home)
    status = ask("status", "--strategy", "eager", "--home", homes.late)["strategies"][0]
    assert replayed["ledger_sha256"] == status["ledger_sha256"]


def test_importing_twice_adds_nothing(exported: Path, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    ask("import", exported, "--home", home)
    before = ask("db", "info", "--home", home)["rows"]
    again = ask("import", exported, "--home", home)
    assert set(again["new"].values()) == {0}
    assert again["new"].keys() == again["rows"].keys()
    assert ask("db", "info", "--home", home)["rows"] == before


def test_status_after_an_import_says_what_has_not_started_and_what_is_missing(
    exported: Path, tmp_path: Path
) -> None:
    home = make_home(tmp_path / "home")
    ask("import", exported, "--home", home)
    document = ask("status", "--home", home)
    assert document["strategies"] == []
    assert document["not_started"] == ["eager", "picky"]
    backfill = document["backfill"]
    assert backfill["incomplete"] == [9001, 9002, 9003]
    assert backfill["requests"] > 0
    assert backfill["ready"] > document["now"]
    text = run("status", "--home", home).out
    assert f"{backfill['requests']} requests to send for 3 of 3 tokens" in text
    assert "eager  has not done a slot yet" in text
    (home / "config").mkdir()
    (home / "config" / "hourhand.toml").write_text("backfill_days = 900\n")
    longer = ask("status", "--home", home)
    span = parse_instant(longer["now"]) - parse_instant(longer["backfill"]["from"])
    assert 900 * DAY <= span < 900 * DAY + HOUR
    assert longer["backfill"]["requests"] > backfill["requests"]
    refused = run("why", "9003", "--home", home)
    assert (refused.code, refused.error) == (2, "the ledger holds no slot yet")


def test_import_into_a_ledger_is_refused_with_the_reason(
    homes: FilledHomes, exported: Path, tmp_path: Path
) -> None:
    home = shutil.copytree(homes.late, tmp_path / "home")
    before = ask("db", "info", "--home", home)["rows"]
    outcome = run("import", exported, "--home", home)
    assert outcome.code == 2
    assert "holds a ledger of 22 slots" in outcome.error
    assert ask("db", "info", "--home", home)["rows"] == before


def test_folders_that_are_none_are_refused(homes: FilledHomes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    (tmp_path / "empty").mkdir()
    home = make_home(tmp_path / "home")
    tried = {
        ("import", tmp_path / "absent"): (2, "is not a folder"),
        ("import", file): (2, "is not a folder"),
        ("import", tmp_path / "empty"): (65, "holds no bars"),
    }
    for arguments, (code, message) in tried.items():
        outcome = run(*arguments, "--home", home)
        assert outcome.code == code
        assert message in outcome.error
    assert not (home / "hourhand.db").exists()
    outcome = run("export", file, "--home", homes.late)
    assert (outcome.code, outcome.error) == (2, f"{file}: is not a folder")
    outcome = run("export", tmp_path / "x", "--format", "xml", "--home", homes.late)
    assert (outcome.code, outcome.error) == (
        2, "--format xml: must be one of csv, csv.gz, parquet",
    )  # fmt: skip


def test_a_backup_holds_the_ledger_while_another_process_writes(
    homes: FilledHomes, tmp_path: Path
) -> None:
    home = shutil.copytree(homes.late, tmp_path / "home")
    copied = make_home(tmp_path / "copy")
    with closing(sqlite3.connect(home / "hourhand.db")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        document = ask("db", "backup", copied / "hourhand.db", "--home", home)
    copy = copied / "hourhand.db"
    # One file, with nothing of it in a log beside it: bytes 18 and 19 say so.
    assert copy.read_bytes()[18:20] == b"\x01\x01"
    assert (document["integrity"], document["bytes"]) == ("ok", copy.stat().st_size)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(path.name for path in copied.iterdir() if path.name != copy.name) == [
        "secrets",
        "strategies",
    ]
    ours, theirs = (ask("status", "--home", one)["strategies"] for one in (home, copied))
    assert [row["ledger_sha256"] for row in ours] == [row["ledger_sha256"] for row in theirs]


def test_a_backup_never_replaces_a_file(homes: FilledHomes, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    target.write_text("mine")
    outcome = run("db", "backup", target, "--home", homes.late)
    assert (outcome.code, outcome.error.split(": ")[1]) == (2, "is there already")
    assert target.read_text() == "mine"


def test_a_backup_without_a_name_stands_beside_the_database(
    homes: FilledHomes, tmp_path: Path
) -> None:
    home = shutil.copytree(homes.late, tmp_path / "home")
    made = Path(ask("db", "backup", "--home", home)["backup"])
    assert made.parent == home
    assert made.name.startswith("hourhand.db.2")


def test_upgrading_a_current_database_changes_nothing(homes: FilledHomes, tmp_path: Path) -> None:
    home = shutil.copytree(homes.late, tmp_path / "home")
    document = ask("db", "upgrade", "--home", home)
    assert document["backup"] is None
    with acquire(home / "hourhand.db"):
        outcome = run("db", "upgrade", "--home", home)
    assert outcome.code == 75
    assert "already in use by process" in outcome.error


def test_db_info_counts_the_rows(homes: FilledHomes) -> None:
    rows = ask("db", "info", "--home", homes.late)["rows"]
    assert (rows["slot"], rows["cycle"], rows["journal"], rows["position"]) == (11, 22, 22, 4)


def test_a_foreign_file_is_no_database(homes: FilledHomes, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    with closing(sqlite3.connect(home / "hourhand.db")) as other:
        other.execute("CREATE TABLE guests (name TEXT)")
    for command in (["status"], ["db", "backup"], ["db", "info"], ["export", tmp_path / "out"]):
        outcome = run(*command, "--home", home)
        assert outcome.code == 78
        assert outcome.error.endswith("this is not a database of hourhand")


def test_the_command_itself_prints_no_traceback_for_a_refused_import(
    homes: FilledHomes, exported: Path
) -> None:
    command = [sys.executable, "-m", "bot.cli.main", "import", exported, "--home", homes.late]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("hourhand: ")


def test_export_counts_are_those_of_its_files(exported: Path, homes: FilledHomes) -> None:
    rows = json.loads(run("db", "info", "--home", homes.late, "--json").out)["rows"]
    lines = {path.stem: path.read_text().count("\n") - 1 for path in exported.iterdir()}
    assert lines["bars"] == rows["bar"]
    assert lines["signals"] == rows["signal"]
    assert lines["tokens"] == rows["token_seen"]
    assert lines["slots"] == rows["slot"]
