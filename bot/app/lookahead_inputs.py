"""What the engine reads in every slot, as numbers that two runs can be compared by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bot.app.sweep import SeesSlots
from bot.domain.decimals import scaled
from bot.domain.instants import format_instant
from bot.domain.values import Slot
from bot.engine import layout as at
from bot.engine.tables import Inputs
from bot.engine.types import FloatArray, IntArray
from bot.market.bar_series import PRICE_DECIMALS_MAX
from bot.market.inputs import MarketSlice

Marks: TypeAlias = npt.NDArray[np.uint64]
ATR_TOLERANCE = 1e-12  # in points its last digit hangs on how many decimals points have
_POINTERS = (at.C_BOOK_START, at.C_BOOK_END)
_PLAIN = [c for c in range(at.CELL_COLS) if c not in _POINTERS]
_PRICES = slice(at.B_OPEN, at.B_CLOSE + 1)
_VALUES, _BARS, _SIGNALS, _PRICE, _STRENGTH = 100, 300, 400, 500, 501  # salts, by kind of number
_STATUS = {at.UNKNOWN: "unknown", at.FRESH: "fresh", at.STALE: "stale"}


def mixed(numbers: npt.NDArray[Any], salt: int) -> Marks:
    """A number of 64 bits for each, such that sums of unlike ones are unlike; any NaN is one."""
    if numbers.dtype == np.float64:
        numbers = np.where(np.isnan(numbers), math.nan, numbers)
    x: Marks = np.ascontiguousarray(numbers).view(np.uint64) + np.uint64(
        (salt + 1) * 0x9E3779B97F4A7C15 % 2**64
    )
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What a run's slots read, by slot and token; the covariance matrix apart.

    marks: one number for everything but the ATR. atr: in quote units. rounded: tokens whose prices
    had more digits than fit, so that how they are read hangs on the highest of them.
    """

    token_ids: list[int]
    marks: Marks
    atr: FloatArray
    rounded: frozenset[int]

    def first_change(self, other: Seen) -> tuple[int, int] | None:
        """Number of the first slot, and the token, that reads something else in `other`.

        `other` has this run's first slots, and those of its tokens that were known by then.
        """
        count = len(other.marks)
        places = [self.token_ids.index(token_id) for token_id in other.token_ids]
        marks = np.full((count, len(self.token_ids)), _nothing(), dtype=np.uint64)
        atr = np.full(marks.shape, math.nan)
        marks[:, places], atr[:, places] = other.marks, other.atr
        changed = marks != self.marks[:count]
        changed |= ~np.isclose(
            atr, self.atr[:count], rtol=ATR_TOLERANCE, atol=0.0, equal_nan=True
        )  # fmt: skip
        skipped = self.rounded | other.rounded
        changed[:, [i for i, token in enumerate(self.token_ids) if token in skipped]] = False
        found = np.argwhere(changed)
        if len(found) == 0:
            return None
        return int(found[0, 0]), self.token_ids[int(found[0, 1])]


def _nothing() -> np.uint64:
    """The mark of a token of which nothing is known."""
    cells = np.zeros((1, 1, at.CELL_COLS), dtype=np.int64)
    cells[:, :, at.C_HISTORY] = -1
    return np.uint64(_plain_marks(cells)[0, 0])


def _plain_marks(cells: IntArray) -> Marks:
    total = np.zeros(cells.shape[:2], dtype=np.uint64)
    for column in _PLAIN:
        total += mixed(cells[:, :, column], column)
    return total


class Witness:
    """A market that notes what it gives."""

    def __init__(self, market: SeesSlots) -> None:
        self._market = market
        self._parts: list[Seen] = []

    def stretches(self, slots: list[Slot]) -> list[list[Slot]]:
        """As the market's."""
        return self._market.stretches(slots)

    def build(self, slots: list[Slot], reach: int) -> MarketSlice:
        """As the market's."""
        made = self._market.build(slots, reach)
        self._parts.append(_seen(made))
        return made

    def seen(self) -> Seen:
        """What was given so far."""
        return Seen(
            token_ids=self._parts[0].token_ids,
            marks=np.concatenate([part.marks for part in self._parts]),
            atr=np.concatenate([part.atr for part in self._parts]),
            rounded=frozenset().union(*(part.rounded for part in self._parts)),
        )


def _seen(made: MarketSlice) -> Seen:
    inputs = made.inputs
    decimals = [prices.decimals for prices in made.prices]
    marks = _plain_marks(inputs.cells)
    for column in range(inputs.values.shape[2]):
        if column != at.X_ATR:  # NaN counts as nothing
            values = inputs.values[:, :, column]
            marks += np.where(np.isnan(values), np.uint64(0), mixed(values, _VALUES + column))
    marks += _bar_marks(inputs, decimals)
    for token, points in enumerate(decimals):
        marks[:, token] += _book_marks(inputs, token, points)
    slots = np.repeat(np.arange(len(inputs.slots)), np.diff(inputs.sig_start))
    rows = sum(
        (mixed(inputs.signals[:, c], _SIGNALS + c) for c in range(1, at.SIGNAL_COLS)),
        np.zeros(len(slots), dtype=np.uint64),
    )
    np.add.at(marks, (slots, inputs.signals[:, at.G_TOKEN]), mixed(rows, _SIGNALS))
    return Seen(
        token_ids=made.token_ids,
        marks=marks,
        atr=inputs.values[:, :, at.X_ATR] / 10.0 ** np.array(decimals, dtype=np.float64),
        rounded=frozenset(
            token_id
            for token_id, prices in zip(made.token_ids, made.prices, strict=True)
            if prices.rounded
        ),
    )


