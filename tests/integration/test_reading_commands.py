"""status, orders, positions, trades and why, over what a real daemon run has left."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sql import ledger_read
from bot.adapters.sql.engine import open_readonly
from bot.adapters.sql.ledger_rows import EquityRow
from bot.adapters.sql.lock import acquire
from bot.app.explain import why as explain
from bot.app.reading import reading
from bot.app.simulation import SimulationSettings, build_server
from bot.domain.decimals import money_text
from bot.domain.instants import HOUR, format_instant
from bot.report.digest_text import digest_text
from bot.report.tables import PIPE, Page
from bot.report.why_text import why_text
from tests.support.command import ask, run
from tests.support.ledger_home import (
    EASY,
    START,
    made_up_market,
    run_until,
    simulated,
    write_home,
    write_strategy,
)
from tests.support.reading_home import EARLY_SLOT, FIRST_SLOT, LAST_SLOT, FilledHomes, make_home

COMMAND = [sys.executable, "-m", "bot.cli.main"]


def equity_of(home: Path, strategy: str) -> EquityRow:
    database = open_readonly(home / "hourhand.db")
    with database.transaction() as connection:
        row = ledger_read.equity(connection, ledger_read.Span(strategy=strategy))[-1]
    database.close()
    return row


def journal_sha256(home: Path, strategy: str) -> str:
    database = open_readonly(home / "hourhand.db")
    with database.transaction() as connection:
        lines = "".join(ledger_read.journal_bodies(connection, strategy))
    database.close()
    return hashlib.sha256(lines.encode()).hexdigest()


def by_name(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in document["strategies"]}


def test_status_gives_each_account_as_the_ledger_has_it(homes: FilledHomes) -> None:
    found = by_name(ask("status", "--home", homes.late))
    assert set(found) == {"eager", "picky"}
    eager, row = found["eager"], equity_of(homes.late, "eager")
    for key in ("cash", "value", "equity", "realised", "unrealised", "peak"):
        assert eager[key] == money_text(getattr(row, key))
    assert eager["slot"] == format_instant(LAST_SLOT)
    assert (eager["slots"], eager["missed"], eager["behind"]) == (11, 0, 0)
    assert (eager["open_positions"], eager["working_entries"]) == (1, 0)
    (held,) = eager["positions"]
    mark = Decimal(held["mark"])
    assert held["to_stop"] == pytest.approx(float(Decimal(held["stop"]) / mark - 1), rel=1e-3)
    assert held["to_target"] == pytest.approx(float(Decimal(held["target"]) / mark - 1), rel=1e-3)
    assert held["to_stop"] < 0 < held["to_target"]
    daily, drawdown = eager["limits"]
    assert (daily["halt"], daily["limit"]) == ("HALT_DAILY_LOSS", 0.03)
    assert drawdown == {"halt": "HALT_DRAWDOWN", "down": eager["drawdown"], "limit": 0.2}
    assert eager["drawdown"] == pytest.approx((row.peak - row.equity) / row.peak, rel=1e-3)
    assert eager["ledger_sha256"] == journal_sha256(homes.late, "eager")
    assert eager["config"] == "as in its file"


def with_notices(home: Path, to: Path) -> Path:
    """A copy of a home whose last slot, and one a day before it, hold notices."""
    copy = shutil.copytree(home, to)
    rows = [
        (LAST_SLOT, 9003, "LATE_ROW", "2025-02-07T07:00:00Z"),
        (LAST_SLOT, 9002, "LATE_ROW", "2025-02-07T06:00:00Z"),
        (LAST_SLOT, 9003, "PRICE_JUMP", ""),
        (LAST_SLOT - 23 * HOUR, 9003, "UNPRICED", "2025-02-04T00:00:00Z"),
        (LAST_SLOT - 24 * HOUR, 9003, "SIGNAL_UNKNOWN", "2025-02-06T09:00:00Z"),
    ]
    with closing(sqlite3.connect(copy / "hourhand.db")) as connection, connection:
        query = "INSERT INTO notice (strategy, slot, token_id, kind, detail) VALUES "
        connection.executemany(f"{query} ('eager', ?, ?, ?, ?)", rows)
    return copy


def test_status_counts_the_notices_of_a_days_slots_by_strategy_and_kind(
    homes: FilledHomes, tmp_path: Path
) -> None:
    home = with_notices(homes.late, tmp_path / "home")
    found = by_name(ask("status", "--home", home))
    assert found["eager"]["notices"] == {"LATE_ROW": 2, "PRICE_JUMP": 1, "UNPRICED": 1}
    assert found["picky"]["notices"] == {}
    text = run("status", "--home", home).out
    assert "notices in 24 slots: 2 x LATE_ROW (a signal came after a newer one)" in text
    assert "notices" not in run("status", "--home", homes.late).out


def test_why_shows_the_notices_of_the_token_in_the_slot_with_their_period(
    homes: FilledHomes, tmp_path: Path
) -> None:
    home = with_notices(homes.late, tmp_path / "home")
    assert why(home, "9003", LAST_SLOT, "eager")["notices"] == [
        {"kind": "LATE_ROW", "about": "2025-02-07T07:00:00Z"},
        {"kind": "PRICE_JUMP", "about": None},
    ]
    assert why(home, "9003", LAST_SLOT - HOUR, "eager")["notices"] == []
    assert why(home, "9003", LAST_SLOT, "picky")["notices"] == []
    text = run("why", "9003", "--home", home).out
    assert "notice LATE_ROW of 2025-02-07 07:00: a signal came after a newer one" in text


def test_a_start_that_fails_leaves_its_sign_of_life_on_the_clock_of_the_simulator(
    tmp_path: Path,
) -> None:
    home = make_home(tmp_path / "home")
    simulation = SimulationSettings(start=FIRST_SLOT, keys=("another-key",))
    with build_server(made_up_market(6, 2), simulation) as server:
        (home / "config").mkdir()
        (home / "config" / "hourhand.toml").write_text(
            f'base_url = "{server.url}"\nclock_url = "{server.url}"\n'
        )
        failed = subprocess.run([*COMMAND, "run", "--home", home], capture_output=True, check=False)
    assert failed.returncode == 77
    document = ask("status", "--home", home)
    assert document["daemon"]["lease"]["heartbeat"] == format_instant(FIRST_SLOT)
    assert document["daemon"]["lease"]["started_at"] == format_instant(FIRST_SLOT)
    assert document["now"] == format_instant(FIRST_SLOT)
    with acquire(home / "hourhand.db"):
        assert ask("status", "--home", home)["daemon"]["since"] is None
        text = run("status", "--home", home).out
    assert f"process {os.getpid()}; last sign of life 2025-02-07 00:00" in text


LOCAL = """
signals = "local"
levels = "local"
sharpe_min = "off"
mdd_max = "off"
sortino_column = "sortino_90d"
"""


@pytest.fixture(scope="module")
def local_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which one strategy reads candles only, and one what the provider sends."""
    home = tmp_path_factory.mktemp("local")
    with simulated(made_up_market(30, 2)) as url:
        settings = write_home(home, url)
        write_strategy(home, "easy", EASY)
        write_strategy(home, "local", LOCAL)
        run_until(settings, START + HOUR)
    return home


