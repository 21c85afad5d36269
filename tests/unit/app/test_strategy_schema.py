"""The schema for editors and the reference page say what the loader does."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.app.strategy_files import load_strategy
from bot.app.strategy_schema import strategy_schema
from bot.domain.decimals import plain
from bot.domain.errors import ConfigError
from bot.market.parameter_groups import kind_of, read_table
from bot.market.strategy import Alert, Gate, Strategy, Universe
from bot.resources import resource_dir

ROOT = Path(__file__).parents[3]
TABLES = (Strategy, Universe, Gate, Alert)
PAGE = ROOT / "docs" / "strategy-file.md"
# What TOML can say, lawful somewhere or nowhere.
LITERALS = (
    "true", "false", "0", "1", "-1", "2", "3.0", "24", "60", "0.5", "0.05", "-0.5", "1.5", "99",
    "100", "101", "1000", "1001", "2147483647", "2147483648", "1e9", "1e12", "1e13", "''", "'off'",
    "'auto'", "'1h'", "'5m'", "'1'", "'1.5'", "'-1'", "'60s'", "'1w'", "'1.5h'", "'local'",
    "'column:x'", "'column:'", "'sharpe'", "'sharpe_90d'", "'sharpe_60d'", "'local:mdd_1y'",
    "'ewma'", "'hourly'", "'composite'", "'BTC'", "'a;b'", "'A B'", "[]", "[1]", "[1, 1]", "['a']",
    "['a', 'a']", "[{}]", "{}", "{a = 1}", "{a = 0}", "{'b c' = 1}", "{top = 3}",
    "{token_ids = [1, 2]}", "{token_ids = [1, 1]}", "{symbols = ['a;b']}", "{top = 0}",
    "{column = 'a'}", "[{column = 'a', min = 1}]", "[{column = 'a', min = 'x'}]", "1979-05-27",
)  # fmt: skip
TEXT_DURATION = re.compile(r"[0-9]{1,9}[smhd]")


def validator() -> Draft202012Validator:
    return Draft202012Validator(strategy_schema())


def bounds(schema: object) -> Iterator[float]:
    """Every bound that a schema names."""
    if isinstance(schema, list):
        for item in schema:
            yield from bounds(item)
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key.lower().endswith(("minimum", "maximum")):
                yield value
            yield from bounds(value)


def beyond_a_schema(raw: object) -> bool:
    """Bounds of what is written as text are the loader's alone."""
    if not isinstance(raw, str):
        return False
    return TEXT_DURATION.fullmatch(raw) is not None or re.fullmatch(r"[0-9.]+", raw) is not None


def both_judge(key: str, literal: str) -> tuple[bool, bool, object]:
    """Whether the schema and whether the kind of the key accepts a TOML literal."""
    entry = validator().schema["properties"][key]
    exact = tomllib.loads(f"v = {literal}", parse_float=Decimal)["v"]
    described = next(f for f in fields(Strategy) if f.name == key)
    by_schema = Draft202012Validator(entry).is_valid(tomllib.loads(f"v = {literal}")["v"])
    try:
        kind_of(described).read(exact)
    except (ValueError, ConfigError):
        return by_schema, False, exact
    return by_schema, True, exact


def test_the_schema_is_a_schema() -> None:
    schema = strategy_schema()
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["required"] == ["name"]


@pytest.mark.parametrize("key", [described.name for described in fields(Strategy)])
def test_schema_and_loader_judge_a_value_alike(key: str) -> None:
    entry = strategy_schema()["properties"][key]  # type: ignore[index]
    edges = sorted({edge + step for edge in bounds(entry) for step in (-1, 0, 1, 0.5)})
    differing = []
    for literal in (*LITERALS, *(f"{edge:.6f}".rstrip("0").rstrip(".") for edge in edges)):
        by_schema, by_loader, raw = both_judge(key, literal)
        lawful_to_one = by_schema and not by_loader
        # A gate's limits are checked against each other, which is no matter of its shape.
        contradiction = key == "gates" and literal == "[{column = 'a'}]"
        if by_schema != by_loader and not (
            lawful_to_one and (beyond_a_schema(raw) or contradiction)
        ):
            differing.append((literal, by_schema, by_loader))
    assert differing == []


def test_the_schema_refuses_unknown_keys_and_wants_a_name() -> None:
    assert validator().is_valid({"name": "x"})
    assert not validator().is_valid({})
    assert not validator().is_valid({"name": "x", "shapre_min": 1})
    assert not validator().is_valid({"name": "x", "universe": {"tpo": 1}})
    assert not validator().is_valid({"name": "x", "gates": [{"min": 1}]})


@pytest.mark.parametrize("name", ["plain", "cautious", "local"])
def test_the_schema_accepts_the_shipped_files(name: str) -> None:
    path = resource_dir("strategies") / f"{name}.toml"
    assert list(validator().iter_errors(tomllib.loads(path.read_text(encoding="utf-8")))) == []


def test_every_default_of_the_schema_is_lawful_and_is_the_loaders() -> None:
    properties: dict[str, Any] = strategy_schema()["properties"]  # type: ignore[assignment]
    written = {key: entry["default"] for key, entry in properties.items() if "default" in entry}
    assert list(validator().iter_errors({"name": "x", **written})) == []
    exact = json.loads(json.dumps({"name": "x", **written}), parse_float=Decimal)
    assert read_table(Strategy, exact) == Strategy(name="x")


def test_every_key_says_what_it_means() -> None:
    for described in (*fields(Strategy), *fields(Universe), *fields(Gate), *fields(Alert)):
        assert len(described.metadata["doc"]) > 8


def as_toml(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    return json.dumps(value)


def page_row(described: Field[Any]) -> str:
    kind = kind_of(described)
    default = "required"
    if described.default is not MISSING:
        default = f"`{as_toml(kind.show(described.default))}`"
    return f"| `{described.name}` | {default} | {kind.expects()} | {described.metadata['doc']} |"


@pytest.mark.parametrize("table", TABLES)
def test_the_reference_page_has_every_key_with_default_bounds_and_meaning(table: type) -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [page_row(described) for described in fields(table) if described.name != "universe"]
    missing = [row for row in rows if row not in lines]
    assert missing == []


def test_the_reference_page_has_no_key_that_does_not_exist() -> None:
    keys = set(re.findall(r"^\| `(\w+)` \| .* \| .* \| .* \|$", PAGE.read_text("utf-8"), re.M))
    known = {described.name for table in TABLES for described in fields(table)}
    assert keys - known == set()


def test_the_examples_of_the_reference_page_load(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    path = tmp_path / "mine.toml"
    read = []
    for example in examples:
        path.write_text(example, encoding="utf-8")
        read.append(load_strategy(path).strategy)
    mine, watched = read
    assert mine.universe.symbols == ("BTC", "ETH")
    assert [alert.on for alert in watched.alert] == ["column", "signal", "level"]
