"""A replay as a SQLite ledger: the rows that the daemon writes, and the audit finds them sound."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sql.engine import open_database
from bot.adapters.sql.lock import take_lease
from bot.adapters.sql.record_store import import_record
from bot.app.desk import Desk
from bot.app.export_rows import RUN_ROWS
from bot.app.machine import Machine
from bot.app.replay import history_slots, replay
from bot.app.replay_ledger import replay_ledger
from bot.app.stepper import Stepper
from bot.app.strategy_files import LoadedStrategy, load_strategy
from bot.app.sweep import Sweep
from bot.domain.bar_table import History, history_of
from bot.domain.errors import LedgerError
from bot.domain.instants import HOUR
from bot.domain.values import Record, Slot
from bot.engine.tables import run_slots
from bot.market.bulk.market import BulkMarket
from bot.market.inputs import MarketSlice, lags_of
from bot.market.truncation import known_by
from tests.support.command import ask, run
from tests.support.ledger_home import EASY, START, made_up_market, make_home, write_strategy

LEDGER = (
    "config_version", "cycle", "decision", "order", "fill", "order_event", "position",
    "cash_entry", "equity", "account", "journal", "notice", "conflict", "slot",
    "slot_input", "instrument", "universe",
)  # fmt: skip
RECORD = ("token_seen", "bar", "signal", "metric", "level_list", "grade", "content")
HOURS = 24  # ends with a position open


def rows_of(path: Path) -> dict[str, list[Any]]:
    """All rows of the tables, in an order that hangs on nothing but their cells."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: sorted(connection.execute(f'SELECT * FROM "{table}"'), key=repr)  # noqa: S608
            for table in LEDGER
        }


def observed(path: Path) -> dict[str, list[Any]]:
    """What the record says, without the numbers of its rows."""
    with closing(sqlite3.connect(path)) as connection:
        found = {}
        for table in RECORD:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            shown = ", ".join(name for name in columns if name != "id")
            query = f"SELECT {shown} FROM {table}"  # noqa: S608
            found[table] = sorted(connection.execute(query), key=repr)
        return found


@dataclass(frozen=True, slots=True)
class Case:
    """A strategy, its history and the ledger that the daemon's own steps made of it."""

    loaded: LoadedStrategy
    history: History
    slots: list[Slot]
    rows: dict[str, list[Any]]


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A generated market gone through slot by slot: a token comes late, another's bars do."""
    folder = tmp_path_factory.mktemp("stepped")
    write_strategy(folder, "easy", EASY)
    loaded = load_strategy(folder / "strategies" / "easy.toml")
    record = made_up_market(HOURS, 4)
    late, new, *_ = sorted(token.token_id for token in record.tokens)
    record.bars = [
        replace(bar, available_at=bar.open_time + 3 * HOUR)
        if bar.token_id == late and bar.open_time % (2 * HOUR) == 0
        else bar
        for bar in record.bars
        if bar.token_id != new or bar.open_time > START
    ]
    history = history_of(record)
    slots = [slot for slot in history_slots(history, loaded.strategy.settle) if slot.slot >= START]
    record.slots = slots
    path = folder / "hourhand.db"
    step_by_step(path, loaded, record)
    return Case(loaded, history, slots, rows_of(path))


def step_by_step(path: Path, loaded: LoadedStrategy, record: Record) -> None:
    """The daemon's way: every slot in a transaction of its own."""
    database = open_database(path, create=True)
    with database.transaction() as connection:
        import_record(connection, record)
        epoch = take_lease(connection, record.slots[0].as_of)
    desk = Desk(database, Stepper(loaded))
    for slot in record.slots:
        assert desk.run(slot, epoch, slot.as_of).written
    database.close()


class ShortPieces:
    """A market that is handed over some slots at a time."""

    def __init__(self, market: BulkMarket, size: int) -> None:
        self._market = market
        self._size = size

    def stretches(self, slots: list[Slot]) -> list[list[Slot]]:
        """Pieces of the wanted size."""
        return [slots[n : n + self._size] for n in range(0, len(slots), self._size)]

    def build(self, slots: list[Slot], reach: int) -> MarketSlice:
        """As the market builds it."""
        return self._market.build(slots, reach)


