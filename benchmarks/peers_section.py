"""vectorbt and backtesting.py on the nearest equal job, in an environment of their own."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import engine, market
from benchmarks.measure import Sample, run
from benchmarks.table import Line, Section
from bot.app.machine import Machine

HERE = Path(__file__).parent
TITLE = "peers, 10 tokens x 2 years, entries at the next open, stop, target, fees"
SKIPPED = "skipped: give --peers PYTHON, of an environment with benchmarks/peers/requirements.txt"


def peers_section(peers: str | None, machine: Machine, repeats: int) -> Section:
    """Each peer between two series of the engine on the same market."""
    if peers is None:
        return Section(title=TITLE, lines=(), notes=(f"peers {SKIPPED}",))
    job = engine.Traded.of(10, 2, 400)
    ours = engine.EngineRun(market.history(job.walks, job.flags), HERE / "recorded.toml", machine)
    plain = engine.PlainRun(job)
    plain.loop()
    lines, notes = [], []
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder, "market.npz")
        _save(arrays, job)
        for name, count in (("vectorbt", repeats), ("backtesting", 2)):
            before = _series(ours, repeats)
            try:
                theirs = _peer(peers, name, arrays, count)
            except RuntimeError as problem:
                notes.append(f"{name} could not run: {str(problem).splitlines()[-1]}")
                continue
            after = _series(ours, repeats)
            lines.append(_line(name, theirs, [*before, *after]))
            notes.append(
                f"{name} {theirs['version']}: {theirs['trades']} trades, final equity "
                f"{theirs['equity']:.2f}; the engine's {ours.equity:.2f}, the plain loop's "
                f"{plain.equity:.2f}"
            )
    return Section(title=TITLE, lines=tuple(lines), notes=tuple(notes))


def _series(ours: engine.EngineRun, repeats: int) -> list[float]:
    ours.job()
    return [ours.job() for _ in range(repeats)]


def _peer(peers: str, name: str, arrays: Path, repeats: int) -> dict[str, Any]:
    command = [peers, str(HERE / "peers" / f"{name}_job.py"), str(arrays), str(repeats)]
    found: dict[str, Any] = json.loads(run(command, os.environ).text.splitlines()[-1])
    return found


def _line(name: str, theirs: dict[str, Any], ours: list[float]) -> Line:
    sample, mine = Sample(tuple(theirs["seconds"])), Sample(tuple(ours))
    return Line(
        what=f"{name} {theirs['version']}",
        figure=sample.text(1e3, "ms"),
        beside=f"engine, {mine.text(1e3, 'ms')}",
        ratio=f"{sample.median / mine.median:.1f}",
    )


def _save(path: Path, job: engine.Traded) -> None:
    unit = 10.0**market.DECIMALS
    exits = np.zeros_like(job.flags)
    exits[market.HOLD :] = job.flags[: -market.HOLD]
    np.savez(
        path, times=job.walks.times(), opens=job.walks.opens / unit, highs=job.walks.highs / unit,
        lows=job.walks.lows / unit, closes=job.walks.closes / unit, entries=job.flags, exits=exits,
        stop=market.STOP, target=market.TARGET, fee=engine.FEE, slip=engine.SLIP,
        share=engine.SHARE,
    )  # fmt: skip
