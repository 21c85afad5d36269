"""The covariance of daily returns that a portfolio volatility target asks for (Z3, Z7)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bot.engine.layout import S_COVARIANCE
from bot.engine.tables import Inputs
from bot.engine.types import FloatArray
from bot.stats.ledoit_wolf import ledoit_wolf

RETURN_DAYS = 60
DAYS_PER_YEAR = 365.0


def covariance_of(closes: Sequence[Sequence[float] | None]) -> FloatArray:
    """Annual covariance by Ledoit and Wolf; NaN for tokens without 61 daily closes.

    `closes` holds one row per token: its last 61 daily closes, oldest first, or None.
    """
    count = len(closes)
    matrix = np.full((count, count), math.nan)
    known = [i for i, row in enumerate(closes) if row is not None]
    rows = [row for row in closes if row is not None]
    if not rows:
        return matrix
    returns = [[row[day + 1] / row[day] - 1.0 for row in rows] for day in range(RETURN_DAYS)]
    shrunk, _ = ledoit_wolf(returns)
    for a, i in enumerate(known):
        for b, j in enumerate(known):
            matrix[i, j] = shrunk[a][b] * DAYS_PER_YEAR
    return matrix


class CovarianceLog:
    """The matrices of a stretch of slots; one holds for as long as the daily closes stay."""

    def __init__(self, wanted: bool) -> None:  # noqa: FBT001  (whether there is anything to do)
        self._wanted = wanted
        self._closes: list[list[float] | None] = []
        self._matrices: list[FloatArray] = []
        self._index: list[int] = []

    def see(self, closes: list[list[float] | None]) -> None:
        """Take the closes that the tokens have in the next slot."""
        if not self._wanted:
            return
        if closes != self._closes or not self._matrices:
            self._closes = closes
            self._matrices.append(covariance_of(closes))
        self._index.append(len(self._matrices) - 1)

    def put_into(self, inputs: Inputs) -> Inputs:
        """The inputs with the matrices and each slot's choice among them."""
        if not self._wanted:
            return inputs
        inputs.slots[:, S_COVARIANCE] = self._index
        return inputs._replace(covariance=np.stack(self._matrices))