def test_a_replay_writes_row_for_row_what_the_daemon_steps_write(
    stepped: Case, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with replay_ledger(out, stepped.loaded, stepped.history, stepped.slots) as ledger:
        replay(stepped.loaded, stepped.history, stepped.slots, observer=ledger)
    found = rows_of(out / "hourhand.db")
    for table in LEDGER:
        assert found[table] == stepped.rows[table], table
    for table in ("decision", "fill", "order_event", "instrument"):
        assert found[table], table
    assert {row[3] for row in found["position"]} == {"OPEN", "CLOSED"}


@pytest.mark.parametrize("count", [9, HOURS + 1])
def test_the_record_is_what_the_import_stores_of_what_the_last_slot_could_see(
    stepped: Case, tmp_path: Path, count: int
) -> None:
    out, slots = tmp_path / "out", stepped.slots[:count]
    with replay_ledger(out, stepped.loaded, stepped.history, slots) as ledger:
        replay(stepped.loaded, stepped.history, slots, observer=ledger)
    known = known_by(stepped.history, slots[-1].as_of, lags_of(stepped.loaded.strategy))
    bars = [bar for table in known.tables for bar in table.bars()]
    database = open_database(tmp_path / "imported.db", create=True)
    with database.transaction() as connection:
        import_record(connection, replace(known.rest, bars=[*known.rest.bars, *bars]))
    database.close()
    found = observed(out / "hourhand.db")
    assert found == observed(tmp_path / "imported.db")
    assert max(row[2] for row in found["bar"]) + HOUR == slots[-1].slot


@pytest.mark.parametrize("size", [1, 7])
def test_pieces_of_any_size_come_to_the_same_rows(stepped: Case, tmp_path: Path, size: int) -> None:
    out = tmp_path / "out"
    with replay_ledger(out, stepped.loaded, stepped.history, stepped.slots) as ledger:
        stepper = Stepper(stepped.loaded)
        bulk = BulkMarket(
            stepped.loaded.strategy, stepper.plan, stepped.history, stepped.slots, Machine().loops
        )
        sweep = Sweep(stepper, run_slots, (), observer=ledger)
        sweep.over(ShortPieces(bulk, size), stepped.slots, None)
    assert rows_of(out / "hourhand.db") == stepped.rows


def test_what_a_daemon_left_replays_into_the_same_ledger_which_the_audit_accepts(
    tmp_path: Path,
) -> None:
    home = make_home(tmp_path / "home", hours=10).home
    out = tmp_path / "out"
    document = ask(
        "replay", home / "strategies" / "easy.toml", "--db", home / "hourhand.db",
        "--out", out, "--format", "sqlite", "--no-trial",
    )  # fmt: skip
    assert rows_of(out / "hourhand.db") == rows_of(home / "hourhand.db")
    audit = ask("audit", "--home", out)
    assert audit["findings"] == []
    assert audit["ledger_sha256"] == audit["replayed_sha256"] == document["ledger_sha256"]
    assert ask("status", "--home", home)["replayed"] is False
    # No daemon is to go on here: nothing is late, however old the slots are.
    status = ask("status", "--home", out)
    (strategy,) = status["strategies"]
    assert (status["replayed"], status["health"]["state"]) == (True, "healthy")
    assert (strategy["name"], strategy["behind"], status["next_slot"]) == ("easy", 0, None)
    assert "all slots come from a replay" in run("status", "--home", out).out
    assert len(ask("trades", "--home", out)["trades"]) == document["trades"]
    # Nobody is told of what happened in a replay.
    assert ask("outbox", "--home", home)["total"] > 0
    assert ask("outbox", "--home", out) == {"sinks": [], "total": 0, "messages": []}


LEDGER_ONLY = {"cycles": {"input_sha256", "lines_sha256"}, "instruments": {"derived_at"}}


def test_the_tables_of_a_replay_are_those_that_its_ledger_exports(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", hours=10).home
    asked = ("replay", home / "strategies" / "easy.toml", "--db", home / "hourhand.db",
             "--no-trial", "--out")  # fmt: skip
    assert run(*asked, tmp_path / "tables").code == 0
    assert run(*asked, tmp_path / "made", "--format", "sqlite").code == 0
    assert run("export", tmp_path / "full", "--ledger", "--home", tmp_path / "made").code == 0
    names = {path.stem for path in (tmp_path / "tables").iterdir()}
    assert names == set(RUN_ROWS)
    sizes = {}
    for name in sorted(names):
        with (
            (tmp_path / "tables" / f"{name}.csv").open(newline="", encoding="utf-8") as ours,
            (tmp_path / "full" / f"{name}.csv").open(newline="", encoding="utf-8") as theirs,
        ):
            written, exported = list(csv.DictReader(ours)), list(csv.DictReader(theirs))
        blank = dict.fromkeys(LEDGER_ONLY.get(name, ()), "")
        assert written == [{**row, **blank} for row in exported], name
        sizes[name] = len(written)
    assert all(sizes[name] for name in names - {"notices"}), sizes


def test_several_strategies_get_a_home_each(tmp_path: Path, stepped: Case) -> None:
    home = make_home(tmp_path / "home", hours=4).home
    write_strategy(home, "calm", EASY.replace("max_hold = 9", "max_hold = 2"))
    out = tmp_path / "out"
    documents = ask(
        "replay", home / "strategies", "--db", home / "hourhand.db",
        "--out", out, "--format", "sqlite", "--no-trial",
    )  # fmt: skip
    hashes = {one["strategy"]: one["ledger_sha256"] for one in documents}
    assert sorted(hashes) == ["calm", "easy"]
    for name, digest in hashes.items():
        audit = ask("audit", "--home", out / name)
        assert (audit["ok"], audit["ledger_sha256"]) == (True, digest)


def test_an_interrupted_replay_leaves_nothing(stepped: Case, tmp_path: Path) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        replay_ledger(
            tmp_path / "out", stepped.loaded, stepped.history, stepped.slots
        ) as ledger,
    ):  # fmt: skip
        replay(stepped.loaded, stepped.history, stepped.slots, None, interrupt, ledger)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_a_database_is_refused_before_anything_runs(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    database = home / "hourhand.db"
    database.write_bytes(b"a ledger")
    write_strategy(home, "easy", EASY)
    arguments = ("replay", home / "strategies", "--record", tmp_path, "--format", "sqlite")
    outcome = run(*arguments, "--out", home)
    assert outcome.code != 0
    assert "is there already" in outcome.error
    assert database.read_bytes() == b"a ledger"
    assert "needs --out" in run(*arguments).error


def test_a_ledger_without_all_its_slots_is_not_finished(stepped: Case, tmp_path: Path) -> None:
    with (
        pytest.raises(LedgerError, match="only 24 of 25 slots"),
        replay_ledger(tmp_path / "out", stepped.loaded, stepped.history, stepped.slots) as ledger,
    ):
        replay(stepped.loaded, stepped.history, stepped.slots[:-1], observer=ledger)
    assert not (tmp_path / "out" / "hourhand.db").exists()
