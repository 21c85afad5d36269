"""Repeated timings: in turn, so that what changes the machine's speed changes all of them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Job = Callable[[], float]  # returns its own seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """Some repeats of one figure."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.values)

    def text(self, factor: float, unit: str) -> str:
        """Median, and the least and greatest in brackets."""
        low, high = min(self.values) * factor, max(self.values) * factor
        return f"{self.median * factor:.3g} {unit} ({low:.3g} to {high:.3g})"


def over(one: Sample, other: Sample) -> Sample:
    """One figure as multiples of another, pair by pair."""
    return Sample(tuple(a / b for a, b in zip(one.values, other.values, strict=True)))


def in_turn(jobs: Mapping[str, Job], repeats: int) -> dict[str, Sample]:
    """Every job once for nothing, then all of them one after the other, `repeats` times."""
    for job in jobs.values():
        job()
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            found[name].append(job())
    return {name: Sample(tuple(values)) for name, values in found.items()}


def timed(call: Callable[[], object]) -> Job:
    """A call as a job."""

    def job() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return job


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished process: wall and processor seconds, greatest resident bytes, what it printed."""

    seconds: float
    processor: float
    peak: int
    text: str


# A process inherits the greatest resident size of whoever started it, so a small one starts it.
LAUNCHER = """
import json, os, sys, time
began = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(process, 0)
spent = used.ru_utime + used.ru_stime
code = os.waitstatus_to_exitcode(status)
found = [time.perf_counter() - began, spent, used.ru_maxrss * 1024, code]
open(sys.argv[1], "w").write(json.dumps(found))
"""


def run(
    command: Sequence[str], environment: Mapping[str, str], codes: Sequence[int] = (0,)
) -> Ended:
    """Run a command to its end; raises RuntimeError with its last words for another exit code."""
    with tempfile.NamedTemporaryFile("r") as kept:
        ended = subprocess.run(
            [sys.executable, "-I", "-S", "-c", LAUNCHER, kept.name, *command],
            env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True,
        )  # fmt: skip
        seconds, processor, peak, code = json.loads(kept.read())
    text = ended.stdout.decode(errors="replace")
    if code not in codes:
        raise RuntimeError(f"{' '.join(command)}: exit code {code}\n{text[-2000:]}")
    return Ended(seconds, processor, peak, text)
