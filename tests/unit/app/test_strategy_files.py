"""Strategy files: what is read, what is refused and how it is said, and the hash of it."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.strategy_files import (
    canonical_text,
    from_strategy,
    load_strategies,
    load_strategy,
    override,
    strategy_from_canonical,
)
from bot.app.toml_text import SIZE_MAX
from bot.domain.errors import ConfigError, UsageError
from bot.market.parameter_groups import kind_of, read_table
from bot.market.strategy import Gate, Strategy, Universe
from bot.resources import resource_dir

# For every key, a value that is not its default, as a file would have it.
CHANGES: dict[str, object] = {
    "name": "other", "cash": "10000.00000001", "bars": "5m", "latency": "7s", "settle": 601,
    "poll_offset": 6, "max_slot_delay": "31m", "bar_wait": 4, "bar_lag": 1,
    "publish_lag_hourly": 61, "publish_lag_daily": "7h", "signal_label": "close",
    "stale_periods": 3, "quant_stale": "49h", "grade_stale": "49h", "levels_stale": "37h",
    "signals": "daily", "enter_on_first_seen": True, "max_signal_gap": 4, "confirm_bars": 2,
    "candidate_ttl": 4, "reentry": "while_bullish", "cooldown_stop": 7, "cooldown_other": 3,
    "max_hold": 169, "min_history": "1d", "min_adv": 5, "sharpe_min": Decimal("0.9"),
    "sharpe_leave": Decimal("0.7"), "sharpe_column": "sharpe_1y", "sortino_min": 1,
    "sortino_leave": None, "sortino_column": "sortino_30d", "mdd_max": Decimal("0.9"),
    "mdd_leave": Decimal("0.99"), "mdd_column": "mdd_1y", "volatility_max": 3,
    "volatility_leave": None, "volatility_column": "volatility_30d", "grade_min": 60,
    "grade_leave": None, "min_obs": 29, "rf": Decimal("0.0001"), "mar": Decimal("0.0001"),
    "gate_on": None, "z": 2, "gates": [{"column": "momentum", "max": 1}], "rank_by": "composite",
    "composite": {"momentum": 2}, "top_n": 9, "max_open": 9, "daily_loss_limit": "off",
    "dd_halt": "off", "levels": "local", "merge": Decimal("0.003"), "strong": "off",
    "veto": Decimal("0.003"), "stop_min_strength": 1, "stop_buf": Decimal("0.003"),
    "stop_buf_atr": 1, "stop_min_pct": Decimal("0.006"), "stop_min_atr": 1,
    "stop_max_pct": Decimal("0.09"), "stop_max_atr": "off", "atr_fallback": 2,
    "target_min_strength": 1, "target_buf": 0, "target_fallback": 2, "min_rr": 1,
    "max_drift": Decimal("0.02"), "pivot_k": 25, "cluster_tol": Decimal("0.02"), "cluster_atr": 2,
    "sigma": "column:iv", "sigma_floor": Decimal("0.2"), "atr": "column:atr", "adv": "column:adv",
    "scope": "candidates", "redistribute": "waterfill", "gross": Decimal("0.8"),
    "risk": Decimal("0.006"), "pos_vol": "off", "position_cap": Decimal("0.3"),
    "sector_cap": Decimal("0.6"), "max_adv_frac": "off", "portfolio_vol": Decimal("0.4"),
    "k": Decimal("0.0006"), "impact": 1, "taker": 0, "maker": 0, "limit_rule": "touch",
    "limit_gap": "open", "part": 1, "entry_ttl": 2, "volume_unit": "quote", "jump": 11,
    "universe": {"top": 3},
}  # fmt: skip
# Keys that only mean something beside others.
TOGETHER: dict[str, dict[str, object]] = {
    "sortino_leave": {"sortino_min": 2, "sortino_leave": 1},
    "volatility_leave": {"volatility_max": 2, "volatility_leave": 3},
    "grade_leave": {"grade_min": 60, "grade_leave": 50},
    "gate_on": {"sharpe_column": "sharpe_90d", "gate_on": "lower_bound"},
}


def changed(key: str) -> dict[str, object]:
    return TOGETHER.get(key, {key: CHANGES[key]})


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path, overrides: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ConfigError) as problem:
        load_strategies([path], overrides)
    return [fault.replace(str(path), path.name) for fault in problem.value.faults]


@pytest.mark.parametrize("name", ["plain", "cautious", "local"])
def test_a_shipped_strategy_loads_and_carries_its_files_name(name: str) -> None:
    loaded = load_strategy(resource_dir("strategies") / f"{name}.toml")
    assert loaded.strategy.name == name
    assert loaded.strategy.uses_local == (name == "local")


def test_the_folder_of_shipped_strategies_loads_as_a_whole() -> None:
    loaded = load_strategies([resource_dir("strategies")])
    assert len({one.config_sha256 for one in loaded}) == len(loaded) >= 3


def test_every_key_can_be_changed_in_a_file(tmp_path: Path) -> None:
    keys = {described.name for described in fields(Strategy)}
    assert set(CHANGES) == keys - {"description", "alert"}
    usual = Strategy(name="x")
    for key in CHANGES:
        strategy = read_table(Strategy, {"name": "x", **changed(key)})
        assert getattr(strategy, key) != getattr(usual, key), key


@pytest.mark.parametrize("key", sorted(CHANGES))
def test_every_key_changes_the_hash_and_survives_the_canonical_text(key: str) -> None:
    others = {other: value for other, value in changed(key).items() if other != key}
    without = from_strategy(read_table(Strategy, {"name": "x", **others}), Path("x"))
    strategy = read_table(Strategy, {"name": "x", **changed(key)})
    loaded = from_strategy(strategy, Path("x"))
    assert loaded.config_sha256 != without.config_sha256
    assert strategy_from_canonical(loaded.canonical) == strategy
    assert canonical_text(strategy_from_canonical(loaded.canonical)) == loaded.canonical


@given(st.lists(st.sampled_from(sorted(set(CHANGES) - {"name"})), unique=True, max_size=40))
def test_any_lawful_mixture_survives_the_canonical_text(keys: list[str]) -> None:
    raw: dict[str, object] = {"name": "x"}
    for key in keys:
        try:
            read_table(Strategy, raw | changed(key))
        except ConfigError:
            continue
        raw |= changed(key)
    strategy = read_table(Strategy, raw)
    assert strategy_from_canonical(canonical_text(strategy)) == strategy


def test_the_hash_is_that_of_the_canonical_text_without_description_comment_or_spelling(
    tmp_path: Path,
) -> None:
    one = write(tmp_path, "a.toml", 'name = "x"\nrisk = 0.0050 # half a percent\nsettle = "10m"\n')
    two = write(tmp_path, "b.toml", 'description = "Mine"\nname = "x"\nsettle = 600\n')
    first, second = load_strategy(one), load_strategy(two)
    assert first.config_sha256 == second.config_sha256
    assert first.config_sha256 == hashlib.sha256(first.canonical.encode()).hexdigest()
    assert "Mine" not in second.canonical


def test_a_default_that_is_written_out_changes_nothing() -> None:
    strategy = Strategy(name="x")
    shown = {f.name: kind_of(f).show(getattr(strategy, f.name)) for f in fields(strategy)}
    assert read_table(Strategy, shown) == strategy


def test_numbers_are_read_exactly(tmp_path: Path) -> None:
    path = write(tmp_path, "a.toml", 'name = "x"\nrisk = 0.001001\ncash = "999999999.00000001"\n')
    strategy = load_strategy(path).strategy
    assert (strategy.risk, strategy.cash) == (1001, 99_999_999_900_000_001)


def test_tables_are_read_into_values(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.toml",
        'name = "x"\n[[gates]]\ncolumn = "a"\nmin = 1.5\n[[gates]]\ncolumn = "b"\nmax = 2\n'
        '[composite]\n"column:m" = 2\n[universe]\nsymbols = ["BTC"]\ntop = 5\n',
    )  # fmt: skip
    strategy = load_strategy(path).strategy
    assert strategy.gates == (
        Gate(column="a", min=Decimal("1.5")),
        Gate(column="b", max=Decimal(2)),
    )
    assert strategy.composite == (("column:m", Decimal(2)),)
    assert strategy.universe == Universe(symbols=("BTC",), top=5)


def test_all_faults_of_all_files_are_told_at_once_with_file_line_and_key(tmp_path: Path) -> None:
    write(tmp_path, "a.toml", 'name = "a"\n\nshapre_min = 1\nrisk = 2\n')
    write(tmp_path, "b.toml", 'bars = "2h"\n[universe]\ntop = 0\n')
    with pytest.raises(ConfigError) as problem:
        load_strategies([tmp_path])
    told = [fault.replace(f"{tmp_path}/", "") for fault in problem.value.faults]
    assert told == [
        "a.toml:3: shapre_min: no such key (did you mean sharpe_min?)",
        "a.toml:4: risk: expected a number above 0 and at most 1, found 2",
        'b.toml:1: bars: expected "1h" or "5m" or "1m", found \'2h\'',
        "b.toml:3: universe.top: expected a whole number at least 1 and at most 1000, "
        'or "off", found 0',
        "b.toml: name: is missing",
    ]


def test_a_key_on_the_wrong_side_of_a_table_line_is_told_where_it_belongs(tmp_path: Path) -> None:
    path = write(tmp_path, "a.toml", 'name = "a"\nsymbols = []\n[universe]\nrisk = 0.01\n')
    assert faults_of(path) == [
        "a.toml:2: symbols: no such key (it belongs into the table [universe]: universe.symbols)",
        "a.toml:4: universe.risk: no such key (risk belongs above the first [table] line)",
    ]


def test_a_fault_in_the_second_of_several_tables_is_found_there(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.toml",
        'name = "a"\n[[gates]]\ncolumn = "a"\nmin = 1\n[[gates]]\ncolumn = "b"\nmin = "high"\n',
    )  # fmt: skip
    (fault,) = faults_of(path)
    assert fault.startswith("a.toml:7: gates[1].min: expected a number")


def test_a_contradiction_points_at_the_line_that_was_written(tmp_path: Path) -> None:
    path = write(tmp_path, "a.toml", 'name = "a"\nsettle = "30s"\n')
    assert faults_of(path) == ["a.toml:2: publish_lag_hourly: 1m is after settle (30s)"]


def test_a_rate_finer_than_a_millionth_is_refused_with_its_neighbours(tmp_path: Path) -> None:
    path = write(tmp_path, "a.toml", 'name = "a"\nrisk = 0.0000015\n')
    (fault,) = faults_of(path)
    assert fault.endswith("no whole multiple of 0.000001 (nearest: 0.000001 and 0.000002)")


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "+inf", "-inf", "1e999999", "1e-999999"])
@pytest.mark.parametrize("key", ["risk", "stop_buf_atr", "max_open", "cash", "settle", "jump"])
def test_a_number_that_is_none_or_beyond_measure_is_refused(
    tmp_path: Path, key: str, value: str
) -> None:
    (fault,) = faults_of(write(tmp_path, "a.toml", f'name = "a"\n{key} = {value}\n'))
    assert fault.startswith(f"a.toml:2: {key}: ")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = ", "is not TOML: Invalid value (at"),
        ('name = "a"\nname = "b"\n', "is not TOML: Cannot overwrite a value (at line 2"),
        ("risk = 1e99999999999999999999\n", "is not TOML"),
        ("max_open = " + "9" * 5000, "is not TOML"),
        ("a = " + "[" * 5000, "is nested too deeply"),
    ],
)
def test_a_file_that_is_no_toml_is_one_fault(tmp_path: Path, text: str, complaint: str) -> None:
    (fault,) = faults_of(write(tmp_path, "a.toml", text))
    assert fault.startswith(f"a.toml: {complaint}")


def test_a_file_of_256_kb_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    head = 'name = "a"\n#'
    at_limit = write(tmp_path, "a.toml", head + "x" * (SIZE_MAX - len(head)))
    assert load_strategy(at_limit).strategy.name == "a"
    beyond = write(tmp_path, "b.toml", head + "x" * (SIZE_MAX - len(head) + 1))
    assert faults_of(beyond) == ["b.toml: is larger than 256 kB"]


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b'name = "\xff"')
    assert faults_of(path) == ["a.toml: is not UTF-8 text"]


def test_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.toml", 'name = "same"\n')
    write(tmp_path, "b.toml", 'name = "same"\n')
    with pytest.raises(ConfigError, match=r"b\.toml: name: 'same' is also that of .*a\.toml"):
        load_strategies([tmp_path])


@pytest.mark.parametrize("name", ["", "Core", "core/../x", "cor\u0435", "a" * 41, "core v1"])
def test_a_name_that_could_be_mistaken_or_leave_its_folder_is_refused(
    tmp_path: Path, name: str
) -> None:
    (fault,) = faults_of(write(tmp_path, "a.toml", f'name = "{name}"\n'))
    assert fault.startswith("a.toml:1: name: expected 1 to 40 of a-z, 0-9, _ and -")


def test_a_missing_file_and_an_empty_folder_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.toml: no such strategy file or folder"):
        load_strategy(tmp_path / "nothing.toml")
    with pytest.raises(UsageError, match="no strategy file"):
        load_strategies([tmp_path])


def test_overrides_replace_keys_and_reach_into_tables(tmp_path: Path) -> None:
    path = write(tmp_path, "a.toml", 'name = "a"\nrisk = 0.01\n[universe]\ntop = 5\n')
    overrides = [
        "risk=0.002", "latency=120s", "dd_halt = off", "enter_on_first_seen=true",
        "universe.symbols=['BTC', 'ETH']", 'gates=[{column = "cagr", min = 0.5}]',
    ]  # fmt: skip
    strategy = load_strategy(path, overrides).strategy
    assert (strategy.risk, strategy.latency, strategy.dd_halt) == (2000, 120_000, None)
    assert strategy.enter_on_first_seen
    assert strategy.universe == Universe(symbols=("BTC", "ETH"), top=5)
    assert strategy.gates == (Gate(column="cagr", min=Decimal("0.5")),)


def test_an_override_that_is_wrong_is_told_as_such_once(tmp_path: Path) -> None:
    write(tmp_path, "a.toml", 'name = "a"\nrisk = 0.01\n')
    write(tmp_path, "b.toml", 'name = "b"\n')
    assert faults_of(tmp_path, ("risk=9", "universe.tpo=1")) == [
        "--set: risk: expected a number above 0 and at most 1, found 9",
        "--set: universe.tpo: no such key (did you mean top?)",
    ]
    assert faults_of(tmp_path, ("risk",)) == ["--set risk: expected key=value"]


def test_overriding_leaves_the_file_content_as_it_was() -> None:
    raw: dict[str, object] = {"name": "a", "universe": {"top": 5}}
    changed_raw = override(raw, [("universe.top", "off"), ("risk", "0.1")])
    assert raw == {"name": "a", "universe": {"top": 5}}
    assert changed_raw == {"name": "a", "universe": {"top": "off"}, "risk": Decimal("0.1")}


@pytest.mark.parametrize("text", ["", "[]", '{"name":"x","shapre_min":1}', '{"risk":NaN}'])
def test_a_stored_text_that_is_no_strategy_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        strategy_from_canonical(text)


@given(st.text(max_size=200))
def test_no_text_crashes_the_reader(text: str) -> None:
    try:
        loaded = strategy_from_canonical(text)
    except ConfigError:
        return
    assert replace(loaded) == loaded