def test_why_says_where_the_instant_asked_for_lies_beyond_the_last_slot(
    homes: FilledHomes,
) -> None:
    late = ("why", "9003", "--strategy", "eager", "--home", homes.late, "--at")
    assert "was asked for" not in run(*late, format_instant(LAST_SLOT + HOUR - 1)).out
    text = run(*late, "2030-01-01T00:00:00Z").out
    assert "2030-01-01 00:00 UTC was asked for: there is no slot nearer before it" in text


def test_why_gives_a_status_only_of_the_series_that_the_strategy_reads(local_home: Path) -> None:
    both = ask("why", "9001", "--home", local_home)["strategies"]
    found = {row["strategy"]: row["inputs"] for row in both}
    series = {"quantmetrics", "grade", "levels"}
    assert series & set(found["easy"]) == {"quantmetrics", "levels"}
    assert series & set(found["local"]) == set()
    text = run("why", "9001", "--strategy", "local", "--home", local_home).out
    assert "ages:" not in text
    assert "unknown" not in text
    assert "ages: quantmetrics" in run("why", "9001", "--home", local_home).out


def test_status_calls_no_series_stale_that_the_strategy_does_not_read(
    local_home: Path, tmp_path: Path
) -> None:
    home = shutil.copytree(local_home, tmp_path / "home")
    all_stale = {"quantmetrics": "stale", "grade": "stale", "levels": "stale"}
    with closing(sqlite3.connect(home / "hourhand.db")) as connection, connection:
        connection.execute("DROP TRIGGER slot_input_no_update")
        query = "SELECT rowid, body FROM slot_input"
        for rowid, packed in connection.execute(query).fetchall():
            body = json.loads(zlib.decompress(packed))
            for seen in body["tokens"].values():
                seen.update(all_stale)
            changed = zlib.compress(json.dumps(body).encode())
            query = "UPDATE slot_input SET body = ? WHERE rowid = ?"
            connection.execute(query, (changed, rowid))
    found = by_name(ask("status", "--home", home))
    assert set(found["easy"]["stale"]) - {"bars"} == {"quantmetrics", "levels"}
    assert set(found["local"]["stale"]) - {"bars"} == set()


