"""The compiled engine over arrays, beside a plain loop that does the same trades in floats."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import market, plain_loop
from benchmarks.measure import Job, Sample, in_turn, over, timed
from benchmarks.table import Line, Section
from bot.app.machine import Machine, choose_machine
from bot.app.stepper import BUFFER_RECORDS, Stepper, to_state
from bot.app.strategy_files import load_strategy
from bot.domain.bar_table import History
from bot.engine import layout as at
from bot.engine.tables import Buffers, State, new_buffers
from bot.market.bulk.market import BulkMarket
from bot.market.inputs import MarketSlice

HERE = Path(__file__).parent
SHARE, FEE, SLIP = 0.1, 0.001, 0.0005  # as benchmarks/recorded.toml has them
ALWAYS_COMPILED = 10**9


def compiled() -> Machine:
    """The machine code, made now where it is not kept."""
    return choose_machine(ALWAYS_COMPILED, os.environ, print)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """A market with its edges."""

    walks: market.Walks
    flags: np.ndarray

    @classmethod
    def of(cls, tokens: int, years: int, each: int) -> Traded:
        """An edge about every `each` hours of a token."""
        made = market.walks(tokens, years * market.YEAR)
        return cls(walks=made, flags=market.edges(made, each))


class EngineRun:
    """The engine over inputs that are there, from an opened account."""

    def __init__(self, history: History, strategy: Path, machine: Machine) -> None:
        loaded = load_strategy(strategy)
        self._machine = machine
        self._stepper = Stepper(loaded, machine.runner)
        slots = history.rest.slots
        seen = BulkMarket(loaded.strategy, self._stepper.plan, history, slots, machine.loops)
        self._pieces = [seen.build(piece, 0) for piece in seen.stretches(slots)]
        self._buffers = [
            new_buffers(piece.inputs, self._stepper.rules, BUFFER_RECORDS) for piece in self._pieces
        ]
        self.equity = 0.0

    def job(self) -> float:
        """Seconds in the engine."""
        state = to_state(self._stepper.open_account(), self._pieces[0].token_ids)
        began = time.perf_counter()
        for piece, buffers in zip(self._pieces, self._buffers, strict=True):
            state.tokens[:, at.T_BAR_ROW] = 0
            self._step(piece, state, buffers)
        seconds = time.perf_counter() - began
        self.equity = int(state.account[at.A_EQUITY]) / 1e8
        return seconds

    def _step(self, piece: MarketSlice, state: State, buffers: Buffers) -> None:
        done, count = 0, len(piece.inputs.slots)
        while done < count:
            done, _ = self._machine.runner(
                piece.inputs, self._stepper.rules, state, buffers, done, count
            )


class PlainRun:
    """The plain loop and the mere reading, over the same market as floats."""

    def __init__(self, job: Traded) -> None:
        unit = 10.0**market.DECIMALS
        walks = job.walks
        columns = (walks.opens, walks.highs, walks.lows, walks.closes)
        self._prices = [np.ascontiguousarray(column / unit) for column in columns]
        self._entries = job.flags
        self._exits = np.zeros_like(job.flags)
        self._exits[market.HOLD :] = job.flags[: -market.HOLD]
        self._equity = np.zeros(len(job.flags))
        self._trades = np.zeros((int(job.flags.sum()) + 1, 3))

    def loop(self) -> None:
        """Once through."""
        plain_loop.portfolio(
            *self._prices, self._entries, self._exits, market.STOP, market.TARGET, SHARE, FEE, SLIP,
            self._equity, self._trades,
        )  # fmt: skip

    def read(self) -> None:
        """Every number once."""
        plain_loop.read_once(*self._prices, self._entries, self._exits)

    @property
    def equity(self) -> float:
        """At the end."""
        return float(self._equity[-1])


def engine_section(machine: Machine, repeats: int) -> Section:
    """Engine, plain loop and reading, in turn."""
    lines: list[Line] = []
    notes = []
    for tokens, years, each in ((10, 2, 400), (100, 5, 4000)):
        job = Traded.of(tokens, years, each)
        plain = PlainRun(job)
        recorded = EngineRun(market.history(job.walks, job.flags), HERE / "recorded.toml", machine)
        jobs: dict[str, Job] = {"reading": timed(plain.read), "engine": recorded.job}
        if tokens == 10:
            local = EngineRun(
                market.history(job.walks), HERE.parent / "strategies" / "local.toml", machine
            )
            jobs["local"] = local.job
        size = f"{tokens} tokens x {years} years"
        for name, one in jobs.items():
            # Each with the plain loop alone: what a third leaves in the caches is another's gift.
            found = in_turn({"plain": timed(plain.loop), name: one}, repeats)
            lines += _lines(found, name, size, job.walks.token_bars)
        notes.append(
            f"{size}: {int(job.flags.sum())} edges; final equity {recorded.equity:.2f} by the "
            f"engine's whole numbers, {plain.equity:.2f} by the plain loop's floats"
        )
    return Section(title="engine, compiled, one core", lines=tuple(lines), notes=tuple(notes))


def _lines(found: dict[str, Sample], name: str, size: str, token_bars: int) -> list[Line]:
    """A job, and the plain loop as it ran beside it."""
    words = {
        "reading": f"reading the arrays once, {size}",
        "engine": f"engine, recorded signals and levels, {size}",
        "local": f"engine, a signal row every hour and all gates (local.toml), {size}",
    }
    sample, plain = found[name], found["plain"]
    speed = token_bars / sample.median / 1e6
    return [
        Line(
            what=words[name],
            figure=f"{sample.text(1e3, 'ms')}, {speed:.0f} M token-bars/s",
            beside=f"plain loop, {plain.text(1e3, 'ms')}",
            ratio=f"{over(sample, plain).median:.2f}",
        )
    ]
