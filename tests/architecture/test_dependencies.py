"""Dependencies: few, bounded, and locked by hash to what was tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [Requirement(text) for text in PROJECT["dependencies"]]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.M)
PINS = {canonicalize_name(pin[1]): (pin[2], pin[3]) for pin in PIN.finditer(LOCK)}
DIRECT_MAX = 18


def test_there_are_few_direct_dependencies() -> None:
    assert len(DIRECT) <= DIRECT_MAX


@pytest.mark.parametrize("needed", DIRECT, ids=str)
def test_each_is_locked_to_a_lawful_version_by_the_hashes_of_its_files(needed: Requirement) -> None:
    version, hashes = PINS[canonicalize_name(needed.name)]
    assert needed.specifier.contains(version)
    assert hashes.count("sha256:") >= 1


def test_the_lock_holds_pins_and_nothing_else() -> None:
    """No address of a registry, no option, no package without hashes."""
    rest = re.sub(r"^#.*\n", "", LOCK, flags=re.M)
    assert len(re.findall(r"^\S", rest, re.M)) == len(PINS)
    assert "://" not in rest
    assert "--index" not in rest
