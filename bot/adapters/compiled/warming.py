"""Filling the cache beside a replay that meanwhile runs interpreted."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from bot.adapters.compiled.columns import compile_loops
from bot.adapters.compiled.folder import PACKAGE, CodeFolder
from bot.adapters.compiled.loop import NAME, compile_runner

NICENESS = 10
FILLED, ALREADY_THERE, BUSY = "filled", "already there", "another process is at it"


Filler: TypeAlias = Callable[[CodeFolder], str]


def fill_loop(folder: CodeFolder) -> str:
    """Compile columns and loop into the folder; returns what kept them out, "" for nothing."""
    return compile_loops(folder)[1] or compile_runner(folder).not_kept


def warm(folder: CodeFolder, name: str = NAME, fill: Filler = fill_loop) -> str:
    """Fill the folder unless that is done or being done; says in words how it went."""
    with _alone(folder) as (alone, problem):
        if problem:
            return problem
        if folder.is_cached(name):
            return ALREADY_THERE
        if not alone:
            return BUSY
        return fill(folder) or FILLED


def start_warming(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Fill the cache in a process of its own, of low priority, that outlives this one.

    The caller keeps what is returned for as long as it runs and never needs to wait for it.
    """
    paths = [str(PACKAGE.parent), environment.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-m", "bot.adapters.compiled"],
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        cwd=Path(sys.executable).parent,  # holds no removable folder, and nothing to import
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextlib.contextmanager
def _alone(folder: CodeFolder) -> Iterator[tuple[bool, str]]:
    """Whether no other process warms this folder, or what is in the way of knowing.

    A lock of the system's, so that a holder that died holds nothing.
    """
    try:
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (folder.path / ".lock").open("wb")
    except OSError as error:
        yield False, f"{folder.path}: {error.strerror}"
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False, ""
        else:
            yield True, ""
