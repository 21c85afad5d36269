"""As-of series of snapshots: the newest row that could be known at an instant (T5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[T]):
    """A row with the instants that order it: what it describes, and when it was to be had."""

    visible: int
    valid_time: int
    text: Callable[[T], str]  # canonical row text, the last tie-breaker, seldom asked for
    confirmed: int
    row: T

    def stands_over(self, other: Seen[T]) -> bool:
        """Greater wins: valid time, then instant of knowledge, then text."""
        ours, theirs = (self.valid_time, self.visible), (other.valid_time, other.visible)
        if ours != theirs:
            return ours > theirs
        return self.text(self.row) >= other.text(other.row)


class SnapshotSeries(Generic[T]):
    """Rows of one token and kind, read forwards in time."""

    def __init__(self) -> None:
        self._waiting: list[Seen[T]] = []
        self._sorted = True
        self._current: Seen[T] | None = None

    def push(self, seen: Seen[T]) -> None:
        """Add a row; it stays out of sight until its instant has come."""
        self._waiting.append(seen)
        self._sorted = False

    def advance(self, as_of: int) -> bool:
        """Let rows with visible <= as_of be seen; whether another row is joined now."""
        before = self._current
        if not self._sorted:
            self._waiting.sort(key=_newest_last)
            self._sorted = True
        while self._waiting and self._waiting[-1].visible <= as_of:
            seen = self._waiting.pop()
            if self._current is None or seen.stands_over(self._current):
                self._current = seen
        return self._current is not before

    @property
    def current(self) -> Seen[T] | None:
        """The row that the as-of join gives."""
        return self._current


def _newest_last(seen: Seen[T]) -> tuple[int, int]:
    return (-seen.visible, -seen.valid_time)
