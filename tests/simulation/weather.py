"""What goes wrong between the daemon and its provider, and at the provider, hour by hour."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from bot.domain.instants import HOUR, MINUTE
from bot.simulator import Fault, FaultKind
from tests.simulation.sim_clock import SimClock

# On the way, where no answer of the provider is to be had or a proxy gives its own.
REFUSED, TIMEOUT, RESET, EMPTY, SLOW = "refused", "timeout", "reset", "empty", "slow"
WRONG_KEY = "wrong-key"
ON_THE_WAY = (REFUSED, TIMEOUT, RESET, EMPTY, SLOW, WRONG_KEY)
RETRY_AFTER = ("", "0", "7", "45", "3600", "99999999999", "date:30", "date:-9", "soon", "1.5", "-1")
STATUSES = (500, 502, 503, 504)
OUTAGES = (REFUSED, TIMEOUT, EMPTY, FaultKind.SERVER_ERROR, FaultKind.RATE_LIMIT, FaultKind.HTML)
HARMLESS = (
    REFUSED, RESET, SLOW, FaultKind.SERVER_ERROR, FaultKind.TRUNCATED, FaultKind.BROKEN_OFF,
    FaultKind.HTML, FaultKind.DUPLICATED, FaultKind.SHUFFLED,
)  # fmt: skip
NOISE = (*HARMLESS, FaultKind.RATE_LIMIT, FaultKind.WRONG_TYPES, FaultKind.CONTRADICTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """From `start` to `end` (true ms) a share of the requests meets a fault of one of the kinds.

    With `path` only those whose address, its question included, holds that.
    """

    start: int
    end: int
    share: float
    kinds: tuple[str, ...]
    path: str = ""

    @property
    def is_heavy(self) -> bool:
        """Whether it may keep a poll from coming to anything."""
        return self.share > 0.3


class Weather:
    """One draw a request: a seed gives one weather; the simulator asks it for its faults."""

    def __init__(self, spells: tuple[Spell, ...], clock: SimClock, chance: Random) -> None:
        self.injected: Counter[str] = Counter()
        self._spells = spells
        self._clock = clock
        self._chance = chance
        self._now = ""

    def next_request(self, address: str) -> str:
        """The kind of fault of the next request, or nothing."""
        self._now = self._drawn(address)
        if self._now:
            self.injected[self._now] += 1
        return self._now

    def fault_for(self, endpoint: str, number: int, number_there: int) -> Fault | None:
        """The fault of the request in hand, as the simulator's plan would give it."""
        del endpoint, number, number_there
        if not self._now or self._now in ON_THE_WAY:
            return None
        return Fault(
            kind=FaultKind(self._now),
            status=self._chance.choice(STATUSES),
            retry_after=self._chance.choice(RETRY_AFTER),
        )

    def _drawn(self, address: str) -> str:
        for spell in self._spells:
            here = spell.start <= self._clock.true < spell.end and spell.path in address
            if here and self._chance.random() < spell.share:
                return self._chance.choice(spell.kinds)
        return ""


def draw_spells(rng: Random, start: int, hours: int) -> tuple[Spell, ...]:
    """An outage or two of hours, rarely of days, and some noise all the time."""
    end = start + hours * HOUR
    found = []
    for _ in range(rng.choice((0, 1, 1, 2))):
        begin = start + rng.randrange(hours * 60) * MINUTE
        length = rng.choice((20, 90, 300, 600, 1800)) * MINUTE
        kinds = (str(rng.choice(OUTAGES)),)
        found.append(
            Spell(start=begin, end=begin + length, share=rng.choice((0.6, 1)), kinds=kinds)
        )
    if rng.random() < 0.1:
        begin = start + rng.randrange(hours) * HOUR
        found.append(Spell(start=begin, end=begin + 2 * HOUR, share=1, kinds=(WRONG_KEY,)))
    share = rng.choice((0.01, 0.04, 0.12))
    found.append(Spell(start=start, end=end, share=share, kinds=tuple(map(str, NOISE))))
    return tuple(found)


def draw_deaf_endpoint(rng: Random, start: int, hours: int) -> tuple[Spell, ...]:
    """Rarely one endpoint alone is away, for so long that what it last said grows old."""
    if rng.random() < 0.75:
        return ()
    path, length = rng.choice((("hourly-trading-signals", 9), ("resistance-support", 60)))
    begin = start + rng.randrange(max(1, hours // 3)) * HOUR
    kinds = (str(FaultKind.SERVER_ERROR),)
    return (Spell(start=begin, end=begin + length * HOUR, share=1, kinds=kinds, path=path),)


def draw_half_sets(rng: Random, token_id: int, start: int, hours: int) -> tuple[Spell, ...]:
    """Where tokens are asked for one by one: for some hours all that is asked of one fails."""
    found = []
    for _ in range(rng.choice((1, 2))):
        begin = start + rng.randrange(hours * 60) * MINUTE
        length = rng.choice((70, 130, 250)) * MINUTE
        kinds = (str(rng.choice((REFUSED, FaultKind.SERVER_ERROR))),)
        spell = Spell(
            start=begin, end=begin + length, share=1, kinds=kinds, path=f"token_id={token_id}&"
        )
        found.append(spell)
    return tuple(found)


def draw_noise(rng: Random, start: int, hours: int) -> tuple[Spell, ...]:
    """What a second try mends, all the time."""
    share = rng.choice((0.02, 0.1, 0.2))
    kinds = tuple(map(str, HARMLESS))
    return (Spell(start=start, end=start + hours * HOUR, share=share, kinds=kinds),)
