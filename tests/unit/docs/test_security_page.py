"""The page on security names files and tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
POINTS = re.findall(r"^\| (\d+) \| (.+?) \| (.*?) \| (.*?) ?\|$", PAGE, re.M)
WITHOUT_A_TEST = {"19", "25"}  # no image is shipped; a page is read


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/\S+?)`", PAGE))))
def test_a_named_test_exists(named: str) -> None:
    path, _, name = named.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`((?:bot|config|docs)/\S*?)`", PAGE))))
def test_a_named_place_exists(named: str) -> None:
    assert (ROOT / named).exists()


def test_every_point_has_its_test() -> None:
    assert [int(number) for number, *_ in POINTS] == list(range(1, 28))
    untested = {number for number, _, _, tests in POINTS if "`tests/" not in tests}
    assert untested == WITHOUT_A_TEST