def test_status_reports_polls_latencies_and_credits(homes: FilledHomes) -> None:
    document = ask("status", "--home", homes.late)
    polls = {row["endpoint"]: row for row in document["polls"]}
    assert {"tokens", "hourly-ohlcv", "hourly-trading-signals", "quantmetrics"} <= set(polls)
    assert not any(name.startswith("bars ") for name in polls)
    bars = polls["hourly-ohlcv"]
    assert bars["answers"] > 11
    assert 0 <= bars["p50_ms"] <= bars["p95_ms"] <= bars["p99_ms"]
    spent = document["credits"]
    assert spent["spent"] == sum(row["answers"] for row in document["polls"])
    assert spent["left"] == 100_000 - spent["spent"]
    assert document["backfill"]["requests"] == 0


def test_status_sees_a_daemon_that_holds_the_database(homes: FilledHomes) -> None:
    assert ask("status", "--home", homes.early)["daemon"]["running"] is False
    with acquire(homes.early / "hourhand.db"):
        daemon = ask("status", "--home", homes.early)["daemon"]
        assert (daemon["running"], daemon["pid"]) == (True, os.getpid())
        assert f"process {os.getpid()}" in run("status", "--home", homes.early).out


def test_status_tells_that_a_strategy_file_has_changed(homes: FilledHomes, tmp_path: Path) -> None:
    home = shutil.copytree(homes.late, tmp_path / "home")
    path = home / "strategies" / "eager.toml"
    path.write_text(path.read_text().replace("max_hold = 4", "max_hold = 5"))
    assert by_name(ask("status", "--home", home))["eager"]["config"] == "its file has changed since"


def test_a_strategy_whose_file_is_gone_has_ended_once_nothing_is_open(
    homes: FilledHomes, tmp_path: Path
) -> None:
    home = shutil.copytree(homes.late, tmp_path / "home")
    (home / "strategies" / "picky.toml").unlink()
    config = home / "config" / "hourhand.toml"
    kept = [line for line in config.read_text().splitlines() if "clock_url" not in line]
    config.write_text("\n".join(kept))  # the machine's own clock: all slots are long past
    found = by_name(ask("status", "--home", home))
    assert found["eager"]["behind"] > 0
    assert found["picky"]["behind"] == 0
    assert found["picky"]["config"] == "ended: no file of this name and nothing open"


def test_status_shows_the_account_although_a_strategy_file_is_wrong(
    homes: FilledHomes, tmp_path: Path
) -> None:
    home = shutil.copytree(homes.late, tmp_path / "home")
    (home / "strategies" / "eager.toml").write_text('name = "eager"\nmax_hlod = 3\n')
    document = ask("status", "--home", home)
    assert "max_hlod" in document["strategy_files"]
    assert by_name(document)["eager"]["slots"] == 11


def test_a_pending_entry_is_shown_with_the_instant_from_which_it_may_fill(
    homes: FilledHomes,
) -> None:
    document = ask("orders", "--home", homes.early)
    assert [(row["symbol"], row["action"], row["state"]) for row in document["orders"]] == [
        ("DEMO2", "ENTRY", "pending"),
        ("DEMO2", "STOP", "waiting"),
        ("DEMO2", "TARGET", "waiting"),
        ("DEMO3", "STOP", "working"),
        ("DEMO3", "TARGET", "working"),
    ]
    assert document["orders"][0]["eligible_from"] == format_instant(EARLY_SLOT)
    assert (document["working"], document["total"]) == (5, 6)


