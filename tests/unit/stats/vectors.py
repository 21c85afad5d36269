"""Data of the vectors for replay statistics (PV1, PV7 to PV9, PV10)."""

from __future__ import annotations

import numpy as np

from bot.stats.samples import Floats

R12 = [0.012, -0.008, 0.005, 0.021, -0.015, -0.007, 0.009, 0.0, 0.014, -0.022, 0.018, 0.006]
R_MULTIPLES = [1.8, -1.0, -1.1, 0.9, 2.4, -1.0]


def equity_of(returns: list[float] | Floats) -> Floats:
    """Points that begin with a cash of 1 and earn these returns."""
    points: Floats = np.cumprod(np.concatenate([[1.0], 1.0 + np.asarray(returns)]))
    return points


def lcg(seed: int, count: int) -> Floats:
    """Draws in [-.5, .5) of a linear congruential generator that any language can repeat."""
    draws, x = [], seed
    for _ in range(count):
        x = (1664525 * x + 1013904223) % 2**32
        draws.append(x / 2**32 - 0.5)
    return np.array(draws)


def autoregressive() -> Floats:
    """The series of PV7: y_t = .5 y_(t-1) + u_t."""
    series = [0.0]
    for u in lcg(12345, 400):
        series.append(0.5 * series[-1] + float(u))
    return np.array(series[1:])


def trials(column_term: float) -> Floats:
    """240 days of 8 configurations; column j earns j x `column_term` a day more (PV8, PV9)."""
    table: Floats = lcg(777, 240 * 8).reshape(240, 8) * 0.02 + np.arange(8) * column_term
    return table
