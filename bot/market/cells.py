"""One token's row of one slot, and how it gets into the engine's arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine import layout as at
from bot.engine.types import IntArray
from bot.market.bar_series import Prices
from bot.market.local_levels import EMPTY, Book
from bot.market.signal_rows import SignalRow


@dataclass(slots=True)
class TokenSlot:
    """One token's row of one slot, before prices become points."""

    newest: tuple[int, int] | None  # open time and slot of knowledge of the newest bar
    statuses: tuple[int, int, int]
    history: int
    jumped: bool
    late: int
    in_universe: bool
    asked: int  # what the operator asks of it: the bits of C_OPERATOR
    sigma: float
    atr: float
    adv: float
    columns: tuple[float, ...]
    book: Book
    signals: list[SignalRow]


def table(rows: list[int] | list[list[int]], columns: int) -> IntArray:
    """An int64 array of rows, or of single numbers where `columns` is 0."""
    made = np.array(rows, dtype=np.int64)
    return made.reshape(-1, columns) if columns else made


class Books:
    """The flat array of levels; a book is written once for as long as it stays the same."""

    def __init__(self) -> None:
        self.prices: list[int] = []
        self.strengths: list[float] = []
        self._at: dict[tuple[int, int], tuple[int, int]] = {}
        self._kept: list[Book] = []

    def place(self, book: Book, prices: Prices) -> tuple[int, int]:
        """Start and end of a book in the flat array."""
        key = (id(book), prices.decimals)
        if key not in self._at:
            start = len(self.prices)
            self.prices.extend(prices.points(price) for price in book.prices)
            self.strengths.extend(book.strengths)
            self._at[key] = (start, len(self.prices))
            self._kept.append(book)  # keeps its id from being given to another
        return self._at[key]


def newest_row(cell: TokenSlot, where: dict[tuple[int, int], int]) -> int:
    """The row of a token's newest bar, -1 for none; `where` has that of each version of a bar."""
    return where.get(cell.newest, -1) if cell.newest is not None else -1


def fill_cell(out: IntArray, cell: TokenSlot, books: Books, prices: Prices | None) -> None:
    """Write a token's integer cells."""
    out[at.C_QUANT], out[at.C_GRADE], out[at.C_LEVELS] = cell.statuses
    if prices is not None and cell.book is not EMPTY:
        out[at.C_BOOK_START], out[at.C_BOOK_END] = books.place(cell.book, prices)
        out[at.C_BOOK_BUILT] = cell.book.built
    out[at.C_UNIVERSE] = int(cell.in_universe)
    out[at.C_HISTORY] = cell.history
    out[at.C_JUMP] = int(cell.jumped)
    out[at.C_LATE] = cell.late
    out[at.C_OPERATOR] = cell.asked
