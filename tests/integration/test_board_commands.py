"""`gates` and `signals` over a ledger, a record and real candles, as their user calls them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bot.app.gate_ledger import follow_all
from bot.app.judged_run import Source, judged_runs
from bot.app.replay import replay
from bot.report.gates_text import gates_text
from bot.report.signals_text import signals_text
from bot.report.tables import Page
from tests.support.command import ask, run
from tests.support.reading_home import FilledHomes

ROOT = Path(__file__).parents[2]
CANDLES = ROOT.parent / "shared" / "data" / "usdt"
SPAN = ("--from", "2021-04-15T00:00:00Z", "--to", "2021-06-13T00:00:00Z")


@pytest.fixture(scope="module")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not CANDLES.is_dir():
        pytest.skip("real candles are not here: ../shared/data/usdt")
    folder = tmp_path_factory.mktemp("candles")
    for name in ("BTC-USDT-1h.csv.gz", "ETH-USDT-1h.csv.gz", "LTC-USDT-1h.csv.gz"):
        (folder / name).symlink_to(CANDLES / name)
    return folder


@pytest.fixture(scope="module")
def gates(homes: FilledHomes) -> Any:
    return ask("gates", "--home", homes.late)


@pytest.fixture(scope="module")
def signals(homes: FilledHomes) -> Any:
    return ask("signals", "--home", homes.late)


def test_every_candidate_of_the_ledger_stands_in_one_place(gates: Any) -> None:
    assert [one["strategy"] for one in gates["strategies"]] == ["eager", "picky"]
    for one in gates["strategies"]:
        assert one["candidates"] == one["entered"]["candidates"] + one["refused"]["candidates"]
        for row in (one["entered"], one["refused"], *one["first_reason"]):
            places = ("no_bracket", "no_size", "not_filled", "still_open", "n")
            assert sum(row[place] for place in places) == row["candidates"]
        assert (
            sum(row["candidates"] for row in one["first_reason"]) == (one["refused"]["candidates"])
        )


def test_the_ledger_is_only_read(homes: FilledHomes) -> None:
    database = homes.late / "hourhand.db"
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    assert run("gates", "--home", homes.late).code == 0
    assert run("signals", "--home", homes.late).code == 0
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before


def test_asking_twice_gives_the_same(homes: FilledHomes, gates: Any, signals: Any) -> None:
    assert ask("gates", "--home", homes.late) == gates
    assert ask("signals", "--home", homes.late) == signals


def test_a_database_says_what_its_home_says(homes: FilledHomes, gates: Any) -> None:
    assert ask("gates", "--db", homes.late / "hourhand.db") == gates


def test_a_strategy_is_chosen_by_name(homes: FilledHomes) -> None:
    (one,) = ask("signals", "--home", homes.late, "--strategy", "picky")["strategies"]
    assert one["strategy"] == "picky"
    assert run("gates", "--home", homes.late, "--strategy", "nobody").code != 0


def test_what_was_entered_earns_in_shadow_what_it_earned(candles: Path) -> None:
    loaded = ROOT / "strategies" / "local.toml"
    easier = ["sharpe_min=off", "sharpe_leave=off", "mdd_max=off", "mdd_leave=off", "risk=0.0005"]
    source = Source(candles=candles, first=1_618_444_800_000, last=1_623_542_400_000)
    (found,) = judged_runs([loaded], easier, source, None, print)
    trades = {
        (trade.token_id, trade.decided): trade
        for slot in replay(found.loaded, found.history, found.slots, found.machine).busy
        for trade in slot.trades
    }
    followed = follow_all(
        found.loaded, found.history, found.slots, found.decisions, found.machine
    )  # fmt: skip
    compared = 0
    for one in followed:
        trade = trades.get((one.candidate.token_id, one.candidate.slot))
        if trade is None or not one.candidate.entered:
            continue
        assert one.outcome is not None
        assert one.outcome.r == pytest.approx(trade.realised / trade.risk, abs=2e-3)
        assert (one.outcome.closed, one.outcome.reason) == (trade.closed, trade.reason)
        compared += 1
    assert compared == len(trades) > 5


def test_candles_of_real_markets_say_source_local(candles: Path) -> None:
    strategy = ROOT / "strategies" / "local.toml"
    (one,) = ask("signals", strategy, "--candles", candles, *SPAN)["strategies"]
    assert one["source"] == "local"
    assert one["levels"]["groups"][0]["approaches"] > 100
    outcome = run("signals", strategy, "--candles", candles, *SPAN, "--horizon", 72)
    assert "source=local" in outcome.out
    assert "Bullish, 72 h later" in outcome.out


def test_a_replay_shows_the_same_gates_where_it_is_asked_to(candles: Path) -> None:
    strategy = ROOT / "strategies" / "local.toml"
    (one,) = ask("gates", strategy, "--candles", candles, *SPAN)["strategies"]
    found = ask("replay", strategy, "--candles", candles, *SPAN, "--no-trial", "--gates")["gates"]
    assert {**found, "notes": []} == one


def test_candles_without_a_strategy_are_refused_with_the_way_out(candles: Path) -> None:
    outcome = run("gates", "--candles", candles)
    assert outcome.code != 0
    assert "name a strategy file" in outcome.error


def test_a_horizon_that_is_not_measured_is_refused(homes: FilledHomes) -> None:
    outcome = run("signals", "--home", homes.late, "--horizon", 5)
    assert "expected one of 1, 4, 12, 24, 72" in outcome.error


def test_both_fit_on_80_columns_and_show_no_escape_of_a_token_name(
    gates: Any, signals: Any
) -> None:
    hostile = json.loads(json.dumps(signals).replace("DEMO1", "\\u001b[31mDEMO1"))
    page = Page(80)
    for text in (gates_text(gates, page), signals_text(hostile, page, 24)):
        assert max(map(len, text.splitlines())) <= 80
        assert "\x1b" not in text
