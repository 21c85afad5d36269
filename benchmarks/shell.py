"""Whole commands: from the shell prompt to the printed summary, first and later, and memory."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import market
from benchmarks.measure import Ended, Sample, in_turn, over, run
from benchmarks.table import Line, Section
from bot.adapters.compiled.folder import CACHE_VARIABLE, code_folder
from bot.adapters.compiled.loop import load_runner

STRATEGY = Path(__file__).parents[1] / "strategies" / "local.toml"
ROOT = Path(__file__).parents[1]
HOURHAND = (sys.executable, "-m", "bot.cli.main")
WARMING_MAX = 300.0  # s that the process which fills the cache may take
MB = 1e6


def shell_section(peers: str | None, repeats: int) -> Section:
    """A replay of 10 tokens over 2 years beside imports alone."""
    with tempfile.TemporaryDirectory() as folder:
        made = market.walks(10, 2 * market.YEAR)
        candles = Path(folder, "candles")
        market.write_candles(made, candles)
        environment = _environment(Path(folder))
        command = [*HOURHAND, "replay", str(STRATEGY), "--candles", str(candles), "--json"]
        first, filled = _first(command, environment)
        found, peak = _later(command, environment, peers, repeats)
    lines = [
        Line(
            what="replay, cache empty: columns compiled, engine interpreted",
            figure=f"{first.seconds:.1f} s",
            beside="cached replay",
            ratio=f"{first.seconds / found['replay'].median:.1f}",
        ),
        Line(what="until the engine is in the cache, in the background", figure=f"{filled:.0f} s"),
        *_imports(found),
        Line(
            what="peak memory of the replay less that of `--help`, a token-bar",
            figure=f"{peak / made.token_bars:.0f} bytes ({peak / MB:.0f} MB in all)",
        ),
    ]
    notes = () if peers else ("import vectorbt: skipped, no --peers PYTHON was given",)
    return Section(
        title="whole command, 10 tokens x 2 years of CSV.gz, every column computed",
        lines=tuple(lines),
        notes=notes,
    )


def _environment(folder: Path) -> dict[str, str]:
    """This one with folders of its own for machine code and trials."""
    return os.environ | {
        CACHE_VARIABLE: str(folder / "cache"),
        "HOURHAND_DATA_DIR": str(folder / "data"),
        "PYTHONPATH": str(ROOT),
    }


def _first(command: Sequence[str], environment: dict[str, str]) -> tuple[Ended, float]:
    """The run with an empty cache, and the seconds from its start until the engine is kept."""
    began = time.perf_counter()
    first = run(command, environment)
    while load_runner(code_folder(environment)) is None:
        if time.perf_counter() - began > WARMING_MAX:
            raise RuntimeError("the cache was not filled in the background")
        time.sleep(0.5)
    return first, time.perf_counter() - began


def _later(
    command: Sequence[str], environment: dict[str, str], peers: str | None, repeats: int
) -> tuple[dict[str, Sample], int]:
    """Seconds of the commands in turn, and the bytes that a replay needs beyond the program."""
    engine = json.loads(_document(run(command, environment).text))["engine"]
    if engine != "compiled":
        raise RuntimeError(f"the replay ran {engine}, though the cache is full")
    commands = {
        "replay": list(command),
        "--help": [*HOURHAND, "--help"],
        "import numpy, numba": [sys.executable, "-c", "import numpy, numba"],
    }
    if peers:
        commands["import vectorbt"] = [peers, "-c", "import vectorbt"]
    peaks: dict[str, list[int]] = {name: [] for name in commands}

    def job(name: str) -> float:
        ended = run(commands[name], environment)
        peaks[name].append(ended.peak)
        return ended.seconds

    jobs = {name: lambda name=name: job(name) for name in commands}
    found = in_turn(jobs, repeats)
    return found, max(peaks["replay"]) - min(peaks["--help"])


def _document(text: str) -> str:
    """The JSON of a command that also said something on standard error."""
    return text[text.index("\n{") + 1 if not text.startswith("{") else 0 :]


def _imports(found: dict[str, Sample]) -> list[Line]:
    replay = found["replay"]
    lines = [Line(what="replay, cached code, shell to summary", figure=replay.text(1, "s"))]
    for name, sample in found.items():
        if name != "replay":
            what = (
                f"the program with `{name}`" if name.startswith("--") else f"`python -c '{name}'`"
            )
            ratio = f"{over(sample, replay).median:.2f}"
            lines.append(
                Line(what=what, figure=sample.text(1, "s"), beside="cached replay", ratio=ratio)
            )
    return lines
