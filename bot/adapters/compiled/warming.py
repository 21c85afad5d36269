"""Filling the cache beside a replay that meanwhile runs interpreted."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from bot.adapters.compiled.columns import compile_loops
from bot.adapters.compiled.folder import CACHE_VARIABLE, PACKAGE, CodeFolder
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


def start_warming(environment: Mapping[str, str]) -> int:
    """Fill the cache in a process of its own, of low priority, that outlives this one; its id.

    Nobody has to wait for it. Spawned without an object of `subprocess`, which would complain
    when it is dropped while the process runs.
    """
    paths = [str(PACKAGE.parent), environment.get("PYTHONPATH", "")]
    own = {name: text for name, text in environment.items() if _needed(name)}
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-P", "-m", "bot.adapters.compiled"],  # -P: nothing from this folder
        {**own, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        file_actions=nothing,
        setsid=True,  # a signal to our terminal passes it by
    )


def _needed(name: str) -> bool:
    """No setting of a home, so no key either, goes to a process that reads none."""
    return name == CACHE_VARIABLE or not name.upper().startswith("HOURHAND_")


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
