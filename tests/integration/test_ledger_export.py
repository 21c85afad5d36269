"""`export --ledger`: every table of a ledger as files, exact, whole, and safe in a spreadsheet."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bot.app.export_columns import TABLES
from bot.domain.instants import parse_instant
from bot.domain.spreadsheet import FORMULA_SIGNS, unguarded
from tests.support.command import ask, run
from tests.support.command_server import CommandServer, command_server
from tests.support.reading_home import FilledHomes

Rows = list[dict[str, str]]


def read(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def exported(homes: FilledHomes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledger") / "csv"
    assert run("export", folder, "--ledger", "--home", homes.late).code == 0
    return folder


def stored(home: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        return connection.execute(question).fetchall()


def test_every_table_is_there_with_as_many_rows_as_the_ledger_has(
    homes: FilledHomes, tmp_path: Path
) -> None:
    document = ask("export", tmp_path / "out", "--ledger", "--home", homes.late)
    assert list(document["rows"]) == list(TABLES)
    for name, count in document["rows"].items():
        assert len(read(tmp_path / "out" / f"{name}.csv")) == count
    in_database = {
        "cycles": "cycle", "decisions": "decision", "orders": '"order"', "fills": "fill",
        "order_events": "order_event", "positions": "position", "equity": "equity",
        "cash_entries": "cash_entry", "notices": "notice", "journal": "journal",
        "messages": "outbox", "deliveries": "outbox_delivery", "commands": "command",
        "configurations": "config_version", "instruments": "instrument",
    }  # fmt: skip
    for name, table in in_database.items():
        [(count,)] = stored(homes.late, f"SELECT count(*) FROM {table}")  # noqa: S608
        assert document["rows"][name] == count, name


def test_trades_and_positions_are_those_of_the_commands(homes: FilledHomes, exported: Path) -> None:
    trades = read(exported / "trades.csv")
    shown = ask("trades", "--home", homes.late)
    assert len(trades) == shown["n"] > 0
    assert sum(Decimal(row["pnl"]) for row in trades) == Decimal(shown["pnl"])
    by_id = {row["position_id"][:8]: row for row in trades}
    for one in shown["trades"]:
        row = by_id[one["id"]]
        assert all(row[name] == str(one[name]) for name in one.keys() & row.keys() if name != "id")
    held = [row for row in read(exported / "positions.csv") if row["status"] == "OPEN"]
    found = ask("positions", "--home", homes.late)["positions"]
    assert [(row["symbol"], row["quantity"], row["stop"], row["target"]) for row in held] == [
        (one["symbol"], one["quantity"], one["stop"], one["target"]) for one in found
    ]


def test_decisions_have_every_number_that_why_has_and_the_gates_a_row_each(
    homes: FilledHomes, exported: Path
) -> None:
    decisions = {row["decision_id"]: row for row in read(exported / "decisions.csv")}
    gates: dict[str, Rows] = {}
    for row in read(exported / "gates.csv"):
        gates.setdefault(row["decision_id"], []).append(row)
    rows = stored(homes.late, "SELECT id, details FROM decision")
    assert any("bounds" in details for _, details in rows)
    for number, text in rows:
        details = json.loads(text)
        row = decisions[number]
        assert row["failed"].split() == details.pop("failed")
        for name, amount in details.pop("bounds", {}).items():
            assert row[f"bound_{name.lower()}"] == amount
        for gate, found in zip(details.pop("gates", []), gates.get(number, []), strict=True):
            assert {name: found[name] for name in gate} == {
                name: str(value).lower() if isinstance(value, bool) else cell(value)
                for name, value in gate.items()
            }
        assert {name: row[name] for name in details} == {
            name: cell(value) for name, value in details.items()
        }


def cell(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def test_slot_inputs_have_a_row_for_each_token_and_a_column_for_each_of_the_strategies(
    homes: FilledHomes, exported: Path
) -> None:
    rows = read(exported / "slot_inputs.csv")
    assert {"column_sharpe", "column_max_drawdown", "column_grade"} <= rows[0].keys()
    seen = ask("why", "DEMO2", "--strategy", "picky", "--home", homes.late)["strategies"][0]
    [row] = [
        one for one in rows
        if (one["strategy"], one["slot"], one["symbol"]) == ("picky", seen["slot"], "DEMO2")
    ]  # fmt: skip
    inputs = seen["inputs"]
    assert row["close"] == inputs["bar"]["close"]
    assert row["open_time"] == inputs["bar"]["open_time"]
    assert int(row["book_levels"]) == inputs["levels_known"]
    assert {name: float(row[f"column_{name}"]) for name in inputs["columns"]} == inputs["columns"]


def test_daily_levels_are_the_books_of_the_first_slot_of_each_day(
    homes: FilledHomes, exported: Path
) -> None:
    rows = read(exported / "daily_levels.csv")
    firsts = stored(
        homes.late, "SELECT strategy, min(slot) FROM cycle GROUP BY strategy, slot / 86400000"
    )
    assert {(row["strategy"], parse_instant(row["slot"])) for row in rows} == set(firsts)
    inputs = {
        (row["strategy"], row["slot"], row["token_id"]): int(row["book_levels"])
        for row in read(exported / "slot_inputs.csv")
    }
    counts: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row["strategy"], row["slot"], row["token_id"])
        counts[key] = counts.get(key, 0) + 1
    assert all(inputs[key] == count for key, count in counts.items())


def test_parquet_has_real_types_and_the_same_cells(
    homes: FilledHomes, exported: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "parquet"
    ask("export", folder, "--ledger", "--format", "parquet", "--home", homes.late)
    types = {str(field.name): str(field.type) for field in pq.read_schema(folder / "fills.parquet")}
    assert types["slot"] == "timestamp[ms, tz=UTC]"
    assert types["price"] == "decimal128(38, 18)"
    assert types["fee"] == "decimal128(38, 8)"
    assert types["ordinal"] == "int64"
    for name in TABLES:
        wide = pq.read_table(folder / f"{name}.parquet").to_pylist()
        for one, text in zip(wide, read(exported / f"{name}.csv"), strict=True):
            assert {key: same(value, text[key]) for key, value in one.items()} == text, name


def same(value: object, text: str) -> str:
    """The text where it says what the value is; the value itself where it does not."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return text if Decimal(text) == value else str(value)
    if isinstance(value, float):
        return repr(value)
    if hasattr(value, "timestamp"):
        return text if parse_instant(text) == round(value.timestamp() * 1000) else str(value)
    return text if unguarded(text) == str(value) else str(value)


