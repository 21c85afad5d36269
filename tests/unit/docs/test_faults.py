"""The table of faults names tests that are there, and every fault has a test or a reason."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "faults.md"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
FAULTS = 131


def rows() -> dict[int, str]:
    return {int(number): tests for number, _, tests in ROW.findall(PAGE.read_text("utf-8"))}


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_fault_has_its_row() -> None:
    assert list(rows()) == list(range(1, FAULTS + 1))


def test_every_row_names_a_test_or_says_why_there_is_none() -> None:
    silent = [n for n, cell in rows().items() if not TEST.search(cell) and len(cell) < 30]
    assert silent == []
    without = [cell for cell in rows().values() if not TEST.search(cell)]
    assert all(cell.startswith("not tested: ") for cell in without)
    assert len(without) < 12


def test_every_test_that_is_named_is_there() -> None:
    named = [place for cell in rows().values() for place in TEST.findall(cell)]
    assert len(named) > FAULTS
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or (name and name not in functions_of(path))
    ]
    assert missing == []