def test_orders_tell_what_became_of_each_leg(homes: FilledHomes) -> None:
    rows = ask("orders", "--all", "--home", homes.late)["orders"]
    first = [row for row in rows if row["slot"] == format_instant(FIRST_SLOT)]
    assert {row["action"]: row["state"] for row in first} == {
        "ENTRY": "filled",
        "STOP": "void",
        "TARGET": "filled",
    }
    leaving = next(row for row in rows if row["action"] == "EXIT")
    assert (leaving["state"], leaving["reason"]) == ("pending", "TIME_STOP")
    assert rows == sorted(rows, key=lambda row: row["slot"], reverse=True)


def test_orders_can_be_limited_and_narrowed_to_a_token(homes: FilledHomes) -> None:
    whole = ask("orders", "--all", "--home", homes.late)["orders"]
    assert ask("orders", "--limit", "2", "--home", homes.late)["orders"] == whole[:2]
    one = ask("orders", "--all", "--token", "demo2", "--home", homes.late)["orders"]
    assert one == [row for row in whole if row["symbol"] == "DEMO2"]
    assert one


@pytest.mark.parametrize("which", ["early", "late"])
def test_positions_come_to_the_value_of_the_account(homes: FilledHomes, which: str) -> None:
    home: Path = getattr(homes, which)
    document = ask("positions", "--home", home)
    row = equity_of(home, "eager")
    assert document["value"] == money_text(row.value)
    assert document["unrealised"] == money_text(row.unrealised)
    held = document["positions"][0]
    assert Decimal(held["stop"]) < Decimal(held["mark"]) < Decimal(held["target"])
    assert held["r"] == pytest.approx(float(held["unrealised"]) / float(held["risk"]), rel=1e-3)


def test_trades_come_to_what_the_account_has_realised(homes: FilledHomes) -> None:
    document = ask("trades", "--home", homes.late)
    assert document["n"] == len(document["trades"]) == 3
    assert document["pnl"] == money_text(equity_of(homes.late, "eager").realised)
    assert document["won"] == sum(Decimal(row["pnl"]) > 0 for row in document["trades"])
    newest = document["trades"][0]
    assert newest["r"] == pytest.approx(float(newest["pnl"]) / float(newest["risk"]), rel=1e-3)
    limited = ask("trades", "--limit", "1", "--home", homes.late)
    assert (limited["trades"], limited["n"]) == ([newest], 3)


def why(home: Path, token: str, slot: int, strategy: str) -> dict[str, Any]:
    document = ask(
        "why", token, "--at", format_instant(slot), "--strategy", strategy, "--home", home
    )
    only: dict[str, Any] = document["strategies"][0]
    return only


def test_why_gives_each_gate_its_value_limit_and_verdict(homes: FilledHomes) -> None:
    found = why(homes.late, "demo2", FIRST_SLOT, "picky")["decisions"][0]
    assert (found["outcome"], found["reason"]) == ("REFUSED", "SHARPE_LOW")
    assert {"DRAWDOWN_HIGH", "GRADE_LOW"} <= set(found["failed"])
    gates = {gate["column"]: gate for gate in found["gates"]}
    assert (gates["sharpe"]["min"], gates["max_drawdown"]["max"]) == (90, 0.01)
    assert not any(gate["passed"] for gate in gates.values())
    assert gates["sharpe"]["value"] < 90
    text = run("why", "demo2", "--at", format_instant(FIRST_SLOT), "--home", homes.late).out
    assert "SHARPE_LOW" in text
    assert ">= 90" in text


def test_why_works_the_bracket_through_from_prices_and_fees(homes: FilledHomes) -> None:
    found = why(homes.late, "9003", FIRST_SLOT + 3 * HOUR, "eager")["decisions"][0]
    sums = found["bracket"]
    e = Decimal(found["entry"]) * (1 + Decimal(sums["taker"]))
    after_slip = Decimal(found["stop"]) * (1 - Decimal(sums["k"]))
    fill = after_slip.quantize(Decimal("0.001"), rounding="ROUND_FLOOR")
    s = fill * (1 - Decimal(sums["taker"]))
    t = Decimal(found["target"]) * (1 - Decimal(sums["maker"]))
    assert Decimal(sums["stop_fill"]) == fill
    assert [Decimal(sums[key]) for key in ("e", "s", "t")] == [e, s, t]
    assert sums["net_rr"] == pytest.approx(float((t - e) / (e - s)), rel=1e-8)


