"""How a replay grows with tokens and years, by phase; every size in a process of its own."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks import market
from benchmarks.measure import run
from benchmarks.table import Line, Section

STRATEGY = Path(__file__).parents[1] / "strategies" / "local.toml"
ROOT = Path(__file__).parents[1]
SIZES = tuple((tokens, years) for tokens in (1, 10, 100) for years in (1, 2, 5))
LARGE = 2_000_000  # token-bars that --quick leaves out


def scaling_section(largest: int) -> Section:
    """Seconds by phase for every size up to so many token-bars."""
    lines = []
    base: float | None = None
    chosen = [(t, y) for t, y in SIZES if t * y * market.YEAR <= largest]
    for tokens, years in chosen:
        found = _one(tokens, years)
        each = found["total"] / (tokens * years * market.YEAR)
        base = each if (tokens, years) == (10, 2) else base
        lines.append((tokens, years, found, each))
    shown = [_line(*line, base) for line in lines]
    shown.append(_memory(*lines[-2:]))
    return Section(
        title="scaling, local.toml, candles as CSV.gz, every column computed",
        lines=tuple(shown),
        notes=("sizes above 2 M token-bars left out",) if len(chosen) < len(SIZES) else (),
    )


def _line(
    tokens: int, years: int, found: dict[str, float], each: float, base: float | None
) -> Line:
    phases = ", ".join(f"{name} {found[name]:.2f}" for name in found if name not in _TOTALS)
    return Line(
        what=f"{tokens} tokens x {years} years: {phases} s",
        figure=f"{found['total']:.2f} s, {1e-6 / each:.2f} M token-bars/s, "
        f"peak {found['peak'] / 1e6:.0f} MB",
        beside="10 tokens x 2 years, a token-bar",
        ratio="" if base is None else f"{each / base:.2f}",
    )


Measured = tuple[int, int, dict[str, float], float]


def _memory(smaller: Measured, larger: Measured) -> Line:
    """What more history costs, the program and its libraries apart."""
    bars = [tokens * years * market.YEAR for tokens, years, *_ in (smaller, larger)]
    more = larger[2]["peak"] - smaller[2]["peak"]
    return Line(
        what=f"peak memory of each further token-bar, from {bars[0]} to {bars[1]} token-bars",
        figure=f"{more / (bars[1] - bars[0]):.0f} bytes",
    )


_TOTALS = ("total", "peak")


def _one(tokens: int, years: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        market.write_candles(market.walks(tokens, years * market.YEAR), Path(folder))
        command = [sys.executable, "-m", "benchmarks.scaling", folder]
        ended = run(command, os.environ | {"PYTHONPATH": str(ROOT)})
    found: dict[str, float] = json.loads(ended.text.splitlines()[-1])
    return {**found, "peak": ended.peak}


def measure(folder: Path) -> dict[str, float]:
    """Seconds by phase of one replay in this process."""
    from benchmarks.engine import compiled
    from bot.adapters.files.candles import read_candle_history
    from bot.app.replay import replay
    from bot.app.strategy_files import load_strategy

    machine = compiled()
    began = time.perf_counter()
    history, _ = read_candle_history(folder)
    read = time.perf_counter() - began
    result = replay(load_strategy(STRATEGY), history, None, machine)
    result.summary()
    total = time.perf_counter() - began
    return {"reading": read, **asdict(result.seconds), "total": total}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
