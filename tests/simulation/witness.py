"""What the world itself saw: answers on the way and the instants at which slots were frozen.

Nothing of it comes from the daemon's own records, so that a slot can be held against it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.simulator import FaultKind
from tests.simulation import weather as kinds

FIRST, SECOND = "token_id=9001&", "token_id=9002&"  # where tokens are asked for one by one
SIGNALS = "hourly-trading-signals"
_FAILED = (kinds.REFUSED, kinds.TIMEOUT, kinds.RESET, FaultKind.SERVER_ERROR, FaultKind.RATE_LIMIT)
# The backfill asks for candles too, and half of what it asks for is no half of a slot's rows.
_OF_BACKFILL = "hourly-ohlcv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A slot's freeze: the machine's clock then, and what the slot's rows had suffered.

    `torn` are endpoints of which the first token's rows came and the second's did not; `answered`
    is the last whole answer with signals in this poll, 0 without one; `well`: nothing had failed
    so far, not one request; `life`: the process, counted from 0, that did it.
    """

    now: int
    torn: tuple[str, ...]
    answered: int
    well: bool
    life: int


@dataclass(slots=True)
class _Set:
    """One endpoint: whether half a set is there, and whether a freeze came upon that."""

    has_first: bool = False
    is_torn: bool = False
    is_settled: bool = False


@dataclass(slots=True)
class Witness:
    """Told by the wire, the statements and the process; asked by the checker."""

    freezes: dict[int, Freeze] = field(default_factory=dict)
    life: int = 0
    _sets: dict[str, _Set] = field(default_factory=dict)
    _answered: int = 0
    _troubles: int = 0

    def answered(self, address: str, status: int, trouble: str, now: int) -> None:
        """A request came to its end."""
        is_good = status == 200 and not trouble
        self._troubles += not is_good
        path = address.partition("?")[0]
        if is_good and SIGNALS in path:
            self._answered = now
        if _OF_BACKFILL in path:
            return
        one = self._sets.setdefault(path, _Set())
        if FIRST in address:
            one.has_first = one.has_first or is_good
        elif SECOND in address and trouble in _FAILED:
            one.is_torn = one.is_torn or one.has_first
        else:
            self._sets[path] = _Set()

    def frozen(self, slot: int, now: int) -> None:
        """A slot is being frozen; one that is told again was not, before."""
        torn = tuple(sorted(path for path, one in self._sets.items() if one.is_torn))
        for one in self._sets.values():
            one.is_settled = one.is_torn
        self.freezes[slot] = Freeze(
            now=now,
            torn=torn,
            answered=self._answered,
            well=not self._troubles,
            life=self.life,
        )
        self._answered = 0

    def died(self) -> None:
        """The process is no more."""
        self.life += 1
        self.interrupted()

    def interrupted(self) -> None:
        """The poll in hand ended by more than itself: a wake broke off, or the clock was set."""
        self._answered = 0
        self._sets = {path: one for path, one in self._sets.items() if one.is_settled}
