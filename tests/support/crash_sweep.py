"""Sweeps over points of one command: which there are, which are taken, how a fault is asked for.

By default a sweep takes a seeded choice of its points, so that a test run stays short; with
`--all-kill-points` (or CRASH_SWEEP=full in the environment) it takes every one. CRASH_SEED chooses
others.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.support.crash_lab import Lab, Prepared, said

SEED = int(os.environ.get("CRASH_SEED", "1"))
MAIN = "MainThread"


def is_full() -> bool:
    """Whether every point is asked for.

    Asked when a sweep begins: pytest loads this module, through tests/crash/conftest.py, before
    it knows its options where a file of that folder is named on the command line.
    """
    return os.environ.get("CRASH_SWEEP") == "full"


def chosen(points: Sequence[int], most: int, always: Iterable[int] = ()) -> list[int]:
    """All points in a full sweep; else those that are never left out, and at most so many more."""
    if is_full():
        return list(points)
    kept = sorted(set(always) & set(points))
    rest = [point for point in points if point not in set(kept)]
    return sorted([*kept, *random.Random(SEED).sample(rest, min(most, len(rest)))])


def at_point(
    number: int,
    effect: str = "SIGKILL",
    *,
    kind: str = "statement",
    thread: str = MAIN,
    listing: Path | None = None,
) -> dict[str, Any]:
    """What happens at a statement (before it) or commit (after it); number 0 only counts."""
    where = str(listing) if listing else None
    return {"at": number, "effect": effect, "kind": kind, "thread": thread, "list": where}


def at_call(name: str, effect: str, trace: Path) -> dict[str, Any]:
    """An effect such as `signal=SIGKILL:when=3` or `error=EIO:when=3` at a system call."""
    return {"names": name, "inject": f"{name}:{effect}" if effect else "", "trace": str(trace)}


def points_of(lab: Lab, home: Path, *argv: object, **wanted: str) -> list[str]:
    """The statements (or commits) of a command on a home, in order, when nobody strikes."""
    listing = home / "points.txt"
    ended = lab.run(home, *argv, points=at_point(0, listing=listing, **wanted))
    assert ended.exit == 0, f"{ended}\n{said(home)}"
    found = listing.read_text().splitlines()
    assert len(found) == ended.points
    return found


def calls_of(lab: Lab, home: Path, name: str, *argv: object) -> list[str]:
    """The system calls of one name (several, with commas) that a command makes, in order."""
    trace = home / "calls.txt"
    ended = lab.run(home, *argv, calls=at_call(name, "", trace))
    assert ended.exit == 0, ended
    wanted = [f" {one}(" for one in name.split(",")]
    return [line for line in trace.read_text().splitlines() if any(call in line for call in wanted)]


def counts_of(
    prepared: Prepared, name: str, calls: Iterable[str], home: Path, *argv: object
) -> dict[str, int]:
    """How many system calls of each kind a command makes; found out once for each `name`."""
    if name not in prepared.counts:
        wanted = list(calls)
        made = calls_of(prepared.labs[0], home, ",".join(wanted), *argv)
        prepared.counts[name] = {
            call: sum(f" {call}(" in line for line in made) for call in wanted
        }  # fmt: skip
    return prepared.counts[name]


def was_struck(trace: Path) -> bool:
    """Whether the injection was reached."""
    return "INJECTED" in trace.read_text() or "killed by SIGKILL" in trace.read_text()
