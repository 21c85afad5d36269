"""What a run of many seeds did and met, as a table for people and for the test that reviews it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.seeds import SeedResult

_WIDTH = 34


@dataclass(slots=True)
class Sum:
    """Everything that the seeds came to, added up."""

    seeds: int = 0
    slots: int = 0
    compared: int = 0
    lives: int = 0
    requests: int = 0
    seconds: float = 0.0
    injected: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)

    def add(self, result: SeedResult) -> None:
        """Count one seed."""
        self.seeds += 1
        self.slots += result.slots
        self.compared += result.compared
        self.lives += result.lives
        self.requests += result.requests
        self.seconds += result.seconds
        self.injected += result.injected
        self.reached += result.reached

    def lines(self) -> list[str]:
        """The table."""
        a_slot = 1000 * self.seconds / max(1, self.slots)
        head = [
            f"{self.seeds} seeds, {self.slots} slots, {self.lives} lives, {self.requests} requests",
            f"{self.compared} slots knew what the run without faults knew, and wrote the same",
            f"{self.seconds:.0f} s of processor time, {a_slot:.1f} ms a slot, audit included",
        ]
        return head + _columns("injected", self.injected) + _columns("reached", self.reached)


def _columns(title: str, counts: Counter[str]) -> list[str]:
    cells = [f"{name} {count}".ljust(_WIDTH) for name, count in sorted(counts.items())]
    rows = [f"  {''.join(cells[at : at + 3]).rstrip()}" for at in range(0, len(cells), 3)]
    return [f"{title}:", *rows]