def test_why_names_the_smallest_bound_as_the_binding_one(homes: FilledHomes) -> None:
    found = why(homes.late, "9003", FIRST_SLOT + 3 * HOUR, "eager")["decisions"][0]
    bounds = {name: Decimal(money) for name, money in found["bounds"].items()}
    assert bounds[found["binding"]] == min(bounds.values())
    spent = Decimal(found["quantity"]) * Decimal(found["entry"])
    assert spent <= min(bounds.values()) < spent + Decimal(found["entry"])


def test_why_marks_the_levels_that_carry_stop_and_target(homes: FilledHomes) -> None:
    found = why(homes.late, "9003", FIRST_SLOT + 3 * HOUR, "eager")
    decision = found["decisions"][0]
    chosen = {level["chosen"]: level["price"] for level in found["book"] if level["chosen"]}
    assert chosen == {"stop": decision["support"], "target": decision["resistance"]}
    prices = [Decimal(level["price"]) for level in found["book"]]
    assert prices == sorted(prices, reverse=True)
    close = Decimal(found["inputs"]["bar"]["close"])
    for level in found["book"]:
        assert (level["side"] == "support") == (Decimal(level["price"]) < close)


def test_why_follows_an_entry_to_its_end(homes: FilledHomes) -> None:
    came = why(homes.late, "9003", FIRST_SLOT + 3 * HOUR, "eager")["decisions"][0]["led_to"]
    assert [order["action"] for order in came["orders"]] == ["ENTRY", "STOP", "TARGET"]
    assert [fill["side"] for fill in came["fills"]] == ["BUY", "SELL"]
    trades = ask("trades", "--home", homes.late)["trades"]
    assert came["position"] == {"status": "closed", **trades[0]}


def test_why_counts_an_ordered_exit_to_the_entry_that_is_still_open(homes: FilledHomes) -> None:
    came = why(homes.late, "9003", FIRST_SLOT + 6 * HOUR, "eager")["decisions"][0]["led_to"]
    assert [order["action"] for order in came["orders"]] == ["ENTRY", "STOP", "TARGET", "EXIT"]
    assert came["position"] == {"status": "open"}


def test_why_without_a_decision_shows_inputs_and_the_nearest_decisions(homes: FilledHomes) -> None:
    found = why(homes.late, "9003", LAST_SLOT, "eager")
    assert found["decisions"] == []
    assert found["before"]["slot"] == format_instant(FIRST_SLOT + 6 * HOUR)
    assert found["after"] is None
    assert found["inputs"]["newest_signal"]["signal"] == "Bullish"
    assert [order["reason"] for order in found["also"]["orders"]] == ["TIME_STOP"]


def test_why_takes_the_slot_at_or_before_the_instant(homes: FilledHomes) -> None:
    document = ask("why", "9003", "--at", "2025-02-07T03:59:59Z", "--home", homes.late)
    assert {row["slot"] for row in document["strategies"]} == {"2025-02-07T03:00:00Z"}
    last = ask("why", "9003", "--home", homes.late)
    assert {row["slot"] for row in last["strategies"]} == {format_instant(LAST_SLOT)}


def test_why_explains_every_token_and_slot_within_80_columns(homes: FilledHomes) -> None:
    slots = range(FIRST_SLOT, LAST_SLOT + HOUR, HOUR)
    with reading(homes.late) as reader:
        for token_id, slot in itertools.product((9001, 9002, 9003, 9004), slots):
            document = explain(reader, token_id, ["eager", "picky"], slot)
            text = why_text(document, Page(width=80))
            assert max(len(line) for line in text.splitlines()) <= 80
            assert text.count("frozen at") == 2


