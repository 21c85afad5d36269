"""Which file of a strategy is in use, by what was put into its folder and not by the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class FileUse:
    """A strategy's file against the one under which its open positions and entries were made.

    `rest` are the lots that entries at work still want, by order; `life` is the first process that
    found the file so.
    """

    file: frozenset[str] | None
    runs: frozenset[str] | None
    life: int = 0
    rest: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: str) -> FileUse:
        """A file that is in use from the start."""
        return cls(_settings(lines), _settings(lines))

    def edited(self, lines: str | None, life: int) -> None:
        """The file says something else, or is gone."""
        self.life = life
        self.file = None if lines is None else _settings(lines)

    def holds_entries(self, held: dict[int, int], life: int) -> bool:
        """Whether a slot that begins so may only manage what is open: then no entries.

        A slot that was frozen in an earlier life is decided on what was so then.
        """
        if not any(held.values()) and not self.rest and self.file is not None:
            self.runs = self.file
        return self.file != self.runs and life >= self.life

    def ordered(self, order_id: str, lots: int) -> None:
        """An entry is at work."""
        self.rest[order_id] = lots

    def bought(self, order_id: str, lots: int) -> None:
        """Some of it is filled."""
        self.rest[order_id] = self.rest.get(order_id, 0) - lots
        if self.rest[order_id] <= 0:
            del self.rest[order_id]

    def changed(self, order_id: str, kind: str, lots: int) -> None:
        """It was cut to so many lots, or is over."""
        if kind == "CANCEL":
            self.rest.pop(order_id, None)
        elif kind == "RESIZE" and order_id in self.rest:
            self.rest[order_id] = lots


def _settings(lines: str) -> frozenset[str]:
    """What positions are opened with: alerts are no part of it."""
    return frozenset(lines.partition("\n[[alert]]")[0].splitlines())
