"""Signal texts as trend values, and the set of rows that one slot sees for the first time (T7)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.values import Signal
from bot.engine.layout import UNREADABLE
from bot.market.availability import Lags, signal_open, signal_visible

_VALUES = {
    "bullish": 1, "1": 1, "long": 1,
    "bearish": -1, "-1": -1, "short": -1,
    "neutral": 0, "0": 0, "no signal": 0,
}  # fmt: skip
# Revisions reach back a little; older repeats of a row would need a poll that re-sends weeks.
REMEMBERED = 1000


def trend_value(text: str) -> int:
    """-1, 0 or 1 for a known text, UNREADABLE for any other.

    >>> trend_value(" Bullish "), trend_value("-1"), trend_value("maybe") == UNREADABLE
    (1, -1, True)
    """
    return _VALUES.get(" ".join(text.lower().split()), UNREADABLE)


@dataclass(frozen=True, slots=True, order=True)
class SignalRow:
    """One row of a slot's set, in the order in which the fold takes them."""

    valid_time: int  # start of the period
    visible: int
    text: str
    ambiguous: bool = False

    @property
    def value(self) -> int:
        """What the fold reads."""
        return trend_value(self.text)


class SignalSeries:
    """The signal rows of one token, handed out slot by slot."""

    def __init__(self, lags: Lags) -> None:
        self._lags = lags
        self._waiting: list[SignalRow] = []
        self._sorted = True
        self._latest: dict[int, str] = {}

    def push(self, signal: Signal) -> None:
        """Add a row; it waits until its instant has come."""
        row = SignalRow(
            signal_open(signal, self._lags), signal_visible(signal, self._lags), signal.signal
        )
        self._waiting.append(row)
        self._sorted = False

    def advance(self, as_of: int) -> list[SignalRow]:
        """Rows that become visible at as_of, by (valid time, visible, text), repeats left out."""
        rows = []
        if not self._sorted:
            self._waiting.sort(key=_latest_first)
            self._sorted = True
        while self._waiting and self._waiting[-1].visible <= as_of:
            rows.append(self._waiting.pop())
        fresh: list[SignalRow] = []
        before: SignalRow | None = None
        for row in sorted(rows):
            if self._latest.get(row.valid_time) != row.text:
                self._latest[row.valid_time] = row.text
                fresh.append(_flagged(row, before))
            before = row
        if len(self._latest) > REMEMBERED:
            for valid_time in sorted(self._latest)[:-REMEMBERED]:
                del self._latest[valid_time]
        return fresh


def _flagged(row: SignalRow, before: SignalRow | None) -> SignalRow:
    if before is None or before.valid_time != row.valid_time or before.visible != row.visible:
        return row
    return SignalRow(row.valid_time, row.visible, row.text, ambiguous=before.value != row.value)


def _latest_first(row: SignalRow) -> tuple[int, int, str]:
    return (-row.visible, -row.valid_time, row.text)
