"""Python or machine code for a replay: what is cached, what is worth compiling, what waits."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from bot.engine.tables import Runner, run_slots
from bot.market.bulk.market import Spread
from bot.market.bulk.row_columns import Loops

WORTH_COMPILING = 200_000  # token-bars: below, interpreting takes less time than compiling
WORTH_COMPILING_COLUMNS = 10_000  # a bar's columns take a thousand times as long interpreted
THREADS_MAX = 8
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What runs the loops: Python, or machine code; both give the same to the bit."""

    runner: Runner = run_slots
    loops: Loops = field(default_factory=Loops)
    words: str = "interpreted"
    spread: Spread = map


def choose_machine(token_bars: int, environment: Mapping[str, str], say: Say) -> Machine:
    """The fastest way there is now for so many token-bars.

    Without cached code a small job runs interpreted while another process fills the cache.
    """
    from bot.adapters.compiled.columns import load_loops
    from bot.adapters.compiled.folder import code_folder
    from bot.adapters.compiled.loop import load_runner

    folder = code_folder(environment)
    runner, loops = load_runner(folder), load_loops(folder)
    if runner is not None and loops is not None:
        return _compiled(runner, loops)
    if token_bars < WORTH_COMPILING_COLUMNS:
        _warm(environment)
        return Machine()
    if loops is None:
        from bot.adapters.compiled.columns import compile_loops

        say("compiling the columns, once for this version: about 10 s ...")
        loops, why = compile_loops(folder)
        _warn(why, say)
    if runner is None and token_bars < WORTH_COMPILING:
        _warm(environment)
        return Machine(loops=loops, words="interpreted, columns compiled", spread=_threads())
    if runner is None:
        from bot.adapters.compiled.loop import compile_runner

        say("compiling the engine, once for this version: up to a minute ...")
        compiled = compile_runner(folder)
        runner = compiled.runner
        _warn(compiled.not_kept, say)
    return _compiled(runner, loops)


def ready_machine(environment: Mapping[str, str]) -> Machine | None:
    """The compiled loops where they are cached; None where they are not, and nothing is begun."""
    from bot.adapters.compiled.columns import load_loops
    from bot.adapters.compiled.folder import code_folder
    from bot.adapters.compiled.loop import load_runner

    folder = code_folder(environment)
    runner, loops = load_runner(folder), load_loops(folder)
    if runner is None or loops is None:
        return None
    return _compiled(runner, loops)


def _compiled(runner: Runner, loops: Loops) -> Machine:
    return Machine(runner=runner, loops=loops, words="compiled", spread=_threads())


def _threads() -> Spread:
    """Tokens side by side: machine code does not hold the interpreter's lock."""
    return ThreadPoolExecutor(max_workers=min(THREADS_MAX, os.cpu_count() or 1)).map


def _warn(why: str, say: Say) -> None:
    if why:
        say(f"compiled code cannot be kept, so the next run compiles again: {why}")


def _warm(environment: Mapping[str, str]) -> None:
    from bot.adapters.compiled.warming import start_warming

    start_warming(environment)