def test_csv_gz_has_the_same_bytes_each_time(homes: FilledHomes, tmp_path: Path) -> None:
    for name in ("one", "two"):
        ask("export", tmp_path / name, "--ledger", "--format", "csv.gz", "--home", homes.late)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def evil_home(homes: FilledHomes, tmp_path: Path) -> Path:
    """A home whose newest token rows have names that a spreadsheet would compute, or break at."""
    home = Path(shutil.copytree(homes.late, tmp_path / "evil"))
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        for number, symbol in (
            (9001, '=HYPERLINK("http://x")'), (9002, "'@SUM(A1)"), (9003, 'two\rlines')
        ):  # fmt: skip
            connection.execute(
                "INSERT INTO token_seen (token_id, symbol, name, sector, category, volume_unit) "
                "VALUES (?, ?, '', '', '', '')", (number, symbol),
            )  # fmt: skip
        connection.commit()
    return home


def test_names_from_outside_are_no_formulas_and_come_back_as_they_were(
    evil_home: Path, tmp_path: Path
) -> None:
    ask("export", tmp_path / "out", "--ledger", "--home", evil_home)
    rows = read(tmp_path / "out" / "slot_inputs.csv")
    for row in rows:
        assert not row["symbol"].startswith(tuple(FORMULA_SIGNS))
    assert {unguarded(row["symbol"]) for row in rows} == {
        '=HYPERLINK("http://x")', "'@SUM(A1)", 'two\rlines',
    }  # fmt: skip
    numbers = read(tmp_path / "out" / "cash_entries.csv")
    assert any(row["amount"].startswith("-") for row in numbers)  # numbers stay numbers


def test_a_record_with_a_carriage_return_in_a_name_comes_back(
    evil_home: Path, tmp_path: Path
) -> None:
    ask("export", tmp_path / "record", "--home", evil_home)
    (tmp_path / "again").mkdir()
    ask("import", tmp_path / "record", "--home", tmp_path / "again")
    ask("export", tmp_path / "twice", "--home", tmp_path / "again")
    assert contents(tmp_path / "record") == contents(tmp_path / "twice")


def test_only_what_was_asked_for_is_written(homes: FilledHomes, tmp_path: Path) -> None:
    document = ask(
        "export", tmp_path / "out", "--ledger", "--table", "fills", "--table", "trades",
        "--strategy", "eager", "--home", homes.late,
    )  # fmt: skip
    assert sorted(contents(tmp_path / "out")) == ["fills.csv", "trades.csv"]
    assert document["rows"].keys() == {"fills", "trades"}
    ask("export", tmp_path / "picky", "--ledger", "--strategy", "picky", "--home", homes.late)
    for name in ("cycles", "decisions", "slot_inputs", "universes", "journal", "configurations"):
        rows = read(tmp_path / "picky" / f"{name}.csv")
        assert {row["strategy"] for row in rows} == {"picky"}, name


def test_wrong_wishes_are_named_and_change_nothing(homes: FilledHomes, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    ask("export", taken, "--ledger", "--table", "fills", "--home", homes.late)
    before = contents(taken)
    file = tmp_path / "file"
    file.write_text("")
    tried = {
        (tmp_path / "a", "--ledger", "--table", "nope"): (2, "--table nope: must be one of trades"),
        (tmp_path / "a", "--ledger", "--strategy", "nope"): (2, "no strategy 'nope'"),
        (tmp_path / "a", "--ledger", "--format", "xml"): (2, "--format xml: must be one of"),
        (tmp_path / "a", "--table", "fills"): (2, "add --ledger"),
        (file, "--ledger"): (2, "is not a folder"),
        (taken, "--ledger", "--format", "parquet"): (74, "holds fills.csv"),
    }
    for words, (code, message) in tried.items():
        outcome = run("export", *words, "--home", homes.late)
        assert outcome.code == code, words
        assert message in outcome.error
    assert contents(taken) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "taken"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandServer]:
    with command_server(tmp_path_factory.mktemp("said")) as found:
        yield found


@pytest.mark.parametrize("at", [2_000, 6_000, 12_000])
def test_an_interrupt_leaves_the_folder_as_it_was(
    server: CommandServer, homes: FilledHomes, tmp_path: Path, at: int
) -> None:
    folder = tmp_path / "out"
    ask("export", folder, "--ledger", "--table", "trades", "--home", homes.late)
    before = contents(folder)
    words = ("export", folder, "--ledger", "--home", homes.late)
    ended = server.run(*words, interrupt_at=at)
    assert ended.code == 130, "the interrupt came when all was done: choose an earlier one"
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert server.run(*words).code == 0
    assert len(contents(folder)) == len(TABLES)
