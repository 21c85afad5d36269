"""A helper that changes in another module: the next process must not run by the old rule."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import bot

PROGRAM = """
import os, sys
from bot.adapters.compiled.folder import code_folder
from bot.adapters.compiled.machine import Machine
from bot.engine.costs import buy_ticks
folder = code_folder(os.environ)
found = folder.load("buy")
if found is None:
    from bot.adapters.compiled.register import machine_code
    found = machine_code(buy_ticks, (0, 0, 0))
    assert folder.save("buy", found) == ""
print(Machine(found, (0, 0, 0))(1000, 1000, 1), "numba" in sys.modules)
"""


@dataclass(frozen=True)
class Tree:
    """A copy of the package, and a cache for its machine code."""

    root: Path
    cache: Path

    def price(self) -> tuple[int, bool]:
        """A price by the copy's rule, and whether it had to be compiled."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONPATH": str(self.root), "HOURHAND_CACHE_DIR": str(self.cache)},
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        price, compiled = done.stdout.split()
        return int(price), compiled == "True"


def test_an_edited_helper_of_another_module_is_obeyed_at_once(tmp_path: Path) -> None:
    shutil.copytree(
        Path(bot.__file__).parent, tmp_path / "bot", ignore=shutil.ignore_patterns("__pycache__")
    )
    tree = Tree(tmp_path, tmp_path / "cache")
    assert tree.price() == (1001, True)
    assert tree.price() == (1001, False)
    numbers = tmp_path / "bot" / "engine" / "numbers.py"
    before = numbers.read_text()
    after = before.replace(
        "return -((-points * ppm) // (PPM * tick))", "return -((-points * ppm) // (PPM * tick)) + 7"
    )
    assert after != before
    numbers.write_text(after)
    assert tree.price() == (1008, True)
    numbers.write_text(before)
    assert tree.price() == (1001, False)
