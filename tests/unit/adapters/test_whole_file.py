"""Files that stand whole under their name, readable by their owner only, or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.whole_file import whole_file

PROGRAM = """
import os, signal, sys
from pathlib import Path
from bot.adapters.whole_file import whole_file

with whole_file(Path(sys.argv[1])) as draft:
    draft.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(target: Path, text: str) -> None:
    with whole_file(target) as draft:
        draft.write_text(text)


def test_it_appears_whole_and_private_and_replaces_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    mask = os.umask(0)
    try:
        write(target, "one")
        write(target, "two")
    finally:
        os.umask(mask)
    assert target.read_text() == "two"
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_inside_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    write(target, "one")
    with pytest.raises(TypeError):
        write(target, None)  # type: ignore[arg-type]
    assert target.read_text() == "one"
    assert list(tmp_path.iterdir()) == [target]


def test_a_kill_inside_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    write(target, "one")
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_text() == "one"


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim, target = tmp_path / "victim", tmp_path / "a.csv"
    victim.write_text("mine")
    target.symlink_to(victim)
    write(target, "one")
    assert victim.read_text() == "mine"
    assert not target.is_symlink()
    assert target.read_text() == "one"