MISTAKES = [
    (("why", "nothing"), "'nothing' is neither the id nor the symbol of a recorded token"),
    (("why", "9003", "--at", "2020-01-01"), "--at: no slot at or before 2020-01-01T00:00:00Z"),
    (("why", "9003", "--at", "noon"), "--at: 'noon' is not an instant"),
    (("orders", "--token", "0"), "'0' is neither"),
    (("status", "--strategy", "eagre"), "no strategy 'eagre' in the ledger; there: eager, picky"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_told_in_one_line(
    homes: FilledHomes, arguments: tuple[str, ...], message: str
) -> None:
    outcome = run(*arguments, "--home", homes.late)
    assert outcome.code == 2
    assert outcome.error.startswith(message)
    assert "\n" not in outcome.error


def test_a_shared_symbol_is_refused_with_its_candidates(homes: FilledHomes) -> None:
    outcome = run("why", "demo1", "--home", homes.late)
    assert outcome.code == 2
    assert [line.split()[0] for line in outcome.error.splitlines()[1:]] == ["9001", "9004"]


def test_without_a_database_the_user_is_told_how_to_make_one(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    for command in ("orders", "positions", "trades", "why 9003", "export out", "db info"):
        outcome = run(*command.split(), "--home", home)
        assert (outcome.code, outcome.out) == (2, "")
    done = subprocess.run(
        [*COMMAND, "status", "--home", home], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"hourhand: .*no database here yet: .*\n", done.stderr)


@pytest.mark.parametrize("command", ["status", "orders --all", "positions", "trades", "why 9003"])
def test_reading_changes_no_byte_and_a_pipe_gets_plain_text(
    homes: FilledHomes, command: str
) -> None:
    path = homes.late / "hourhand.db"
    before = path.read_bytes()
    out = run(*command.split(), "--home", homes.late).out
    assert path.read_bytes() == before
    assert out.isascii()
    assert "\x1b" not in out
    assert not any(line != line.rstrip() for line in out.splitlines())


def on_a_terminal(*arguments: str, columns: int) -> str:
    """What a terminal of so many columns is sent."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    with subprocess.Popen([*COMMAND, *arguments], stdout=theirs, env=environment) as process:
        os.close(theirs)
        sent = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # how a terminal says that its other side has closed
                break
            if not part:
                break
            sent += part
        assert process.wait() == 0
    os.close(ours)
    return sent.decode()


AT_80 = {
    "orders": ["state", "quantity", "filled", "stop", "target"],
    "orders --all": ["state", "quantity", "filled", "stop", "target", "reason"],
    "positions": ["quantity", "entry", "mark", "stop", "target", "pnl"],
    "trades": ["entry", "exit", "pnl", "R", "reason"],
    "status": [],
}


@pytest.mark.parametrize("command", AT_80)
def test_tables_fit_a_terminal_of_80_columns_and_say_what_they_hide(
    homes: FilledHomes, command: str
) -> None:
    sent = on_a_terminal(*command.split(), "--home", str(homes.late), columns=80)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", sent).splitlines()
    assert max(len(line) for line in plain if not line.startswith("home ")) <= 80
    shown = plain[0].split()
    assert [head for head in AT_80[command] if head not in shown] == []
    piped = run(*command.split(), "--home", homes.late).out
    assert "hidden" not in piped
    if command.startswith("orders"):
        assert "id" in piped.splitlines()[0].split()
        assert "id" not in shown
        assert any("(hidden: " in line for line in plain)


def test_the_price_of_a_stop_or_target_order_stands_in_its_own_column(homes: FilledHomes) -> None:
    rows = ask("orders", "--home", homes.early)["orders"]
    lines = run("orders", "--home", homes.early).out.splitlines()
    assert {row["action"] for row in rows} == {"ENTRY", "STOP", "TARGET"}
    for row, line in zip(rows, lines[1:], strict=False):
        price, stop, target = line.split()[8:11]  # after slot (two words) to filled
        if row["action"] == "ENTRY":
            assert (stop, target) == (row["stop"], row["target"])
        else:
            assert {"STOP": (stop, target), "TARGET": (target, stop)}[row["action"]] == (price, "-")


def test_a_digest_lists_the_numbers_that_changed_and_counts_the_others(homes: FilledHomes) -> None:
    document = ask("digest", "--home", homes.late, "--strategy", "picky")
    (part,) = document["strategies"]
    assert part["moved"]
    assert part["unmoved"]
    assert all(row["from"] != row["to"] for row in part["moved"])
    both = len(part["moved"]) + part["unmoved"]
    assert f"{len(part['moved'])} of {both} numbers changed." in digest_text(document, PIPE)
    still = {**document, "strategies": [{**part, "moved": [], "unmoved": both}]}
    assert f"Nothing: all {both} numbers are as before." in digest_text(still, PIPE)
