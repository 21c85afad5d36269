"""A disk of a few hundred kB, and one that can be made read-only: real ones, where we may mount."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A tmpfs at `folder`; skips, and says why, where this user may not mount."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0700", "hourhand-test", str(folder))
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount") or "umount", "-l", str(folder)], check=True)


def make_read_only(folder: Path) -> None:
    """Nobody may write there from now on, root included."""
    _mount("-o", "remount,ro", str(folder))


def make_writable(folder: Path) -> None:
    """The disk takes writes again."""
    _mount("-o", "remount,rw", str(folder))


def fill(folder: Path, *, spare: int = 0) -> Path:
    """A file that takes all room but `spare` bytes; delete it to have the room back."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    if spare:
        with ballast.open("r+b") as file:
            file.truncate(max(0, ballast.stat().st_size - spare))
    return ballast


def _mount(*arguments: str) -> None:
    program = shutil.which("mount")
    if program is None:
        pytest.skip("no disk can be mounted here: there is no mount command")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
