"""One pass over the slots of a run: the strategy, and its variations over the same inputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.app.account import Account, LedgerHash
from bot.app.stepper import Stepper, from_state, outputs, to_state
from bot.app.tally import Tally
from bot.app.variations import VARIATIONS, Variation, varied
from bot.domain.instants import HOUR
from bot.domain.records import SlotRecords
from bot.domain.values import Slot
from bot.engine import layout as at
from bot.engine.tables import Output, Rules, Runner, State
from bot.market.inputs import MarketSlice
from bot.market.instruments import Instrument

LEAST_REACH = 3 * HOUR
Progress = Callable[[int, int], None]


class SeesSlots(Protocol):
    """A market that gives the engine its inputs, piece by piece."""

    def stretches(self, slots: list[Slot]) -> list[list[Slot]]:
        """Consecutive slots in pieces."""
        ...

    def build(self, slots: list[Slot], reach: int) -> MarketSlice:
        """The inputs of one piece."""
        ...


class SeesRecords(Protocol):
    """Someone told everything that the slots of a piece wrote, quiet ones too."""

    def take(self, made: MarketSlice, records: list[SlotRecords], account: Account) -> None:
        """The records of a piece's slots, in order, and the account after the last of them."""
        ...


@dataclass(frozen=True, slots=True)
class _Both:
    first: SeesRecords
    second: SeesRecords

    def take(self, made: MarketSlice, records: list[SlotRecords], account: Account) -> None:
        self.first.take(made, records, account)
        self.second.take(made, records, account)


def both(first: SeesRecords, second: SeesRecords | None) -> SeesRecords:
    """One observer that tells two."""
    return first if second is None else _Both(first, second)


@dataclass(slots=True)
class Seconds:
    """Where the time went, by phase."""

    columns: float = 0.0
    engine: float = 0.0
    records: float = 0.0
    variations: float = 0.0

    def total(self) -> float:
        """All phases."""
        return self.columns + self.engine + self.records + self.variations


@dataclass(slots=True)
class _Account:
    """One account on its way through the slots."""

    rules: Rules
    tally: Tally
    state: State | None = None


class Sweep:
    """Steps a strategy and its variations; keeps the slots in which something happened."""

    def __init__(
        self,
        stepper: Stepper,
        runner: Runner,
        variations: Sequence[Variation] = VARIATIONS,
        ledger: LedgerHash | None = None,
        observer: SeesRecords | None = None,
    ) -> None:
        self._stepper = stepper
        self._observer = observer
        self._runner = runner
        self._base = _Account(stepper.rules, Tally())
        self._varied = {
            variation.name: _Account(varied(stepper.rules, variation), Tally())
            for variation in variations
        }
        self._hash = ledger or LedgerHash()
        self.busy: list[SlotRecords] = []
        self.seconds = Seconds()
        self.token_bars = 0
        self.impossible: dict[int, int] = {}
        self.instruments: dict[int, Instrument] = {}
        self._token_ids: list[int] = []
        self.universe: tuple[int, ...] = ()  # as the first slot resolved it

    @property
    def tally(self) -> Tally:
        """The strategy's own numbers."""
        return self._base.tally

    @property
    def account(self) -> Account:
        """The account after the slots so far."""
        if self._base.state is None:
            return self._stepper.open_account()
        return from_state(self._base.state, self._token_ids)

    @property
    def varied(self) -> dict[str, Tally]:
        """The numbers of each variation."""
        return {name: account.tally for name, account in self._varied.items()}

    @property
    def ledger_sha256(self) -> str:
        """The hash over the slots so far."""
        return self._hash.text()

    def over(self, market: SeesSlots, slots: list[Slot], progress: Progress | None) -> None:
        """Go through all slots."""
        done = 0
        for piece in market.stretches(slots):
            began = time.perf_counter()
            made = market.build(piece, self._reach(piece))
            self.seconds.columns += time.perf_counter() - began
            self._take(made)
            del made  # or two pieces would stand in memory while the next one is built
            done += len(piece)
            if progress is not None:
                progress(done, len(slots))

    def _reach(self, piece: list[Slot]) -> int:
        """How far back orders may still have to meet bars, over all accounts."""
        accounts = [self._base, *self._varied.values()]
        return max(reach_of(account.state, piece[0].slot) for account in accounts)

    def _take(self, made: MarketSlice) -> None:
        began = time.perf_counter()
        told: list[SlotRecords] = []
        for output in self._outputs(self._base, made):
            stepped = time.perf_counter()
            self.seconds.engine += stepped - began
            self._base.tally.add(output)
            for lines, slot in self._stepper.walk(output, made):
                self._hash.add(lines)
                if slot is not None:
                    self.busy.append(replace(slot, lines=""))
            if self._observer is not None:
                told.extend(self._stepper.records(output, made))
            began = time.perf_counter()
            self.seconds.records += began - stepped
        if self._observer is not None and self._base.state is not None:
            self._observer.take(made, told, from_state(self._base.state, made.token_ids))
            began = time.perf_counter()
        for account in self._varied.values():
            for output in self._outputs(account, made):
                account.tally.add(output)
        self.seconds.variations += time.perf_counter() - began
        self.token_bars += made.new_bars
        self.impossible |= made.impossible
        if not self.universe and made.universes:
            self.universe = made.universes[0][1]
        self._token_ids = made.token_ids
        self.instruments |= {unit.token_id: unit for unit in made.derived}

    def _outputs(self, account: _Account, made: MarketSlice) -> Iterator[Output]:
        if account.state is None:
            account.state = to_state(self._stepper.open_account(), made.token_ids)
        account.state.tokens[:, at.T_BAR_ROW] = 0  # a place in the arrays of another piece
        yield from outputs(made.inputs, account.rules, account.state, self._runner)


def reach_of(state: State | None, slot: int) -> int:
    """How far back the working orders of an account may have to meet bars, in ms."""
    if state is None:
        return LEAST_REACH
    waiting = (state.tokens[:, at.T_QTY] > 0) | (state.tokens[:, at.T_REST] > 0)
    oldest = state.tokens[waiting, at.T_CURSOR].min(initial=slot)
    return max(LEAST_REACH, slot - int(oldest))
