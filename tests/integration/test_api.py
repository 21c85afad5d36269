"""The Python interface: the pages' own examples, and tables that say what the ledger says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bot.adapters.files.record_writer import write_record
from bot.api import Data, Run, read_candles, read_record, replay
from bot.app.replay import history_slots
from bot.app.replay import replay as step_through
from bot.app.strategy_files import load_strategy
from bot.domain.errors import ConfigError, DataError, UsageError
from bot.domain.instants import parse_instant
from bot.simulator.generated import GeneratedMarket, generate

PAGE = Path(__file__).parents[2] / "docs" / "notebook.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXT = """
name = "notebook"
sharpe_min = "off"
mdd_max = 0.95
stop_min_strength = 0
target_min_strength = 0
strong = "off"
min_rr = 0.5
"""
START = parse_instant("2025-05-01T00:00:00Z")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a record and a strategy file; examples run inside it."""
    folder = tmp_path_factory.mktemp("notebook")
    market = GeneratedMarket(seed=5, start=START, hours=60 * 24, tokens=4)
    write_record(generate(market), folder / "record", "csv")
    (folder / "mine.toml").write_text(TEXT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def data(place: Path) -> Data:
    return read_record(place / "record")


@pytest.fixture(scope="module")
def run(data: Data) -> Run:
    return replay(TEXT, data)


def test_the_examples_of_the_page_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas")
    names: dict[str, Any] = {}
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    printed = capsys.readouterr().out
    assert len(blocks) == 7
    assert f"{names['data'].token_bars} token-bars" in printed
    assert len(names["trades"]) > 5
    assert names["closed"] == names["realised"]
    assert "3 tried" in printed


def test_a_file_and_its_text_give_the_ledger_of_the_command(place: Path, data: Data) -> None:
    loaded = load_strategy(place / "mine.toml")
    plain = step_through(loaded, data.history, history_slots(data.history, loaded.strategy.settle))
    for given in (TEXT, place / "mine.toml", str(place / "mine.toml")):
        assert replay(given, data).ledger_sha256 == plain.ledger_sha256


def test_exact_tables_are_the_records_digit_by_digit(data: Data, run: Run, place: Path) -> None:
    loaded = load_strategy(place / "mine.toml")
    plain = step_through(loaded, data.history)
    fills = [fill for slot in plain.busy for fill in slot.fills]
    table = run.exact.fills.to_pydict()
    assert len(fills) > 10
    assert table["price"] == [Decimal(fill.scale.price(fill.price)) for fill in fills]
    assert table["quantity"] == [Decimal(fill.scale.quantity(fill.quantity)) for fill in fills]
    assert table["fee"] == [Decimal(fill.fee) / 10**8 for fill in fills]
    moments = [datetime.fromtimestamp(fill.open_time / 1000, tz=UTC) for fill in fills]
    assert table["open_time"] == moments


def test_float_tables_are_the_exact_ones_rounded(run: Run) -> None:
    for name in ("trades", "fills", "orders", "equity"):
        exact, floats = getattr(run.exact, name), getattr(run, name)
        assert exact.column_names == floats.column_names
        for column in exact.column_names:
            if pa.types.is_decimal(exact.schema.field(column).type):
                pairs = zip(exact[column].to_pylist(), floats[column].to_pylist(), strict=True)
                for amount, near in pairs:
                    assert near == (amount if amount is None else pytest.approx(float(amount)))
            else:
                assert floats[column].equals(exact[column])


def test_instants_are_utc_timestamps_and_tokens_have_symbols(run: Run) -> None:
    schema = run.trades.schema
    assert schema.field("opened").type == pa.timestamp("ms", tz="UTC")
    assert schema.field("pnl").type == pa.float64()
    assert run.exact.trades.schema.field("pnl").type == pa.decimal128(38, 8)
    assert set(run.trades["symbol"].to_pylist()) <= {"DEMO1", "DEMO2", "DEMO3"}


def test_a_run_without_trades_has_empty_tables_of_the_same_types(run: Run, data: Data) -> None:
    none = replay(TEXT, data, changes={"sharpe_min": 100})
    assert none.trades.num_rows == none.fills.num_rows == 0
    assert none.trades.schema == run.trades.schema
    assert none.equity.num_rows == run.equity.num_rows


def test_polars_takes_a_table_as_it_is(run: Run) -> None:
    polars = pytest.importorskip("polars")
    frame: Any = polars.from_arrow(run.trades)
    assert frame["pnl"].to_list() == run.trades["pnl"].to_pylist()
    assert len(polars.from_arrow(run.exact.trades)) == len(frame)


def test_changes_replace_parameters_as_the_command_does(run: Run, data: Data) -> None:
    changed = replay(
        TEXT, data, changes={"enter_on_first_seen": True, "universe.token_ids": [9001, 9002]}
    )
    assert '"token_ids":[9001,9002]' in changed.canonical_strategy
    assert '"enter_on_first_seen":true' in changed.canonical_strategy
    assert set(changed.decisions["token_id"].to_pylist()) == {9001, 9002}
    assert changed.ledger_sha256 != run.ledger_sha256


def test_first_and_last_bound_the_slots(data: Data) -> None:
    cut = replay(TEXT, data, first="2025-06-10", last=datetime(2025, 6, 11, 6, tzinfo=UTC))
    slots = cut.equity["slot"].to_pylist()
    assert (slots[0], slots[-1]) == (
        datetime(2025, 6, 10, tzinfo=UTC),
        datetime(2025, 6, 11, 6, tzinfo=UTC),
    )
    assert len(slots) == 31


def test_the_summary_is_that_of_the_command(run: Run) -> None:
    assert run.summary["ledger_sha256"] == run.ledger_sha256
    assert run.summary["trades"] == run.trades.num_rows
    assert "performance" in run.summary


def test_every_fault_of_a_strategy_is_named(data: Data) -> None:
    with pytest.raises(ConfigError) as caught:
        replay('name = "x"\nrisk = 2\nsharp_min = 1\n', data)
    assert len(caught.value.faults) == 2
    with pytest.raises(ConfigError, match="not TOML"):
        replay("name = \n", data)


def test_an_instant_without_a_zone_or_outside_the_history_is_refused(data: Data) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        replay(TEXT, data, first=datetime(2025, 5, 10))  # noqa: DTZ001 - that is the point
    with pytest.raises(UsageError, match="no slot"):
        replay(TEXT, data, first="2030-01-01")
    with pytest.raises(DataError, match="not an instant"):
        replay(TEXT, data, last="yesterday")


def test_candles_come_with_what_is_wrong_with_them(tmp_path: Path) -> None:
    rows = ["time,open,high,low,close,volume"]
    rows += [f"2025-05-01T{h:02d}:00:00Z,100,101,99,100,5" for h in range(20) if h != 7]
    (tmp_path / "BTC.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = read_candles(tmp_path)
    assert found.token_bars == 19
    assert any("BTC" in note for note in found.notes)