def _bar_marks(inputs: Inputs, decimals: list[int]) -> Marks:
    """The newest bar known; prices at one scale, wrapped where that is beyond 64 bits."""
    rows = inputs.newest
    total = np.zeros(rows.shape, dtype=np.uint64)
    if len(inputs.bars) == 0:
        return total
    scale = 10 ** (PRICE_DECIMALS_MAX - np.array(decimals, dtype=np.int64))
    for column in range(at.BAR_COLS):
        numbers = inputs.bars[:, column][rows]
        if column in range(*_PRICES.indices(at.BAR_COLS)):
            numbers = numbers * scale
        total += mixed(numbers, _BARS + column)
    return np.where(rows >= 0, total, np.uint64(0))


def _book_marks(inputs: Inputs, token: int, decimals: int) -> Marks:
    """The level book of a token at every slot."""
    starts = inputs.cells[:, token, at.C_BOOK_START]
    ends = inputs.cells[:, token, at.C_BOOK_END]
    booked = ends > starts
    if not booked.any():
        return np.zeros(len(starts), dtype=np.uint64)
    low, high = int(starts[booked].min()), int(ends[booked].max())
    prices = inputs.prices[low:high] * 10 ** (PRICE_DECIMALS_MAX - decimals)
    levels = mixed(mixed(prices, _PRICE) + mixed(inputs.strengths[low:high], _STRENGTH), _PRICE)
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(levels, dtype=np.uint64)])
    found: Marks = np.zeros(len(starts), dtype=np.uint64)
    found[booked] = sums[ends[booked] - low] - sums[starts[booked] - low]
    return found


class Look:
    """A market of which what one token reads in one slot is written down."""

    def __init__(self, market: SeesSlots, slot: int, token_id: int, columns: Sequence[str]) -> None:
        self._market = market
        self._slot = slot
        self._token_id = token_id
        self._columns = columns
        self.found: dict[str, str] = {}

    def stretches(self, slots: list[Slot]) -> list[list[Slot]]:
        """As the market's."""
        return self._market.stretches(slots)

    def build(self, slots: list[Slot], reach: int) -> MarketSlice:
        """As the market's."""
        made = self._market.build(slots, reach)
        places = [i for i, slot in enumerate(slots) if slot.slot == self._slot]
        if places and self._token_id in made.token_ids:
            token = made.token_ids.index(self._token_id)
            self.found = _described(made, places[0], token, self._columns)
        return made


def _described(made: MarketSlice, s: int, token: int, columns: Sequence[str]) -> dict[str, str]:
    """What a token reads in a slot, by name."""
    inputs = made.inputs
    cells, values = inputs.cells[s, token], inputs.values[s, token]
    decimals = made.prices[token].decimals
    names = ("sigma", "atr", "adv", *columns)
    numbers = values.tolist()
    numbers[at.X_ATR] /= 10.0**decimals
    found = {name: f"{number:.12g}" for name, number in zip(names, numbers, strict=True)}
    for name, column in (("metrics", at.C_QUANT), ("grade", at.C_GRADE), ("levels", at.C_LEVELS)):
        found[name] = _STATUS[int(cells[column])]
    first, stop = (int(cells[c]) for c in (at.C_BOOK_START, at.C_BOOK_END))
    levels = zip(inputs.prices[first:stop].tolist(), inputs.strengths[first:stop].tolist(),
                 strict=True)  # fmt: skip
    found["level book"] = ", ".join(f"{scaled(p, decimals)} ({w:.6g})" for p, w in levels) or "none"
    for name, column in (
        ("in the universe", at.C_UNIVERSE), ("history, ms", at.C_HISTORY), ("jump", at.C_JUMP),
        ("late bar", at.C_LATE), ("level book's instant", at.C_BOOK_BUILT),
    ):  # fmt: skip
        found[name] = str(int(cells[column]))
    found["signals"] = _signals(inputs, s, token)
    newest = inputs.newest[s, token]
    if newest >= 0:
        bar = inputs.bars[newest].tolist()
        found["bar"] = format_instant(bar[at.B_OPEN_TIME])
        found["prices"] = " ".join(scaled(price, decimals) for price in bar[_PRICES])
        found["volume"] = str(bar[at.B_VOLUME])
        found["bar known since"] = str(bar[at.B_KNOWN])
    return found


def _signals(inputs: Inputs, s: int, token: int) -> str:
    rows = inputs.signals[inputs.sig_start[s] : inputs.sig_start[s + 1]]
    own = rows[rows[:, at.G_TOKEN] == token]
    return ", ".join(f"{format_instant(row[at.G_VALID])} {row[at.G_VALUE]}"
                     for row in own.tolist()) or "none"  # fmt: skip
