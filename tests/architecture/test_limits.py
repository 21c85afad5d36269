"""Limits that keep the code readable, and purity that keeps it replayable."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "bot").rglob("*.py"))
FUNCTION_LINES = 70
MODULE_LINES = 400
PURE = ("bot/engine", "bot/market", "bot/stats", "bot/domain")
# The wall clock, randomness and the environment belong to the edge.
AMBIENT = {
    ("time", "time"), ("time", "time_ns"), ("time", "monotonic"), ("datetime", "now"),
    ("datetime", "utcnow"), ("os", "environ"), ("os", "getenv"), ("random", "random"),
    ("random", "Random"), ("uuid", "uuid4"),
}  # fmt: skip


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_functions_and_modules_stay_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MODULE_LINES
    for node in functions(ast.parse(text)):
        assert node.end_lineno is not None
        assert node.end_lineno - node.lineno < FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_module_opens_with_a_sentence_about_its_purpose(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text()))
    assert said
    assert said.split("\n\n")[0].rstrip().endswith(".")


@pytest.mark.parametrize("path", [p for p in MODULES if place(p).startswith(PURE)], ids=place)
def test_pure_packages_read_no_clock_no_randomness_and_no_environment(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in AMBIENT, f"line {node.lineno}"


def test_there_is_no_live_trading_path() -> None:
    words = ("create_order", "place_order", "ccxt", "withdraw(", "private_key")
    for path in MODULES:
        text = path.read_text().casefold()
        assert not [word for word in words if word in text], place(path)
