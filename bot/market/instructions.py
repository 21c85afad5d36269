"""What the operator asked for, as each slot's inputs: pauses, closes and acknowledgements."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from bot.domain.values import Command, Slot
from bot.engine import layout as at
from bot.engine.types import IntArray

_BITS = {
    "CLOSE": at.ASKED_CLOSE,
    "WRITE_OFF": at.ASKED_CLOSE | at.ASKED_WRITE_OFF,
    "ACK": at.ASKED_ACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What holds in one slot."""

    paused: bool = False
    acknowledged: bool = False  # a drawdown halt
    tokens: dict[int, int] = field(default_factory=dict)  # token id -> bits of C_OPERATOR


class Instructions:
    """The commands that concern one strategy, told slot by slot, forwards in time.

    A command counts in the first slot frozen at or after its instant. A pause holds until whoever
    sent it lifts it: the operator's `resume` leaves that of an unread conflict alone.
    """

    def __init__(self, strategy: str) -> None:
        self._strategy = strategy
        self._waiting: list[Command] = []
        self._holds: set[str] = set()

    def push(self, commands: Iterable[Command]) -> None:
        """Add commands, also some that lie in the future."""
        for command in commands:
            if command.strategy in ("", self._strategy):
                insort(self._waiting, command, key=attrgetter("at"))

    def at(self, as_of: int) -> Asked:
        """What a slot frozen at `as_of` is the first to know, and whether it is paused."""
        acknowledged = False
        tokens: dict[int, int] = {}
        while self._waiting and self._waiting[0].at <= as_of:
            command = self._waiting.pop(0)
            if command.kind == "PAUSE":
                self._holds.add(command.source)
            elif command.kind == "RESUME":
                self._holds.discard(command.source)
            elif command.token_id is None:
                acknowledged = acknowledged or command.kind == "ACK"
            else:
                bits = tokens.get(command.token_id, 0) | _BITS[command.kind]
                tokens[command.token_id] = bits
        return Asked(paused=bool(self._holds), acknowledged=acknowledged, tokens=tokens)


def slot_rows(slots: Sequence[Slot], asked: Sequence[Asked]) -> IntArray:
    """The engine's rows of these slots; (slots, SLOT_COLS)."""
    rows = np.zeros((len(slots), at.SLOT_COLS), dtype=np.int64)
    for row, slot, one in zip(rows, slots, asked, strict=True):
        row[at.S_SLOT] = slot.slot
        row[at.S_MISSED] = int(slot.missed)
        row[at.S_PAUSED] = int(one.paused)
        row[at.S_ACKNOWLEDGED] = int(one.acknowledged)
    return rows
