"""The compiled loop for tests: compiled once and kept, by key, beside pytest's own cache."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.adapters.compiled.columns import compile_loops, load_loops
from bot.adapters.compiled.folder import CACHE_VARIABLE, CodeFolder, code_folder
from bot.adapters.compiled.loop import CompiledRunner, compile_runner, load_runner
from bot.market.bulk.row_columns import Loops


def environment(cache: Path) -> dict[str, str]:
    """This process's environment with another place for machine code."""
    return os.environ | {CACHE_VARIABLE: str(cache)}


def kept_folder(cache: Path) -> CodeFolder:
    """Where the code of the tree under test is, or will be."""
    return code_folder(environment(cache))


@contextmanager
def alone(cache: Path) -> Iterator[None]:
    """Let one of the test session's processes compile; the others find what it made."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "compiling.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def kept_runner(cache: Path) -> CompiledRunner:
    """The compiled loop of the tree under test."""
    folder = kept_folder(cache)
    with alone(cache):
        return load_runner(folder) or compile_runner(folder).runner


def kept_loops(cache: Path) -> Loops:
    """The compiled columns of the tree under test: some 10 seconds the first time."""
    folder = kept_folder(cache)
    with alone(cache):
        return load_loops(folder) or compile_loops(folder)[0]
