"""What prices did at a level: approach, touch, and whether it held or broke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

APPROACH = 0.005
TOUCH = 0.0005
HELD = 0.01
BROKEN = 0.002
TIMEOUT_BARS = 24
Result = Literal["HOLD", "BREAK", "TIMEOUT", "TURNED", "OPEN"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Rows of one token in order of time."""

    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]

    def __len__(self) -> int:
        return len(self.close)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One approach to a level; rows of the bars in which things happened.

    TURNED: it went away by more than 1 % untouched. TIMEOUT: nothing came of it in 24 bars after
    the approach, or after the touch. OPEN: the bars end first.
    """

    side: Literal["support", "resistance"]
    approach: int
    touch: int | None
    end: int
    result: Result


def is_far(close: float, level: float) -> bool:
    """Whether a close is farther than 1 % from the level, which arms it again."""
    return abs(close - level) > HELD * level


def first_episode(
    level: float, tick: float, bars: Bars, start: int, stop: int
) -> Episode | None:  # fmt: skip
    """The first episode that begins in rows [start, stop) with the level armed.

    ARMED -> APPROACH (the range comes within 0.5 %) -> TOUCH (within 0.05 % or one tick) -> HOLD
    (close back by 1 %), BREAK (close beyond by 0.2 %) or TIMEOUT. A level below the close before
    a bar is support in it, one at or above it resistance. An episode that has begun is followed
    beyond `stop`, to the end of the bars.

    Parameters
    ----------
    level, tick : prices.
    bars : of the token.
    start, stop : where an episode may begin; `start` at least 1, as the close before decides the
        side.

    Returns
    -------
    None where no bar comes near.

    Examples
    --------
    >>> bars = Bars(high=[101.5, 101, 100.8, 101.2], low=[100.9, 100.4, 100.03, 100.2],
    ...             close=[101, 100.6, 100.4, 101.05])
    >>> found = first_episode(100.0, 0.01, bars, 1, 4)
    >>> found.side, found.approach, found.touch, found.end, found.result
    ('support', 1, 2, 3, 'HOLD')
    """
    for row in range(start, stop):
        below = level < bars.close[row - 1]
        near = (
            bars.low[row] <= level * (1.0 + APPROACH)
            if below
            else bars.high[row] >= level * (1.0 - APPROACH)
        )
        if near:
            return _episode(level, tick, bars, row, 1 if below else -1)
    return None


def _episode(level: float, tick: float, bars: Bars, approach: int, side: int) -> Episode:
    touch: int | None = None
    since = approach
    result: Result = "OPEN"
    row = approach
    reach = max(TOUCH * level, tick)
    for row in range(approach, len(bars)):
        edge = bars.low[row] - level if side > 0 else level - bars.high[row]
        if touch is None and edge <= reach * (1.0 + 1e-12):
            touch = since = row
        found = _verdict(level, bars.close[row], side, touched=touch is not None)
        if found is not None or row - since >= TIMEOUT_BARS:
            result = found or "TIMEOUT"
            break
    name: Literal["support", "resistance"] = "support" if side > 0 else "resistance"
    return Episode(side=name, approach=approach, touch=touch, end=row, result=result)


def _verdict(level: float, close: float, side: int, *, touched: bool) -> Result | None:
    away = (close - level) * side / level
    if touched:
        if away >= HELD * (1.0 - 1e-12):
            return "HOLD"
        return "BREAK" if away < -BROKEN else None
    return "TURNED" if away > HELD else None
